/** Home of network ACLs: the platform, and what they ask of others. */
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";

/** The networks that ACLs count on, for themselves or for their nics. */
export interface AclNetworks {
  /**
   * Makes a change of some ACLs, or of what their rules name, and applies it to the traffic at once.
   * @throws ApiError when the rules of a network cannot be loaded, after the change was taken back everywhere
   */
  change(acls: readonly string[], change: { make(): void; takeBack(): void }): Promise<void>;
}

export interface NetworkAclHome extends Platform {
  readonly references: References;
  readonly aclNetworks: AclNetworks;
  readonly networkAddressSets: { addressesOf(name: string): readonly string[] | undefined };
}
