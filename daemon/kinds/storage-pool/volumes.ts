/** Volumes: what instances, snapshots and images ask of storage pools. */
import { mkdtemp, rmdir } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../../sdk/api/common";
import { internal, notFound } from "../../../sdk/api/errors";
import type { RootSource } from "../../platform/native/root-source";
import { confined } from "../../platform/processes/confine";
import { run } from "../../platform/processes/run";
import type { PoolPlace, Volume, VolumeUsage } from "./driver";
import { copyCommand } from "./drivers/copy";
import { flush } from "./flush";
import type { StoragePoolHome } from "./home";
import type { FromImageOptions } from "./images";
import type { OpenPools } from "./open-pools";
import { type KnownVolumes, type Reconciled, reconcileVolumes } from "./reconcile";

const commandOf = ([program = "", ...args]: readonly string[]): [string, string[]] => [program, args];

const withKeys = (place: PoolPlace, keys: Config | undefined): PoolPlace =>
  keys === undefined ? place : { ...place, keysOf: () => keys };

/** Calls on a pool throw ApiError NOT_FOUND or UNAVAILABLE; all but `root` try first to open a pool that is unavailable. */
export class Volumes {
  constructor(
    private readonly home: StoragePoolHome,
    private readonly pools: OpenPools,
  ) {}

  /** @param fill puts content into the empty root @param size bytes that the volume may hold, as in `setSize` */
  createEmpty(
    pool: string,
    volume: Volume,
    size?: number,
    fill: (rootPath: string) => Promise<void> = async () => undefined,
  ): Promise<void> {
    return this.pools.fill(pool, (driver, place) => driver.create(place, volume, fill, size));
  }

  /** Makes a volume; `fill` gets its empty root folder and puts the content there. @param size as for createEmpty */
  createFilled(pool: string, volume: Volume, fill: (rootPath: string) => Promise<void>, size?: number): Promise<void> {
    return this.pools.fill(pool, (driver, place) => driver.create(place, volume, fill, size));
  }

  /** Makes a volume from an image; the image's volume in this pool is made first when it is not there, once for all who ask. */
  createFromImage(pool: string, fingerprint: string, volume: Volume, options: FromImageOptions): Promise<void> {
    return this.pools.fill(pool, (driver, place) =>
      this.pools.images.clone(driver, place, fingerprint, volume, options),
    );
  }

  /** Within one pool by its driver; across pools by a copy, for which the native layer mounts the source. @param size as for createEmpty */
  clone(from: { pool: string; volume: Volume }, to: { pool: string; volume: Volume }, size?: number): Promise<void> {
    return this.pools.fill(from.pool, (driver, place) => {
      if (from.pool === to.pool) return driver.clone(place, from.volume, to.volume, size);
      const copy = (rootPath: string) => this.#copyRoot(driver.root(place, from.volume), rootPath);
      return this.pools.fill(to.pool, (toDriver, toPlace) => toDriver.create(toPlace, to.volume, copy, size));
    });
  }

