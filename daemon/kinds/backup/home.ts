/** Home of backups: the platform, the instances that they are of, and what those are made of. */
import type { Config } from "../../../sdk/api/common";
import type { Changes } from "../../core/changes";
import type { Platform } from "../../platform/platform";
import type { ImageService } from "../image/service";
import type { InstanceService } from "../instance/service";
import type { ProjectService } from "../project/service";
import type { SnapshotService } from "../snapshot/service";
import type { Volumes } from "../storage-pool/volumes";

export interface BackupHome extends Platform {
  readonly changes: Changes;
  readonly server: { config(): Config };
  readonly projects: Pick<ProjectService, "config" | "allowBackup" | "require">;
  readonly images: Pick<ImageService, "limits" | "readMetadata">;
  readonly instances: InstanceService;
  readonly snapshots: Pick<SnapshotService, "records" | "whileCopied" | "addFilled">;
  readonly volumes: Pick<Volumes, "createFilled" | "requireThere" | "root">;
}
