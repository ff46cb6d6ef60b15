/** Network address set: addresses and subnets under a name, which rules of network ACLs use as `$name` (docs/lxd-api.md, Network address sets). */
import * as z from "zod";
import { Config, text } from "./common";
import { networkAddressSetKeys } from "./config/network-address-set";
import { parseSubnet } from "./ipv4";
import { parseSubnet6 } from "./ipv6";
import { defineKind } from "./kind";
import { labelName } from "./label-name";
import { means } from "./means";

export const NetworkAddressSetName = labelName("@$");

export const NetworkAddressSetPut = z.object({
  description: text,
  config: Config.default({}),
  addresses: means(
    z.array(z.string()).default([]),
    "Addresses and subnets (`10.1.2.0/24`), of both families as they come.",
  ),
});
export type NetworkAddressSetPut = z.infer<typeof NetworkAddressSetPut>;

export const NetworkAddressSetsPost = NetworkAddressSetPut.extend({ name: NetworkAddressSetName });
export type NetworkAddressSetsPost = z.infer<typeof NetworkAddressSetsPost>;

export const NetworkAddressSetPost = z.object({ name: NetworkAddressSetName });

export const NetworkAddressSet = z.looseObject({
  ...NetworkAddressSetPut.shape,
  addresses: z.array(z.string()).nullable().default([]),
  name: z.string(),
  used_by: means(z.array(z.string()).nullable().default([]), "Paths of the network ACLs whose rules name it."),
  project: means(z.string().default("default"), "Project that it belongs to: the default one."),
});
export type NetworkAddressSet = z.infer<typeof NetworkAddressSet>;

/** Why addresses cannot be those of a set, or nothing. @param addresses without spaces around them */
export function addressesReason(addresses: readonly string[]): string | undefined {
  for (const [index, address] of addresses.entries()) {
    if (addresses.indexOf(address) < index)
      return `Duplicate address ${JSON.stringify(address)} found at index ${index}`;
    if (parseSubnet(address) === undefined && parseSubnet6(address) === undefined)
      return `Unsupported address format ${JSON.stringify(address)} at index ${index}. It must be an address or a subnet, such as 10.1.2.0/24`;
  }
  return undefined;
}

export const networkAddressSetKind = defineKind({
  name: "network-address-set",
  title: "Network address set",
  path: "/1.0/network-address-sets",
  put: NetworkAddressSetPut,
  post: NetworkAddressSetsPost,
  shown: NetworkAddressSet,
  tagged: ["name", "description", "addresses", "config"],
  keys: { table: networkAddressSetKeys, lxd: ["user."] },
  rename: NetworkAddressSetPost,
  says: {
    update: "Replaces the whole mutable part; reaches the networks and nics whose ACLs name it at once.",
    delete: "Deletes a network address set that no network ACL names.",
  },
});
