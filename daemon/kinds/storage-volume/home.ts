/** Home of custom volumes: the platform, and what volumes ask of others. */
import type { Config } from "../../../sdk/api/common";
import type { MigrationTarget } from "../../../sdk/api/migration";
import type { StorageVolumesPost } from "../../../sdk/api/storage-volume";
import type { Call } from "../../core/call";
import type { Changes } from "../../core/changes";
import type { Projects } from "../../core/projects";
import type { Ref } from "../../core/ref";
import type { References } from "../../core/references/references";
import type { OperationWork, RunningOperation } from "../../platform/operations";
import type { Platform } from "../../platform/platform";
import type { StoragePoolService } from "../storage-pool/service";
import type { Volumes } from "../storage-pool/volumes";
import type { VolumeId, VolumeRecord } from "./record";

/** Those who have custom volumes as disks. */
export interface VolumeUsers {
  /** Whether a running instance has it. */
  isRunning(volume: VolumeId): boolean;
  /** Runs the work while no instance that has it runs; freezes those that run meanwhile. Under the locks of them all. */
  whileStill<T>(volume: VolumeId, work: () => Promise<T>): Promise<T>;
  /** Devices follow a volume of another name or pool, within the caller's transaction. */
  moved(from: VolumeId, to: VolumeId): void;
}

/** What becomes of a volume's backups when something becomes of it. */
export interface VolumeBackupPort {
  /** Removes all of a volume. */
  eraseAll(volume: VolumeId): Promise<void>;
  /** Follows a renamed volume, within the caller's transaction. */
  volumeRenamed(from: VolumeId, to: VolumeId): void;
  /** Moves what follows renamed volumes. */
  settleRenames(): Promise<void>;
  /** After a crash: takes away what was half made or half deleted. */
  recover(): Promise<void>;
}

/** A volume that is made with what it is for: the root of an instance or of a snapshot, or an image. */
export interface OtherVolume {
  readonly type: "container" | "image";
  readonly project: string;
  /** Of a snapshot with its instance, "web/snap0". */
  readonly name: string;
  readonly description: string;
  readonly config: Config;
  readonly createdAt: string;
  readonly owner: Ref;
}

/** What is asked of a volume that goes to another server. */
export interface SendingVolume {
  readonly withSnapshots: boolean;
  /** Where the other server waits; absent where it comes to us. */
  readonly target?: MigrationTarget | undefined;
}

/** A volume that comes from another server: what its operation says of that, and the work that makes or refreshes it. */
export interface ComingVolume {
  /** Whether one that is there is brought to what the other's is. */
  readonly isRefresh: boolean;
  readonly operation: Pick<OperationWork, "class" | "metadata" | "connect">;
  readonly work: (operation: RunningOperation) => Promise<void>;
}

/** How volumes go to other servers, and come from there. */
export interface VolumeMigrationPort {
  /** Starts the operation that sends. @throws ApiError BAD_REQUEST */
  sendVolume(call: Call, id: VolumeId, sending: SendingVolume): RunningOperation;
  /** Checks a request, but for whether its name is free. @throws ApiError BAD_REQUEST */
  receiveVolume(
    id: VolumeId,
    post: StorageVolumesPost & { readonly source: NonNullable<StorageVolumesPost["source"]> },
  ): ComingVolume;
}

export interface StorageVolumeHome extends Platform {
  readonly migrations: VolumeMigrationPort;
  readonly changes: Changes;
  readonly references: References;
  readonly projects: Projects & {
    /** @throws ApiError BAD_REQUEST where a project allows no snapshots */
    allowSnapshot(project: string): void;
    /** @throws ApiError BAD_REQUEST where a volume does not fit the project's limits */
    allowVolume(project: string, after: Pick<VolumeRecord, "pool" | "name" | "config">, isNew: boolean): void;
    /** The same for one that is there; what it shall be counts until the claim is given back. @throws ApiError BAD_REQUEST */
    claimVolume(project: string, after: Pick<VolumeRecord, "pool" | "name" | "config">): Disposable;
  };
  readonly storagePools: Pick<StoragePoolService, "record" | "records">;
  readonly volumes: Pick<
    Volumes,
    | "clone"
    | "copiesWhole"
    | "createEmpty"
    | "customPath"
    | "delete"
    | "flush"
    | "follow"
    | "isThere"
    | "reconcile"
    | "rename"
    | "requireThere"
    | "restore"
    | "roomForFile"
    | "setSize"
    | "usage"
  >;
  readonly volumeUsers: VolumeUsers;
  readonly volumeBackups: VolumeBackupPort;
  /** @param project absent for those of every project */
  readonly otherVolumes: (pool: string, project?: string) => readonly OtherVolume[];
  /** Gives the root volume of an instance other keys of the user. */
  readonly setRootConfig: (instance: { readonly project: string; readonly name: string }, config: Config) => void;
}
