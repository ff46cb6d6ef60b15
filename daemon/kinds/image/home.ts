/** Home of images: the platform, and what images ask of others. */
import type { Config } from "../../../sdk/api/common";
import type { Changes } from "../../core/changes";
import type { Projects } from "../../core/projects";
import type { Platform } from "../../platform/platform";

export interface ImageHome extends Platform {
  readonly changes: Changes;
  readonly projects: Projects;
  readonly server: { config(): Config };
  readonly profiles: {
    /** @throws ApiError NOT_FOUND */
    record(project: string, name: string): unknown;
  };
  readonly volumes: {
    /** Drops the volumes of a deleted image from every pool. */
    forgetImage(fingerprint: string): Promise<void>;
  };
  /** Whether a file that no object of the database has may be removed as what a crash left. */
  readonly isCrashLeftover: (file: string) => Promise<boolean>;
}
