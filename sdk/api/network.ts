/** Network: a bridge with DHCP, DNS and NAT (docs/lxd-api.md, Profiles, storage pools, networks). */
import * as z from "zod";
import { Config, NetworkName, text } from "./common";
import { lxdNetworkKeys } from "./config/lxd-words";
import { networkKeys } from "./config/network";
import { defineKind } from "./kind";

export const NetworkPut = z.object({ description: text, config: Config.default({}) });
export type NetworkPut = z.infer<typeof NetworkPut>;

export const NetworksPost = NetworkPut.extend({ name: NetworkName, type: z.string().default("bridge") });
export type NetworksPost = z.infer<typeof NetworksPost>;

export const NetworkPost = z.object({ name: NetworkName });

export const Network = z.looseObject({
  ...NetworkPut.shape,
  name: z.string(),
  type: z.string(),
  managed: z.boolean(),
  status: z.string().default(""),
  locations: z.array(z.string()).nullable().default([]),
  used_by: z.array(z.string()).nullable().default([]),
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
  says: { list: "Managed networks, and the host's own interfaces with `managed` false." },
});

export const NetworkLease = z.looseObject({
  hostname: z.string(),
  hwaddr: z.string(),
  address: z.string(),
  type: z.string(),
  location: z.string().default("none"),
});
export type NetworkLease = z.infer<typeof NetworkLease>;

export const NetworkAddress = z.looseObject({
  family: z.string(),
  address: z.string(),
  netmask: z.string(),
  scope: z.string(),
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
  hwaddr: z.string(),
  mtu: z.number(),
  state: z.string(),
  type: z.string(),
});
export type NetworkState = z.infer<typeof NetworkState>;
