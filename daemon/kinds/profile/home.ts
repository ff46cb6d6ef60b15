/** Home of profiles: the platform, and what profiles ask of others. */
import type { Projects } from "../../core/projects";
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";
import type { ProfileId, ProfileRecord } from "./store";

/** Those who have profiles, or remember them. */
export interface ProfileUsers {
  /** @param after the profile as it shall be @throws ApiError BAD_REQUEST that names an instance that cannot have it */
  check(after: ProfileRecord): void;
  /** What users refer to by a changed profile is another; within the caller's transaction. */
  changed(profile: ProfileId): void;
  /** Applies a changed profile to what runs. @param before the profile as it was @throws ApiError that names the instances that could not follow */
  follow(before: ProfileRecord): Promise<void>;
  /** Follows a renamed profile, within the caller's transaction. */
  renamed(from: ProfileId, to: string): void;
  /** What only remembers a profile goes on without it, within the caller's transaction. */
  deleted(profile: ProfileId): void;
}

export interface ProfileHome extends Platform {
  readonly projects: Projects & {
    /** @param next the profile as it shall be @throws ApiError BAD_REQUEST that says what a project does not allow */
    allowProfile(next: ProfileRecord, isNew: boolean): void;
  };
  readonly references: References;
  readonly networkAcls: { find(name: string): object | undefined };
  readonly profileUsers: ProfileUsers;
}
