/** Home of instances: the platform, the book of instances, and what instances ask of others. */
import type { Backup } from "../../../sdk/api/backup";
import type { Devices } from "../../../sdk/api/common";
import type { InstancesPost } from "../../../sdk/api/instance";
import type { MigrationTarget } from "../../../sdk/api/migration";
import type { Call } from "../../core/call";
import type { Changes } from "../../core/changes";
import type { References } from "../../core/references/references";
import type { AppArmorProfiles } from "../../platform/apparmor/profiles";
import type { ParentGroups } from "../../platform/host/cgroups";
import type { OperationWork, RunningOperation } from "../../platform/operations";
import type { Platform } from "../../platform/platform";
import type { ImageService } from "../image/service";
import type { NetworkService } from "../network/service";
import type { ProjectService } from "../project/service";
import type { Volume } from "../storage-pool/driver";
import type { StoragePoolService } from "../storage-pool/service";
import type { Volumes } from "../storage-pool/volumes";
import type { InstanceBook } from "./book";
import type { GuestEvents } from "./guest/events";
import type { GuestGates } from "./guest/gates";
import type { SftpSessions } from "./inside/sftp-sessions";
import type { ContainerContexts } from "./labels/contexts";
import type { LxcfsKeeper } from "./lxcfs/keeper";
import type { ProfilePort } from "./profile-port";
import type { InstanceId, InstanceRecord } from "./record";

/** The home of nics: checks, lets in, lets go, forgets. */
export type NicPort = Pick<
  NetworkService,
  "find" | "isManaged" | "checkHost" | "addHost" | "removeHost" | "forgetInstance" | "nics"
>;

export type ImagePort = Pick<
  ImageService,
  | "resolve"
  | "requireTemplate"
  | "fromTemplate"
  | "planRemote"
  | "readMetadata"
  | "runtimeOf"
  | "touch"
  | "exportForGuest"
>;

/** The figures that a container has of itself. */
export type LxcfsPort = Pick<LxcfsKeeper, "ensure" | "forStart">;

/** What the project of an instance has to say. */
export type ProjectPort = Pick<ProjectService, "allowInstance" | "claimInstance" | "folderOfDisk" | "require">;

export type PoolPort = Pick<StoragePoolService, "record" | "records">;

export type VolumePort = Pick<
  Volumes,
  | "clone"
  | "createEmpty"
  | "createFromImage"
  | "delete"
  | "flush"
  | "mustStayWhole"
  | "reconcile"
  | "rename"
  | "requirePool"
  | "requireThere"
  | "root"
  | "setSize"
  | "usage"
>;

/** Custom volumes that are disks of instances, as the instance's project sees them. */
export interface CustomVolumePort {
  find(
    project: string,
    pool: string,
    name: string,
  ):
    | {
        readonly contentType: "filesystem" | "block";
        readonly isUnmapped: boolean;
        /** The daemon keeps its own files in it. */
        readonly isOfDaemon: boolean;
      }
    | undefined;
  /** Folder of the content, whether or not the pool can be used now. @throws ApiError NOT_FOUND for the pool */
  pathOf(project: string, pool: string, name: string): string;
  /** Makes sure that it can be used now. @throws ApiError NOT_FOUND, UNAVAILABLE */
  requireUsable(project: string, pool: string, name: string): Promise<void>;
  /** Whether it has a size that counts no subvolume in it, so that whoever has it may make none. @throws ApiError NOT_FOUND, UNAVAILABLE */
  mustStayWhole(project: string, pool: string, name: string): Promise<boolean>;
  /**
   * Runs work that gives volumes to a container, so that none of them is moved, put back or made anew meanwhile. Under the instance's lock.
   * @param devices asked again once they are held, since a volume may have been moved until then
   */
  whileHeld<T>(project: string, devices: () => Devices, work: () => Promise<T>): Promise<T>;
}

