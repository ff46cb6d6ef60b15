/** Network: a bridge with DHCP, DNS and NAT. */
import * as z from "zod";
import { type Config, NetworkName } from "../../../sdk/api/common";
import { lxdComputedNetworkKeys, lxdNetworkTypes } from "../../../sdk/api/config/lxd-words";
import { networkConfig, networkKeys, rangeReasons } from "../../../sdk/api/config/network";
import { computedKeys } from "../../../sdk/api/config/table";
import { networkKind } from "../../../sdk/api/network";
import { knownConfig, propertyPath } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, configInput, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { isMap, type Props, unknownValue } from "../engine/values";
import { namedCore } from "./named";
import { makeRoom } from "./network-room";

export const NetworkInputs = z.strictObject({
  name: NetworkName.meta(
    replacing(
      "Name of the network and of its bridge, at most 15 characters; made from the resource's name when absent.",
    ),
  ),
  description,
  config: configInput(networkKeys),
  type: wordOf(["bridge"], lxdNetworkTypes).default("bridge").meta(replacing("Type of the network: `bridge`.")),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkInputs>;

/** The server gives a subnet, NAT and more to a network that does not ask for them. */
const filledIn = [...computedKeys(networkKeys), ...lxdComputedNetworkKeys];

function rangeFailures(config: unknown): CheckFailure[] {
  const set = networkConfig(knownConfig(config));
  const [address, ranges] = [set.get("ipv4.address"), set.text("ipv4.dhcp.ranges") ?? ""];
  const property = propertyPath(["config", "ipv4.dhcp.ranges"]);
  return rangeReasons(address, ranges).map((reason) => ({ property, reason: `holds a wrong range: ${reason}` }));
}

/** Address of the bridge with its prefix length. */
function cidrOf(config: Config): string | undefined {
  const address = networkConfig(config).get("ipv4.address");
  return address.includes("/") ? address : undefined;
}

const addressIn = ({ config }: Props): string =>
  networkConfig(isMap(config) ? (config as Config) : {}).text("ipv4.address") ?? "";

/** The address that a network will have: the program's, the one that it has, or none; the server chooses others. */
function plannedAddress(news: Props, olds: Props | undefined): unknown {
  const is = addressIn(news);
  if (news.config === unknownValue || is === unknownValue) return unknownValue;
  if (is === "none") return undefined;
  return (
    cidrOf(news.config as Config) ?? (olds !== undefined && is === addressIn(olds) ? olds.ipv4Address : unknownValue)
  );
}

export const network = namedCore<Inputs, typeof networkKind>({
  definition: networkKind,
  type: "Network",
  description: "A bridge with DHCP, DNS and NAT, for containers.",
  inputs: NetworkInputs,
  outputs: z.object({
    ipv4Address: z.string().optional().meta({
      description: "Address of the bridge with its prefix length, such as `10.1.2.1/24`; absent without IPv4.",
    }),
    status: z.string().meta({ description: "What the server says of the network, such as `Created`." }),
  }),
  nameMaxLength: 15,
  computed: () => filledIn,
  fixed: ["type"],
  rules: ({ config }) => rangeFailures(config),
  outs: ({ status, config }) => ({ status, ipv4Address: cidrOf(config) }),
  planned: (news, olds) => ({ ipv4Address: plannedAddress(news, olds) }),
  makeRoom: (context, { config }, old) => makeRoom(context, networkConfig(config).get("ipv4.address"), old),
  isForeign: ({ managed }) => !managed,
});
