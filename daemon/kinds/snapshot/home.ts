/** Home of snapshots: the platform, and the instances that they are of. */
import type { Changes } from "../../core/changes";
import type { Platform } from "../../platform/platform";
import type { InstanceService } from "../instance/service";
import type { ProjectService } from "../project/service";
import type { Volumes } from "../storage-pool/volumes";

export interface SnapshotHome extends Platform {
  readonly changes: Changes;
  readonly instances: InstanceService;
  readonly projects: Pick<ProjectService, "allowSnapshot" | "claimInstance">;
  readonly volumes: Pick<Volumes, "clone" | "copiesWhole" | "delete" | "rename" | "requireThere" | "restore" | "root">;
}
