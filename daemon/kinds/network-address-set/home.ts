/** Home of network address sets: the platform, and what they ask of others. */
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";
import type { AclNetworks } from "../network-acl/home";

export interface NetworkAddressSetHome extends Platform {
  readonly references: References;
  readonly aclNetworks: AclNetworks;
}
