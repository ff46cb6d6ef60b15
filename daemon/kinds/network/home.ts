/** Home of networks: the platform, and what networks ask of others. */
import type { Config, Devices } from "../../../sdk/api/common";
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";
import type { NetworkAcl } from "./acl/lines";

/** An instance whose nics may be on a network. */
export interface NicOwner {
  readonly project: string;
  readonly name: string;
  /** By which its nics are known here: its name on the host. */
  readonly key: string;
  /** Its own, volatile keys included. */
  readonly config: Config;
  readonly expandedDevices: Devices;
}

export interface NicOwners {
  /** All instances, those that are being made or deleted included. */
  all(): readonly NicOwner[];
  /** Whether an instance runs, or is about to by the configuration that it has now. */
  isActive(key: string): boolean;
}

/** ACLs by their names, for the networks that have them. */
export interface NetworkAcls {
  find(name: string): NetworkAcl | undefined;
}

export interface NetworkHome extends Platform {
  readonly networkAcls: NetworkAcls;
  readonly networkAddressSets: { addressesOf(name: string): readonly string[] | undefined };
  readonly networkZones: { has(name: string): boolean };
  readonly references: References;
  readonly nicOwners: NicOwners;
  readonly projects: {
    /** Whether a project may see and use a network, or an interface of the host. @throws ApiError NOT_FOUND */
    allowsNetwork(project: string, network: string, isManaged: boolean): boolean;
  };
  /** Whether a file that no object of the database has may be removed as what a crash left. */
  readonly isCrashLeftover: (file: string) => Promise<boolean>;
}
