/** Home of migrations: the platform, the instances that come and go, and what those are made of. */
import type { Changes } from "../../core/changes";
import type { Platform } from "../../platform/platform";
import type { InstanceHome } from "../instance/home";
import type { SnapshotService } from "../snapshot/service";
import type { StorageVolumeService } from "../storage-volume/service";

export interface MigrationHome extends Platform {
  readonly changes: Changes;
  readonly instances: { readonly home: InstanceHome };
  readonly snapshots: Pick<SnapshotService, "addFilled" | "copies" | "delete" | "names" | "readers" | "records">;
  readonly storageVolumes: StorageVolumeService;
}
