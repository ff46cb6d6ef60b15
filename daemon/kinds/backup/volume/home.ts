/** Home of backups of custom volumes: that of backups, and the volumes in place of instances. */
import type { Platform } from "../../../platform/platform";
import type { Volumes } from "../../storage-pool/volumes";
import type { StorageVolumeService } from "../../storage-volume/service";
import type { BackupHome } from "../home";

export interface VolumeBackupHome extends Platform, Pick<BackupHome, "changes" | "images" | "projects" | "server"> {
  readonly storageVolumes: StorageVolumeService;
  readonly volumes: Pick<Volumes, "createFilled" | "requireThere" | "roomForFile" | "root">;
}
