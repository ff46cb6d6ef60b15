/** Home of network ACLs: the platform, and what they ask of others. */
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";

/** The networks that have ACLs. */
export interface AclNetworks {
  /** Applies the stored ACLs of a network to its traffic at once. @throws ApiError when its rules cannot be loaded */
  followAcls(network: string): Promise<void>;
}

export interface NetworkAclHome extends Platform {
  readonly references: References;
  readonly aclNetworks: AclNetworks;
}
