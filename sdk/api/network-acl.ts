/** Network ACL: rules about the traffic of instances, which networks take by their key `security.acls` (docs/lxd-api.md, Network ACLs). */
import * as z from "zod";
import { Config, text } from "./common";
import { networkAclKeys } from "./config/network-acl";
import { defineKind } from "./kind";
import { means } from "./means";
import { NetworkAclRule, NetworkAclRuleShown } from "./network-acl-rule";

/** What is wrong with the name of an ACL, in LXD's words. */
const nameRules: readonly (readonly [isBad: RegExp, message: string])[] = [
  [/^$/, "Name is required"],
  [/^[@%#]/, "Name cannot start with reserved character"],
  [/^.{64}/, "Name must be 1-63 characters long"],
  [/[^a-zA-Z0-9-]/, "Name can only contain alphanumeric and hyphen characters"],
  [/^[0-9]/, "Name must not start with a number"],
  [/^-/, 'Name must not start with "-" character'],
  [/-$/, 'Name must not end with "-" character'],
];

/** A DNS label that starts with a letter, so that it is never taken for an address. */
export const NetworkAclName = z.string().superRefine((name, { addIssue }) => {
  const [isBad, message] = nameRules.find(([isBad]) => isBad.test(name)) ?? [];
  if (isBad === undefined) return;
  addIssue({ code: "custom", message: /reserved/.test(`${message}`) ? `${message} '${name[0]}'` : `${message}` });
});

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
  used_by: means(z.array(z.string()).nullable().default([]), "Paths of the networks that have it."),
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