  async #copyRoot(root: RootSource, rootPath: string): Promise<void> {
    // Confined, so that no attribute of overlayfs that a privileged guest made for itself gets into a pool of overlays.
    const copy = (from: string) =>
      confined(...commandOf(copyCommand(from, rootPath)), { read: [from], write: rootPath, deviceNodes: true });
    if (root.type === "dir") {
      await run(...copy(root.path));
      return;
    }
    const at = await mkdtemp(path.join(this.home.dirs.scratch, "copy-"));
    try {
      await this.home.native.runWithRoot(root, at, copy(at).flat());
    } finally {
      await rmdir(at);
    }
  }

  restore(pool: string, snapshot: Volume, volume: Volume): Promise<void> {
    return this.pools.fill(pool, (driver, place) => driver.restore(place, snapshot, volume));
  }

  /** Brings a volume to the disk, before what it was copied from goes. */
  flush(pool: string, volume: Volume): Promise<void> {
    return this.pools.use(pool, async (driver, place) => {
      const root = driver.root(place, volume);
      await flush(root.type === "dir" ? root.path : root.upper, place.path);
    });
  }

  /** Renames a volume. Callers commit the new name after it: a crash between the two is settled by `reconcile`. */
  rename(pool: string, from: Volume, to: Volume): Promise<void> {
    return this.pools.use(pool, async (driver, place) => {
      this.pools.store.addRename(pool, { from, to });
      await driver.rename(place, from, to);
    });
  }

  delete(pool: string, volume: Volume): Promise<void> {
    return this.pools.use(pool, (driver, place) => driver.delete(place, volume));
  }

  list(pool: string, type: Volume["type"]): Promise<string[]> {
    return this.pools.use(pool, (driver, place) => driver.list(place, type));
  }

  /** Makes sure that a pool can be used; one that is unavailable is tried again. @throws ApiError NOT_FOUND, UNAVAILABLE */
  requirePool(pool: string): Promise<void> {
    return this.pools.use(pool, async () => undefined);
  }

  /** Whether the pool has a volume. @throws ApiError NOT_FOUND, UNAVAILABLE */
  isThere(pool: string, volume: Volume): Promise<boolean> {
    return this.pools.use(pool, (driver, place) => driver.exists(place, volume));
  }

  /** Makes sure that a volume can be used, before something is stopped or marked for its sake. @throws ApiError NOT_FOUND, UNAVAILABLE */
  async requireThere(pool: string, volume: Volume): Promise<void> {
    if (!(await this.isThere(pool, volume)))
      throw notFound(
        `Cannot use volume "${volume.name}": it is missing in storage pool "${pool}". Look into the folder of the pool.`,
      );
  }

  /** @throws ApiError NOT_FOUND, UNAVAILABLE */
  root(pool: string, volume: Volume): RootSource {
    const { driver, place } = this.pools.require(pool);
    return driver.root(place, volume);
  }

  /** Folder of a custom volume's content, whether or not the pool can be used now. @throws ApiError NOT_FOUND */
  customPath(pool: string, volume: Volume): string {
    const { driver, place } = this.pools.of(this.pools.record(pool));
    const root = driver.root(place, volume);
    if (root.type !== "dir") throw internal(`Cannot use volume "${volume.name}": it is no folder.`);
    return root.path;
  }

  usage(pool: string, volume: Volume): Promise<VolumeUsage | undefined> {
    return this.pools.use(pool, (driver, place) => driver.usage(place, volume));
  }

  /** Whether a volume has a size that counts no subvolume in it, so that whoever uses it may make none. */
  mustStayWhole(pool: string, volume: Volume): Promise<boolean> {
    return this.pools.use(
      pool,
      async (driver, place) => driver.hasSubvolumes && (await driver.usage(place, volume))?.total !== undefined,
    );
  }

  /** Whether a copy of a volume within its pool takes about as long as to read it whole. @throws ApiError NOT_FOUND, UNAVAILABLE */
  copiesWhole(pool: string, volume: Volume): Promise<boolean> {
    return this.pools.use(pool, async (driver, place) => (await driver.copiesWhole?.(place, volume)) ?? false);
  }

  /** Why volumes of a pool cannot be bounded on this host, or nothing when they can. */
  cannotBound(pool: string): Promise<string | undefined> {
    return this.pools.use(pool, (driver, place) => driver.cannotBound(place));
  }

  /**
   * Size of a volume that is to hold one file of some bytes, in a pool whose volumes all have a size; nothing in others. A file system takes some for
   * itself. @throws ApiError NOT_FOUND
   */
  roomForFile(pool: string, bytes: number): number | undefined {
    const { driver } = this.pools.of(this.pools.record(pool));
    return driver.isAlwaysBounded ? Math.ceil(bytes * 1.03) + 64 * 2 ** 20 : undefined;
  }

  /**
   * Bounds what a volume may hold; see StorageDriver.setSize. Callers serialise the calls on one volume.
   * @param keys configuration that the volume is to have, where that changes too
   */
  setSize(pool: string, volume: Volume, size: number | undefined, isInUse: boolean, keys?: Config): Promise<boolean> {
    return this.pools.fill(pool, (driver, place) => driver.setSize(withKeys(place, keys), volume, size, isInUse));
  }

  /** Brings a custom volume in line with the configuration that it is to have. @throws ApiError BAD_REQUEST */
  follow(pool: string, volume: Volume, keys: Config): Promise<void> {
    return this.pools.fill(pool, async (driver, place) => driver.follow?.(withKeys(place, keys), volume));
  }

  /** Drops the volumes of a deleted image from every pool, from one that is unavailable when it opens; containers made of it stay whole. */
  async forgetImage(fingerprint: string): Promise<void> {
    for (const { name } of this.pools.list()) {
      if (!this.pools.isAvailable(name)) this.pools.images.disown(name, fingerprint);
      else
        try {
          await this.pools.use(name, (driver, place) => this.pools.images.forget(driver, place, fingerprint));
        } catch (error) {
          // A pool that was deleted meanwhile took its volumes along.
          if (this.pools.list().some((pool) => pool.name === name)) throw error;
        }
    }
  }

  /**
   * Brings unfinished renames in line with the database after a crash, and tells which volumes are missing and which are of nobody.
   * @param known all volumes of some types that the database has in this pool
   */
  reconcile(pool: string, known: KnownVolumes): Promise<Reconciled> {
    return this.pools.use(pool, async (driver, place) => {
      const renames = this.pools.store.renames(pool).filter(({ from }) => known[from.type] !== undefined);
      const result = await reconcileVolumes(driver, place, known, renames);
      for (const type of new Set(renames.map(({ from }) => from.type))) this.pools.store.deleteRenames(pool, type);
      return result;
    });
  }
}
