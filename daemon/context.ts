/** Context: the parts of a running daemon, given to every service and handler. daemon.ts fills it once. */
import type { Damages } from "./platform/damage/damages";
import type { ImageService } from "./kinds/image/service";
import type { InstanceService } from "./kinds/instance/service";
import type { NetworkService } from "./kinds/network/service";
import type { ProfileService } from "./kinds/profile/service";
import type { ServerService } from "./kinds/server/service";
import type { SnapshotService } from "./kinds/snapshot/service";
import type { StoragePoolService } from "./kinds/storage-pool/service";
import type { Volumes } from "./kinds/storage-pool/volumes";
import type { Warnings } from "./kinds/warning/service";
import type { Database } from "./platform/database/database";
import type { Events } from "./platform/events";
import type { Dirs } from "./platform/folders/dirs";
import type { Locks } from "./platform/locks";
import type { Log } from "./platform/log";
import type { Native } from "./platform/native/index";
import type { Operations } from "./platform/operations";
import type { Shutdown } from "./shutdown";

export interface Context {
  readonly dirs: Dirs;
  readonly log: Log;
  readonly database: Database;
  readonly warnings: Warnings;
  readonly damages: Damages;
  readonly events: Events;
  readonly operations: Operations;
  readonly locks: Locks;
  readonly native: Native;
  readonly server: ServerService;
  readonly profiles: ProfileService;
  readonly storagePools: StoragePoolService;
  readonly volumes: Volumes;
  readonly networks: NetworkService;
  readonly images: ImageService;
  readonly instances: InstanceService;
  readonly snapshots: SnapshotService;
  readonly shutdown: Shutdown;
}