/** What becomes of an instance's snapshots when something becomes of it. */
export interface SnapshotPort {
  /** Oldest first, those half made included. */
  names(instance: InstanceId): string[];
  /** The settings that a snapshot keeps. @throws ApiError NOT_FOUND */
  settingsOf(
    instance: InstanceId,
    name: string,
  ): Pick<InstanceRecord, "config" | "devices" | "profiles" | "description"> &
    Partial<Pick<InstanceRecord, "volumeConfig">>;
  /** Roots and snapshots that become another instance's. */
  readonly copies: {
    copyVolumes(copy: {
      source: InstanceRecord;
      snapshot: string | undefined;
      record: InstanceRecord;
      withSnapshots: boolean;
      /** Whether a running source is frozen meanwhile. */
      isStill: boolean;
    }): Promise<void>;
    refreshVolumes(source: InstanceRecord, record: InstanceRecord, withSnapshots: boolean): Promise<void>;
    /** Makes a stopped instance's root anew. @param fill makes a volume that is new */
    refillVolume(record: InstanceRecord, fill: (volume: Volume) => Promise<void>): Promise<void>;
  };
  /** Ends all who read what is of an instance that is to be deleted. Under its lock. */
  endReaders(instance: InstanceId): Promise<void>;
  /** Forgets all of an instance; its volumes are gone already. */
  forgetAll(instance: InstanceId): void;
  /** Follows a renamed instance, within the caller's transaction. */
  instanceRenamed(from: InstanceId, to: InstanceId): void;
  /** Has an instance's snapshots say that their roots are in the pool in which it is, within the caller's transaction. */
  instanceMoved(instance: InstanceRecord): void;
  delete(instance: InstanceRecord, name: string): Promise<void>;
  /** Makes the one that a schedule wants before each start. Never rejects. */
  takeBeforeStart(instance: InstanceRecord): Promise<void>;
  /** After a crash: takes away what was half made or half deleted. */
  recover(): Promise<void>;
}

/** What becomes of an instance's backups when something becomes of it. */
export interface BackupPort {
  /** Those of an instance, for a list of all that it has. */
  list(instance: InstanceId): Backup[];
  /** Removes all of an instance. */
  eraseAll(instance: InstanceId): Promise<void>;
  /** Follows a renamed instance, within the caller's transaction. */
  instanceRenamed(from: InstanceId, to: InstanceId): void;
  /** Moves what follows renamed instances. */
  settleRenames(): Promise<void>;
  /** After a crash: takes away what was half made or half deleted. */
  recover(): Promise<void>;
}

/** What is asked of an instance that goes to another server. */
export interface Sending {
  /** Whether a running one shall go on over there. */
  readonly live: boolean;
  readonly withSnapshots: boolean;
  /** A snapshot that is sent as an instance. */
  readonly snapshot?: string;
  /** Where the other server waits; absent where it comes to us. */
  readonly target?: MigrationTarget | undefined;
}

/** An instance that comes from another server: what its operation says of that, and the work that makes or refreshes it. */
export interface Coming {
  readonly operation: Pick<OperationWork, "class" | "metadata" | "connect">;
  readonly work: (operation: RunningOperation) => Promise<void>;
}

/** How instances go to other servers, and come from there. */
export interface MigrationPort {
  /** Starts the operation that sends. @throws ApiError BAD_REQUEST */
  send(call: Call, id: InstanceId, sending: Sending): RunningOperation;
  /** Checks a request, but for whether its name is free. @throws ApiError BAD_REQUEST */
  receive(id: InstanceId, post: InstancesPost): Coming;
}

export interface InstanceHome extends Platform {
  readonly book: InstanceBook;
  readonly sftp: SftpSessions;
  readonly guestGates: GuestGates;
  readonly lxcfs: LxcfsPort;
  readonly guestEvents: GuestEvents;
  readonly changes: Changes;
  readonly references: References;
  readonly groups: ParentGroups;
  readonly appArmor: AppArmorProfiles;
  /** Labels of SELinux. */
  readonly contexts: ContainerContexts;
  /** Folder of the compiled seccomp filters. */
  readonly seccompDir: string;
  readonly profiles: ProfilePort;
  readonly projects: ProjectPort;
  readonly networks: NicPort;
  readonly images: ImagePort;
  readonly storagePools: PoolPort;
  readonly volumes: VolumePort;
  readonly customVolumes: CustomVolumePort;
  readonly snapshots: SnapshotPort;
  readonly backups: BackupPort;
  readonly migrations: MigrationPort;
}
