/** Home of backups: the platform, the instances that they are of, and what those are made of. */

import type { Config } from "../../../sdk/api/common";
import type { StoragePoolsPost } from "../../../sdk/api/storage-pool";
import type { Changes } from "../../core/changes";
import type { Platform } from "../../platform/platform";
import type { ImageService } from "../image/service";
import type { InstanceService } from "../instance/service";
import type { ProjectService } from "../project/service";
import type { SnapshotService } from "../snapshot/service";
import type { Volume } from "../storage-pool/driver";
import type { Volumes } from "../storage-pool/volumes";

/** Names of the volumes of a type. */
export type ListVolumes = (type: Volume["type"]) => Promise<string[]>;

export interface BackupHome extends Platform {
  readonly changes: Changes;
  readonly server: { config(): Config };
  readonly projects: Pick<ProjectService, "config" | "allowBackup" | "exists">;
  readonly images: Pick<ImageService, "limits">;
  readonly instances: InstanceService;
  readonly snapshots: Pick<SnapshotService, "readers" | "records" | "addFilled" | "addKnown">;
  /** Pools as they are on disk, whether or not the database knows them. */
  readonly storagePools: {
    /** @throws ApiError NOT_FOUND "Failed mounting pool" */
    whileOpen<T>(pool: StoragePoolsPost, work: (list: ListVolumes, folder: string) => Promise<T>): Promise<T>;
    /** Makes a pool known that is on disk; nothing to do for one that is. */
    adopt(pool: StoragePoolsPost): Promise<void>;
  };
  readonly volumes: Pick<Volumes, "createFilled" | "requireThere" | "root">;
}
