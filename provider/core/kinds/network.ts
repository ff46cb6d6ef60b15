/** Network: a bridge with DHCP, DNS and NAT. */
import { z } from "zod";
import { NetworkName } from "../../../sdk/api/common";
import { lxdNetworkKeys, lxdNetworkTypes } from "../../../sdk/api/config/lxd-words";
import { networkKeys, rangeReasons } from "../../../sdk/api/config/network";
import type { Network, NetworkPut } from "../../../sdk/api/network";
import { checkConfigKeys, propertyPath } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, config, description, endpoint, timeouts, wordOf } from "../engine/inputs";
import { isMap } from "../engine/values";
import { namedCore } from "./named";
import { makeRoom } from "./network-room";

export const NetworkInputs = z.strictObject({
  name: NetworkName.meta({
    description:
      "Name of the network and of its bridge, at most 15 characters; made from the resource's name when absent. A change replaces the network.",
  }),
  description,
  config,
  type: wordOf(["bridge"], lxdNetworkTypes)
    .default("bridge")
    .meta({ description: "Type of the network: `bridge`. A change replaces the network." }),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkInputs>;

/** The server gives a subnet, NAT and more to a network that does not ask for them. */
const computedKeys = [
  "bridge.mtu",
  "ipv4.address",
  "ipv4.nat",
  "ipv6.address",
  "ipv6.nat",
  "network",
  "tunnel.",
  "volatile.",
];

function rangeFailures(config: unknown): CheckFailure[] {
  if (!isMap(config)) return [];
  const [address, ranges] = [config["ipv4.address"], config["ipv4.dhcp.ranges"]];
  if (typeof address !== "string" || typeof ranges !== "string") return [];
  const property = propertyPath(["config", "ipv4.dhcp.ranges"]);
  return rangeReasons(address, ranges).map((reason) => ({ property, reason: `holds a wrong range: ${reason}` }));
}

export const network = namedCore<Inputs, Network, NetworkPut>({
  kind: "network",
  type: "Network",
  description: "A bridge with DHCP, DNS and NAT, for containers.",
  inputs: NetworkInputs,
  outputs: z.object({
    ipv4Address: z.string().optional().meta({
      description: "Address of the bridge with its prefix length, such as `10.1.2.1/24`; absent without IPv4.",
    }),
    status: z.string().meta({ description: "What the server says of the network, such as `Created`." }),
  }),
  replaceOn: ["name", "type", "endpoint"],
  nameMaxLength: 15,
  computed: () => computedKeys,
  rules: ({ config }) => [...checkConfigKeys(networkKeys, lxdNetworkKeys, config), ...rangeFailures(config)],
  outs: ({ description, type, status, config }) => ({
    description,
    type,
    status,
    ipv4Address: config["ipv4.address"]?.includes("/") ? config["ipv4.address"] : undefined,
  }),
  get: ({ client, signal }, name) => client.getNetwork(name, { signal }),
  list: ({ client, signal }) => client.listNetworks({ signal }),
  create: ({ client, signal }, { name, type, description }, config) =>
    client.createNetwork({ name, type, description, config }, { signal }),
  makeRoom: (context, { config }, old) => makeRoom(context, config["ipv4.address"], old),
  patchConfig: ({ client, signal }, name, config) => client.patchNetwork(name, { config }, { signal }),
  isForeign: ({ managed }) => !managed,
  put: ({ description }, config) => ({ description, config }),
  putOf: ({ description, config }) => ({ description, config }),
  update: ({ client, signal }, name, put, etag) => client.updateNetwork(name, put, { etag, signal }),
  delete: ({ client, signal }, name) => client.deleteNetwork(name, { signal }),
});
