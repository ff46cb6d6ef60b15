/** Network ACL: rules about the traffic of instances, which networks take by their key `security.acls` (docs/lxd-api.md, Network ACLs). */
import * as z from "zod";
import { Config, text } from "./common";
import { networkAclKeys } from "./config/network-acl";
import { defineKind } from "./kind";
import { labelName } from "./label-name";
import { means } from "./means";
import { NetworkAclRule, NetworkAclRuleShown } from "./network-acl-rule";

/** It is never taken for an address, a selector or an address set. */
export const NetworkAclName = labelName("@%#");

export const NetworkAclPut = z.object({
  description: text,
  config: Config.default({}),
  ingress: means(z.array(NetworkAclRule).default([]), "Rules of what goes to instances."),
  egress: means(z.array(NetworkAclRule).default([]), "Rules of what comes from instances."),
});
export type NetworkAclPut = z.infer<typeof NetworkAclPut>;

export const NetworkAclsPost = NetworkAclPut.extend({ name: NetworkAclName });
export type NetworkAclsPost = z.infer<typeof NetworkAclsPost>;

export const NetworkAclPost = z.object({ name: NetworkAclName });

export const NetworkAcl = z.looseObject({
  ...NetworkAclPut.shape,
  ingress: z.array(NetworkAclRuleShown).nullable().default([]),
  egress: z.array(NetworkAclRuleShown).nullable().default([]),
  name: z.string(),
  used_by: means(
    z.array(z.string()).nullable().default([]),
    "Paths of the networks, and of the instances and profiles with nics, that have it.",
  ),
});
export type NetworkAcl = z.infer<typeof NetworkAcl>;

export const networkAclKind = defineKind({
  name: "network-acl",
  title: "Network ACL",
  path: "/1.0/network-acls",
  put: NetworkAclPut,
  post: NetworkAclsPost,
  shown: NetworkAcl,
  tagged: ["name", "description", "config", "ingress", "egress"],
  keys: { table: networkAclKeys, lxd: ["user."] },
  rename: NetworkAclPost,
  says: { update: "Replaces the whole mutable part; reaches the networks that have it at once." },
});
