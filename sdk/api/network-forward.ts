/** Network forward: an address of the host, or that leads to it, whose traffic goes to instances of a network (docs/lxd-api.md, Network forwards). */
import * as z from "zod";
import { Config, Text, text } from "./common";
import { networkForwardKeys } from "./config/network-forward";
import { defineKind } from "./kind";
import { means } from "./means";

export const NetworkForwardPort = z.object({
  description: text,
  protocol: means(Text.default(""), "`tcp` or `udp`."),
  listen_port: means(Text.default(""), "Ports and ranges of them with commas between, such as `80,90-95`."),
  target_port: means(Text.default(""), "As many ports as it listens on, or one for all; the same ones when empty."),
  target_address: means(Text.default(""), "An address of the network's subnet."),
});
export type NetworkForwardPort = z.infer<typeof NetworkForwardPort>;

/** As a server tells of one. */
export const NetworkForwardPortShown = z.looseObject({
  description: z.string().default(""),
  protocol: z.string(),
  listen_port: z.string(),
  target_port: means(z.string().default(""), "Empty for those that it listens on."),
  target_address: z.string(),
});

export const NetworkForwardPut = z.object({
  description: text,
  config: Config.default({}),
  ports: z.array(NetworkForwardPort).default([]),
});
export type NetworkForwardPut = z.infer<typeof NetworkForwardPut>;

export const NetworkForwardsPost = NetworkForwardPut.extend({
  listen_address: means(Text.default(""), "Address that it listens on, of IPv4 or IPv6."),
});
export type NetworkForwardsPost = z.infer<typeof NetworkForwardsPost>;

export const NetworkForward = z.looseObject({
  ...NetworkForwardPut.shape,
  ports: z.array(NetworkForwardPortShown).nullable().default([]),
  listen_address: z.string(),
  location: means(z.string().default("none"), "Always `none`: there is no cluster."),
});
export type NetworkForward = z.infer<typeof NetworkForward>;

export const networkForwardKind = defineKind({
  name: "network-forward",
  title: "Network forward",
  path: "/1.0/networks/{network}/forwards",
  parent: "network",
  field: "listen_address",
  put: NetworkForwardPut,
  post: NetworkForwardsPost,
  shown: NetworkForward,
  tagged: ["listen_address", "description", "config", "ports"],
  keys: { table: networkForwardKeys, lxd: [] },
  says: { update: "Replaces the whole mutable part; new connections go by it at once." },
});
