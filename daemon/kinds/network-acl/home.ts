/** Home of network ACLs: the platform, and what they ask of others. */
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";

/** The networks that ACLs count on. */
export interface AclNetworks {
  /** Names of those that have one of some ACLs, for themselves or for a nic on them. */
  havingAcls(acls: readonly string[]): string[];
  /** Applies the stored ACLs of a network to its traffic at once. @throws ApiError when its rules cannot be loaded */
  followAcls(network: string): Promise<void>;
}

export interface NetworkAclHome extends Platform {
  readonly references: References;
  readonly aclNetworks: AclNetworks;
}
