/** Home of profiles: the platform, and what profiles ask of others. */
import type { Config, Devices } from "../../../sdk/api/common";
import type { Platform } from "../../platform/platform";
import type { ProfileRecord } from "./store";

/** Those who have profiles, or remember them. */
export interface ProfileUsers {
  /** All instances, those that are being made or deleted included. */
  all(): readonly { readonly name: string; readonly profiles: readonly string[] }[];
  /** @param after the profile as it shall be @throws ApiError BAD_REQUEST that names an instance that cannot have it */
  check(after: ProfileRecord): void;
  /** Applies a changed profile to what runs. @throws ApiError that names the instances that could not follow */
  follow(profile: string, before: { readonly config: Config; readonly devices: Devices }): Promise<void>;
  /** Follows a renamed profile, within the caller's transaction. */
  renamed(from: string, to: string): void;
  /** What only remembers a profile goes on without it, within the caller's transaction. */
  deleted(name: string): void;
}

export interface ProfileHome extends Platform {
  readonly profileUsers: ProfileUsers;
}
