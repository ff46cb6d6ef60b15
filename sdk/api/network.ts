/** Network: a bridge with DHCP, DNS and NAT, or an interface of the host that nics stand on (docs/lxd-api.md, Profiles, storage pools, networks). */
import * as z from "zod";
import { Config, NetworkName, text } from "./common";
import { lxdNetworkKeys } from "./config/lxd-words";
import { networkKeys } from "./config/network";
import { defineKind } from "./kind";
import { means } from "./means";

export const NetworkPut = z.object({ description: text, config: Config.default({}) });
export type NetworkPut = z.infer<typeof NetworkPut>;

export const NetworksPost = NetworkPut.extend({
  name: NetworkName,
  type: means(z.string().default("bridge"), "`bridge`, `macvlan`, `physical` or `sriov`."),
});
export type NetworksPost = z.infer<typeof NetworksPost>;

export const NetworkPost = z.object({ name: NetworkName });

export const Network = z.looseObject({
  ...NetworkPut.shape,
  name: z.string(),
  type: z.string(),
  managed: means(z.boolean(), "Whether it is a network; otherwise it is an interface of the host."),
  status: means(z.string().default(""), "`Created`, or `Unavailable` when it could not be brought up."),
  locations: means(z.array(z.string()).nullable().default([]), "Always `none`: there is no cluster."),
  used_by: means(z.array(z.string()).nullable().default([]), "Paths of what uses it."),
});
export type Network = z.infer<typeof Network>;

export const networkKind = defineKind({
  name: "network",
  title: "Network",
  path: "/1.0/networks",
  put: NetworkPut,
  post: NetworksPost,
  shown: Network,
  tagged: ["name", "managed", "type", "description", "config"],
  keys: { table: networkKeys, lxd: lxdNetworkKeys },
  rename: NetworkPost,
  says: { list: "Lists managed networks, and the host's own interfaces with `managed` false." },
});

export const NetworkLease = z.looseObject({
  hostname: means(z.string(), "Name of the instance."),
  hwaddr: z.string(),
  address: z.string(),
  type: means(z.string(), "`gateway`, `static` or `dynamic`."),
  location: means(z.string().default("none"), "`none`, or empty of a gateway: there is no cluster."),
});
export type NetworkLease = z.infer<typeof NetworkLease>;

export const NetworkAddress = z.looseObject({
  family: means(z.string(), "`inet` or `inet6`."),
  address: z.string(),
  netmask: means(z.string(), "Bits of the network's part."),
  scope: means(z.string(), "`global`, `link` or `local`."),
});

export const NetworkCounters = z.looseObject({
  bytes_received: z.number().default(0),
  bytes_sent: z.number().default(0),
  packets_received: z.number().default(0),
  packets_sent: z.number().default(0),
  errors_received: z.number().default(0),
  errors_sent: z.number().default(0),
  packets_dropped_inbound: z.number().default(0),
  packets_dropped_outbound: z.number().default(0),
});

export const NetworkState = z.looseObject({
  addresses: z.array(NetworkAddress),
  counters: NetworkCounters,
  hwaddr: means(z.string(), "Hardware address."),
  mtu: means(z.number(), "Largest packet in bytes."),
  state: means(z.string(), "`up` or `down`."),
  type: z.string(),
});
export type NetworkState = z.infer<typeof NetworkState>;
