/** Context: the parts of a running daemon, given to every service and handler. daemon.ts fills it once. */
import type { Damages } from "./damage/service";
import type { Database } from "./database";
import type { Dirs } from "./dirs";
import type { Events } from "./events";
import type { ImageService } from "./image/service";
import type { InstanceService } from "./instance/service";
import type { Locks } from "./locks";
import type { Log } from "./log";
import type { Native } from "./native/index";
import type { NetworkService } from "./network/service";
import type { Operations } from "./operations";
import type { ProfileService } from "./profile/service";
import type { ServerService } from "./server/service";
import type { Shutdown } from "./shutdown";
import type { SnapshotService } from "./snapshot/service";
import type { StoragePoolService } from "./storage-pool/service";
import type { Volumes } from "./storage-pool/volumes";
import type { Warnings } from "./warning/service";

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
