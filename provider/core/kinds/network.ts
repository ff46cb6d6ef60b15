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
  type: wordOf(["bridge", "macvlan", "physical", "sriov"], lxdNetworkTypes)
    .default("bridge")
    .meta(
      replacing(
        "Type of the network: `bridge`, or `macvlan`, `physical` or `sriov` for an interface of the host that nics stand on.",
      ),
    ),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkInputs>;

/** The server gives a subnet, NAT and more to a network that does not ask for them. */
const filledIn = [...computedKeys(networkKeys), ...lxdComputedNetworkKeys];

const rangeFailures = (config: unknown): CheckFailure[] =>
  rangeReasons(knownConfig(config)).map(({ key, reason }) => ({
    property: propertyPath(["config", key]),
    reason: `holds a wrong range: ${reason}`,
  }));

/** Address of the bridge with its prefix length. */
function cidrOf(config: Config, key: "ipv4.address" | "ipv6.address"): string | undefined {
  const address = networkConfig(config).get(key);
  return address.includes("/") ? address : undefined;
}

/** By the name of the output, where the server says which address it is. */
const addressKeys = { ipv4Address: "ipv4.address", ipv6Address: "ipv6.address" } as const;
type AddressName = keyof typeof addressKeys;

const addressIn = ({ config }: Props, name: AddressName): string =>
  networkConfig(isMap(config) ? (config as Config) : {}).text(addressKeys[name]) ?? "";

/** The address that a network will have: the program's, the one that it has, or none; the server chooses others. */
function plannedAddress(name: AddressName, news: Props, olds: Props | undefined): unknown {
  const is = addressIn(news, name);
  if (news.config === unknownValue || is === unknownValue) return unknownValue;
  if (is === "none") return undefined;
  const own = cidrOf(news.config as Config, addressKeys[name]);
  return own ?? (olds !== undefined && is === addressIn(olds, name) ? olds[name] : unknownValue);
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
    ipv6Address: z.string().optional().meta({
      description: "The same of IPv6, such as `fd42:1:2:3::1/64`; absent without IPv6.",
    }),
    status: z.string().meta({ description: "What the server says of the network, such as `Created`." }),
  }),
  nameMaxLength: 15,
  computed: () => filledIn,
  fixed: ["type"],
  rules: ({ config }) => rangeFailures(config),
  outs: ({ status, config }) => ({
    status,
    ipv4Address: cidrOf(config, "ipv4.address"),
    ipv6Address: cidrOf(config, "ipv6.address"),
  }),
  planned: (news, olds) => ({
    ipv4Address: plannedAddress("ipv4Address", news, olds),
    ipv6Address: plannedAddress("ipv6Address", news, olds),
  }),
  makeRoom: (context, { config }, old) => makeRoom(context, config, old),
  isForeign: ({ managed }) => !managed,
});
