/** StorageDriver: what a storage driver does; one file a driver in drivers/, one contract test for all. */
import type { Config } from "../../../sdk/api/common";
import type { StoragePoolResources } from "../../../sdk/api/storage-pool";
import type { Native } from "../../platform/native/index";
import type { RootSource } from "../../platform/native/root-source";

/** A pool as a driver sees it. */
export interface PoolPlace {
  readonly name: string;
  /** storage-pools/NAME below the state folder: where the pool is, is mounted, or is linked from. */
  readonly path: string;
  /** Image file that the driver may make when the pool has no source. */
  readonly diskImage: string;
  readonly config: Config;
  /** What a custom volume says of itself, which comes before what the pool says of all (`volume.KEY`); nothing of other volumes. */
  readonly keysOf: (volume: Volume) => Config;
  /** Runs a host program. @throws ApiError INTERNAL with what it said */
  readonly run: (command: readonly string[]) => Promise<void>;
  /** Removes a tree, whatever a guest left in it; a missing one is not an error. @throws ApiError that names what is left */
  readonly removeTree: (folder: string) => Promise<void>;
  /** Project of a folder, as Native.folderProject. */
  readonly folderProject: Native["folderProject"];
  /** Told of what is worth a line when somebody looks closely. */
  readonly onNote: (note: string) => void;
  /** Told of what is of nobody and stays all the same: the next opening of the pool tries again. */
  readonly onLeft: (folder: string, error: unknown) => void;
  /** Told of a volume that cannot be used as it is: the next opening of the pool tries again. */
  readonly onClosed: (volume: Volume, error: unknown) => void;
}

/** What a volume is of, which is the name of the pool's folder that has it. */
export type VolumeFolder = "containers" | "containers-snapshots" | "images" | "custom" | "custom-snapshots";

/**
 * A volume: the root of an instance, of a snapshot ("web/snap0") or of an image (its fingerprint); or the content of a custom volume
 * ("default_data"), or of a snapshot of one ("default_data/snap0").
 */
export interface Volume {
  readonly type: VolumeFolder;
  readonly name: string;
}

/** What a volume holds, in bytes. */
export interface VolumeUsage {
  readonly used: number;
  /** What it can hold; undefined when nothing bounds it. */
  readonly total: number | undefined;
}

/** Mounts a root as that of an unprivileged container, for a moment. @throws when the host cannot do that */
export type TryRoot = (root: RootSource) => Promise<void>;

/**
 * Every call either does its work whole or leaves nothing: work happens under a temporary name and is renamed in place.
 * Callers serialise calls on one volume. A volume is its root; the folder around it belongs to the driver.
 */
export interface StorageDriver {
  readonly name: string;
  /** Whether guests can make subvolumes in a volume, which its size does not count. */
  readonly hasSubvolumes: boolean;
  /** Whether each volume has a size, also one that nobody gave one; no when absent. */
  readonly isAlwaysBounded?: boolean;
  /** Whether a clone of a volume copies all its bytes, which takes about as long as to pack them; no when absent. */
  copiesWhole?(pool: PoolPlace, volume: Volume): Promise<boolean>;
  /** Says why this host cannot use the driver, or nothing when it can. @param scratch folder on the file system to judge */
  unavailable(scratch: string, tryRoot: TryRoot): Promise<string | undefined>;
  /** Makes the pool. @returns its configuration with what was filled in (source, size) */
  createPool(pool: PoolPlace): Promise<Config>;
  /**
   * Brings a pool in line with a changed configuration; what it cannot follow is refused and leaves it as it was.
   * @param config as it shall be; keys that only count elsewhere differ too @throws ApiError BAD_REQUEST
   */
  changePool(pool: PoolPlace, config: Config): Promise<void>;
  /** Makes the pool usable after a start of the host or the daemon; nothing to do when it is. */
  mountPool(pool: PoolPlace): Promise<void>;
  /** Undoes mountPool; for the shutdown of the daemon with its containers. */
  unmountPool(pool: PoolPlace): Promise<void>;
  /** Removes the pool with all that is in it, also one that was made or removed only in part. */
  deletePool(pool: PoolPlace): Promise<void>;
  resources(pool: PoolPlace): Promise<StoragePoolResources>;
  /** Finishes or removes unfinished work of a daemon that was killed. */
  sweep(pool: PoolPlace): Promise<void>;

  /**
   * Makes a volume; `fill` gets its empty root folder, owned by root and with mode 0755, and puts the content there.
   * @param size bytes that it may hold, as in setSize; without it nothing bounds the volume
   */
  create(pool: PoolPlace, volume: Volume, fill: (rootPath: string) => Promise<void>, size?: number): Promise<void>;
  /** Makes a volume from another of the same pool: image to instance, instance to instance or snapshot, snapshot to instance. @param size as for create */
  clone(pool: PoolPlace, from: Volume, to: Volume, size?: number): Promise<void>;
  /** Puts an instance's root back to a snapshot's content, in one step that a crash cannot halve. It keeps its size. */
  restore(pool: PoolPlace, snapshot: Volume, volume: Volume): Promise<void>;
  rename(pool: PoolPlace, from: Volume, to: Volume): Promise<void>;
  /** Removes a volume; a missing one is not an error. Volumes that were cloned from it stay whole. */
  delete(pool: PoolPlace, volume: Volume): Promise<void>;
  exists(pool: PoolPlace, volume: Volume): Promise<boolean>;
  /** Names of all volumes of a type. */
  list(pool: PoolPlace, type: Volume["type"]): Promise<string[]>;
  /** Where the root is; for the native layer. */
  root(pool: PoolPlace, volume: Volume): RootSource;
  /** What the volume holds, or undefined when the driver cannot tell cheaply. */
  usage(pool: PoolPlace, volume: Volume): Promise<VolumeUsage | undefined>;
  /** Why volumes of this pool cannot be bounded on this host, or nothing when they can. */
  cannotBound(pool: PoolPlace): Promise<string | undefined>;
  /**
   * Bounds what a volume may hold, images and snapshots left out. The same size again costs nothing.
   * @param size in bytes; undefined for no bound
   * @param isInUse whether somebody, such as a running container, uses the volume now
   * @returns whether it is done; false when it can only be done once nobody uses the volume, and nothing is changed
   * @throws ApiError BAD_REQUEST when the content does not fit, UNAVAILABLE when the host lacks what it takes, NOT_FOUND
   */
  setSize(pool: PoolPlace, volume: Volume, size: number | undefined, isInUse: boolean): Promise<boolean>;
  /** Brings a volume in line with changed keys of its own (`pool.keysOf`), also while it is used; absent where volumes have none. @throws ApiError BAD_REQUEST */
  follow?(pool: PoolPlace, volume: Volume): Promise<void>;
}
