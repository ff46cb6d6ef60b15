/** Home of network zones: the platform, and what zones ask of others. */
import type { Config } from "../../../sdk/api/common";
import type { NetworkLease } from "../../../sdk/api/network";
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";

/** The networks whose instances zones name. */
export interface ZoneNetworks {
  all(): readonly { readonly name: string; readonly config: Config }[];
  /** Addresses of a network's instances, and its own. */
  leases(network: string): Promise<readonly NetworkLease[]>;
}

export interface NetworkZoneHome extends Platform {
  readonly references: References;
  readonly zoneNetworks: ZoneNetworks;
}
