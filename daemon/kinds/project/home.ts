/** Home of projects: the platform, and what projects ask of those who live in them. */
import type { Config, Devices } from "../../../sdk/api/common";
import type { Call } from "../../core/call";
import type { Platform } from "../../platform/platform";

/** An instance or a profile, as far as a project limits and restricts it. */
export interface Member {
  readonly name: string;
  /** Of an instance: with its profiles. */
  readonly config: Config;
  readonly devices: Devices;
}

/** A custom volume, as far as a project limits it. */
export interface VolumeMember {
  readonly pool: string;
  readonly name: string;
  readonly config: Config;
}

/** What a project's limits are about. */
export interface Members {
  readonly instances: readonly Member[];
  readonly volumes: readonly VolumeMember[];
}

/** A profile as it shall be. */
export interface NextProfile extends Member {
  readonly project: string;
}

export interface ProjectContents {
  /** Those of a project that are being made or deleted too. @param next a profile that some of them have, as it shall be */
  instances(project: string, next?: NextProfile): readonly Member[];
  /** Custom volumes that lie in the project itself, those that are being made or deleted too. */
  volumes(project: string): readonly VolumeMember[];
  /** Those that lie in the project itself, not those that it shares. */
  profiles(project: string): readonly Member[];
  /** Paths of all that lies in the project itself, as `used_by` has them. */
  urls(project: string): readonly string[];
  /** Every project that something lies in. */
  projects(): ReadonlySet<string>;
  /** Deletes all that lies in the project of the call; its default profile gets empty. @throws ApiError of the first that cannot be deleted */
  clear(call: Call): Promise<void>;
  /** Deletes a network that goes with a project; one that is not there is no error. @throws ApiError CONFLICT where others use it */
  deleteNetwork(call: Call, name: string): Promise<void>;
  /** Gives a project a default profile of its own when it has none, within the caller's transaction. */
  addDefaultProfile(project: string): void;
  /** Takes the default profile away, within the caller's transaction. */
  removeDefaultProfile(project: string): void;
  /** Follows a renamed project, which has no more than its default profile, within the caller's transaction. */
  projectRenamed(from: string, to: string): void;
  /** Follows a deleted project, which has no more than its default profile, within the caller's transaction. */
  projectDeleted(project: string): void;
}

export interface ProjectHome extends Platform {
  readonly projectContents: ProjectContents;
}
