/** Network peer: what lets two networks of type `ovn` reach each other, on servers that have them. Bothy's own networks have no peers. */
import * as z from "zod";
import { Config, NetworkName, ProjectName, Text, text } from "./common";
import { defineKind } from "./kind";
import { means } from "./means";

export const NetworkPeerName = Text.min(1).refine((name) => !name.includes("/"), {
  message: "must not contain slashes",
});

export const NetworkPeerPut = z.object({ description: text, config: Config.default({}) });
export type NetworkPeerPut = z.infer<typeof NetworkPeerPut>;

export const NetworkPeersPost = NetworkPeerPut.extend({
  name: NetworkPeerName,
  target_network: means(NetworkName.optional(), "Network on the other side."),
  target_project: means(ProjectName.optional(), "Project of that network; that of the own one when absent."),
  type: means(Text.optional(), "`local` or `remote` (`network_integrations`)."),
  target_integration: means(Text.optional(), "Integration of a remote peer (`network_integrations`)."),
});
export type NetworkPeersPost = z.infer<typeof NetworkPeersPost>;

export const NetworkPeer = z.looseObject({
  ...NetworkPeerPut.shape,
  name: z.string(),
  target_network: z.string().default(""),
  target_project: z.string().default(""),
  type: z.string().optional(),
  target_integration: z.string().optional(),
  status: means(z.string().default(""), "`Pending` until the other network has a peer of this one."),
  used_by: z.array(z.string()).nullable().default([]),
});
export type NetworkPeer = z.infer<typeof NetworkPeer>;

export const networkPeerKind = defineKind({
  name: "network-peer",
  title: "Network peer",
  path: "/1.0/networks/{network}/peers",
  parent: "network",
  extension: "network_peer",
  put: NetworkPeerPut,
  post: NetworkPeersPost,
  shown: NetworkPeer,
  tagged: ["name", "description", "config"],
});
