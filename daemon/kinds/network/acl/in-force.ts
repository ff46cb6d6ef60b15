/** ACLs as they count now, with those that cannot be read any more. */
import { NetworkAclRule } from "../../../../sdk/api/network-acl-rule";
import type { NetworkAcl } from "./lines";
import { type AddressesOf, setsOf } from "./sets";

/** Whoever knows what is stored. */
export interface StoredAcls {
  findAcl(name: string): NetworkAcl | undefined;
  findAddresses(set: string): ReturnType<AddressesOf> | undefined;
}

/**
 * One that is not there, or whose rules name a set that is not, was in use when the database was damaged: nothing else takes such away. Nobody knows
 * what it refused, so it lets nothing pass until it is made anew.
 */
export function aclInForce(name: string, { findAcl, findAddresses }: StoredAcls): NetworkAcl {
  const acl = findAcl(name);
  return acl !== undefined && setsOf([acl]).every((set) => findAddresses(set) !== undefined) ? acl : shut(name);
}

const dropsAll = NetworkAclRule.parse({ action: "drop", state: "enabled" });

const shut = (name: string): NetworkAcl => ({ name, ingress: [dropsAll], egress: [dropsAll] });
