/** StorageDriver: what a storage driver does; one file a driver in drivers/, one contract test for all. */
import type { Config } from "../../../sdk/api/common";
import type { StoragePoolResources } from "../../../sdk/api/storage-pool";
import type { RootSource } from "../../platform/native/root-source";

/** A pool as a driver sees it. */
export interface PoolPlace {
  readonly name: string;
  /** storage-pools/NAME below the state folder: where the pool is, is mounted, or is linked from. */
  readonly path: string;
  /** Image file that the driver may make when the pool has no source. */
  readonly diskImage: string;
  readonly config: Config;
  /** Removes a tree, whatever a guest left in it; a missing one is not an error. @throws ApiError that names what is left */
  readonly removeTree: (folder: string) => Promise<void>;
  /** Told of what is of nobody and stays all the same: the next opening of the pool tries again. */
  readonly onLeft: (folder: string, error: unknown) => void;
}

/** A volume: the root of an instance, of a snapshot ("web/snap0") or of an image (its fingerprint). */
export interface Volume {
  readonly type: "containers" | "containers-snapshots" | "images";
  readonly name: string;
}

/** Mounts a root as that of an unprivileged container, for a moment. @throws when the host cannot do that */
export type TryRoot = (root: RootSource) => Promise<void>;

/**
 * Every call either does its work whole or leaves nothing: work happens under a temporary name and is renamed in place.
 * Callers serialise calls on one volume. A volume is its root; the folder around it belongs to the driver.
 */
export interface StorageDriver {
  readonly name: string;
  /** Says why this host cannot use the driver, or nothing when it can. @param scratch folder on the file system to judge */
  unavailable(scratch: string, tryRoot: TryRoot): Promise<string | undefined>;
  /** Makes the pool. @returns its configuration with what was filled in (source, size) */
  createPool(pool: PoolPlace): Promise<Config>;
  /** Makes the pool usable after a start of the host or the daemon; nothing to do when it is. */
  mountPool(pool: PoolPlace): Promise<void>;
  /** Undoes mountPool; for the shutdown of the daemon with its containers. */
  unmountPool(pool: PoolPlace): Promise<void>;
  /** Removes the pool with all that is in it, also one that was made or removed only in part. */
  deletePool(pool: PoolPlace): Promise<void>;
  resources(pool: PoolPlace): Promise<StoragePoolResources>;
  /** Finishes or removes unfinished work of a daemon that was killed. */
  sweep(pool: PoolPlace): Promise<void>;

  /** Makes a volume; `fill` gets its empty root folder, owned by root and with mode 0755, and puts the content there. */
  create(pool: PoolPlace, volume: Volume, fill: (rootPath: string) => Promise<void>): Promise<void>;
  /** Makes a volume from another of the same pool: image to instance, instance to instance or snapshot, snapshot to instance. */
  clone(pool: PoolPlace, from: Volume, to: Volume): Promise<void>;
  /** Puts an instance's root back to a snapshot's content, in one step that a crash cannot halve. */
  restore(pool: PoolPlace, snapshot: Volume, volume: Volume): Promise<void>;
  rename(pool: PoolPlace, from: Volume, to: Volume): Promise<void>;
  /** Removes a volume; a missing one is not an error. Volumes that were cloned from it stay whole. */
  delete(pool: PoolPlace, volume: Volume): Promise<void>;
  exists(pool: PoolPlace, volume: Volume): Promise<boolean>;
  /** Names of all volumes of a type. */
  list(pool: PoolPlace, type: Volume["type"]): Promise<string[]>;
  /** Where the root is; for the native layer. */
  root(pool: PoolPlace, volume: Volume): RootSource;
  /** Bytes that the volume holds beyond its image, or undefined when the driver cannot tell cheaply. */
  usage(pool: PoolPlace, volume: Volume): Promise<number | undefined>;
}
