/** Profile port: what instances ask of profiles. */
import type { ProfileId, ProfileRecord } from "../profile/store";

export interface ProfilePort {
  /** A profile as a project sees it, its own or the one that it shares. */
  find(project: string, name: string): ProfileRecord | undefined;
  /** Those of some names that are there, in their order. */
  layers(project: string, names: readonly string[]): ProfileRecord[];
  /** Whether instances of a project have a profile by its name. */
  isSeen(project: string, profile: ProfileId): boolean;
}
