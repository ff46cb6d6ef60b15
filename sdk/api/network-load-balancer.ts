/** Network load balancer: an address whose ports lead to several instances, on servers that have them (LXD 5.5 and newer, Incus). Bothy's own has none. */
import * as z from "zod";
import { Config, Text, text } from "./common";
import { defineKind } from "./kind";
import { means } from "./means";

export const NetworkLoadBalancerBackend = z.object({
  name: Text,
  description: text,
  target_address: Text,
  target_port: means(Text.default(""), "Ports and ranges of them; those that are listened on when empty."),
});
export type NetworkLoadBalancerBackend = z.infer<typeof NetworkLoadBalancerBackend>;

export const NetworkLoadBalancerPort = z.object({
  description: text,
  protocol: means(Text.default("tcp"), "`tcp` or `udp`."),
  listen_port: means(Text.min(1), "Ports and ranges of them with commas between, such as `80,90-95`."),
  target_backend: means(z.array(Text).nullable().default([]), "Names of backends."),
});
export type NetworkLoadBalancerPort = z.infer<typeof NetworkLoadBalancerPort>;

export const NetworkLoadBalancerPut = z.object({
  description: text,
  config: Config.default({}),
  backends: z.array(NetworkLoadBalancerBackend).default([]),
  ports: z.array(NetworkLoadBalancerPort).default([]),
});
export type NetworkLoadBalancerPut = z.infer<typeof NetworkLoadBalancerPut>;

export const NetworkLoadBalancersPost = NetworkLoadBalancerPut.extend({ listen_address: Text });
export type NetworkLoadBalancersPost = z.infer<typeof NetworkLoadBalancersPost>;

export const NetworkLoadBalancer = z.looseObject({
  ...NetworkLoadBalancerPut.shape,
  backends: z.array(NetworkLoadBalancerBackend).nullable().default([]),
  ports: z.array(NetworkLoadBalancerPort).nullable().default([]),
  listen_address: z.string(),
  location: means(z.string().default(""), "Member of the cluster that holds it."),
});
export type NetworkLoadBalancer = z.infer<typeof NetworkLoadBalancer>;

export const networkLoadBalancerKind = defineKind({
  name: "network-load-balancer",
  title: "Network load balancer",
  path: "/1.0/networks/{network}/load-balancers",
  parent: "network",
  field: "listen_address",
  extension: "network_load_balancer",
  put: NetworkLoadBalancerPut,
  post: NetworkLoadBalancersPost,
  shown: NetworkLoadBalancer,
  tagged: ["listen_address", "description", "config", "backends", "ports"],
});
