/** Open pools: which pools can be used, from the daemon's start to its end, and every call on them; for pools and volumes alike. */
import path from "node:path";
import { notFound, unavailable } from "../../../sdk/api/errors";
import { ref, urlOf } from "../../core/ref";
import { toApiError } from "../../platform/errors";
import { fileNameOf } from "../../platform/folders/file-name";
import { isDeviceError, isReadonly } from "../../platform/folders/files";
import { labelFolder } from "../../platform/selinux/labels";
import type { PoolPlace, StorageDriver, Volume } from "./driver";
import { drivers } from "./drivers";
import type { StoragePoolHome } from "./home";
import { PoolImages } from "./images";
import { type StoragePoolRecord, StoragePoolStore } from "./store";

interface OpenPool {
  readonly driver: StorageDriver;
  readonly place: PoolPlace;
}

type PoolWork<T> = (driver: StorageDriver, place: PoolPlace) => Promise<T>;

export class OpenPools {
  readonly store: StoragePoolStore;
  readonly images: PoolImages;
  /** Why a pool cannot be used, by name. */
  readonly #unavailable = new Map<string, string>();
  /** Calls under way, by pool: the end of each, and whether it makes something. */
  readonly #calls = new Map<string, Map<Promise<void>, boolean>>();
  /** Pools that are being deleted, with the end of that. */
  readonly #closing = new Map<string, Promise<void>>();
  /** Pools in which something is left that could not be removed. */
  readonly #left = new Set<string>();
  /** Pools with a volume that cannot be used. */
  readonly #closed = new Set<string>();

  constructor(private readonly home: StoragePoolHome) {
    this.store = new StoragePoolStore(home.database);
    this.images = new PoolImages(home, this.store);
  }

  list(): StoragePoolRecord[] {
    return this.store.list().filter(({ state }) => state === "created");
  }

  /** @throws ApiError NOT_FOUND, also while the pool is being made or deleted */
  record(name: string): StoragePoolRecord {
    const record = this.store.find(name);
    if (record?.state !== "created") throw notFound("Storage pool not found");
    return record;
  }

  isAvailable(name: string): boolean {
    return !this.#unavailable.has(name);
  }

  placeOf({ name, config }: StoragePoolRecord): PoolPlace {
    const { dirs, native } = this.home;
    return {
      name,
      config,
      path: dirs.pool(name),
      keysOf: (volume) => this.home.volumeKeys(name, volume),
      diskImage: path.join(dirs.disks, `${fileNameOf(name)}.img`),
      run: (command) => native.run(command),
      removeTree: (folder) => native.removeTree(folder),
      folderProject: (folder, change) => native.folderProject(folder, change),
      onNote: (note) => this.home.log.debug(note, { pool: name }),
      onLeft: (folder, error) => this.#noteLeft(name, folder, error),
      onClosed: (volume, error) => this.#noteClosed(name, volume, error),
    };
  }

  #noteClosed(pool: string, volume: Volume, error: unknown): void {
    this.#closed.add(pool);
    const message = `Cannot open the volume "${volume.name}" in storage pool "${pool}"`;
    this.home.warnings.record("volumeUnavailable", { message, entity: poolUrl(pool), error });
  }

  #noteLeft(pool: string, folder: string, error: unknown): void {
    this.#left.add(pool);
    const message = `Storage pool "${pool}" keeps "${folder}", which is of nobody any more; the next start tries again`;
    this.home.warnings.record("leftover", { message, entity: poolUrl(pool), error });
  }

  /** Driver and place of a pool, whether or not it is available. */
  of(record: StoragePoolRecord): OpenPool {
    const driver = drivers[record.driver];
    if (driver === undefined)
      throw unavailable(`Cannot open storage pool "${record.name}": this daemon has no driver "${record.driver}".`);
    return { driver, place: this.placeOf(record) };
  }

  /** @throws ApiError NOT_FOUND, UNAVAILABLE */
  require(name: string): OpenPool {
    const record = this.record(name);
    const cause = this.#unavailable.get(name);
    if (cause !== undefined) throw unavailable(`Cannot use storage pool "${name}": it is unavailable. ${cause}`);
    return this.of(record);
  }

  /** Runs a call on a pool; one that was unavailable is tried again first. @throws ApiError NOT_FOUND, UNAVAILABLE */
  use<T>(name: string, work: PoolWork<T>): Promise<T> {
    return this.#run(name, false, work);
  }

  /** Runs a call that makes something in a pool, which is therefore in use meanwhile. @throws as `use` does */
  fill<T>(name: string, work: PoolWork<T>): Promise<T> {
    return this.#run(name, true, work);
  }

  async #run<T>(name: string, fills: boolean, work: PoolWork<T>): Promise<T> {
    // Whether a pool that is being deleted goes is known at the end of that.
    while (this.#closing.has(name)) await this.#closing.get(name);
    const record = this.record(name);
    const opened = async () => {
      if (!this.isAvailable(name)) await this.home.locks.run(`storage-pool/${name}/open`, () => this.#open(record));
      const { driver, place } = this.require(name);
      return work(driver, place);
    };
    const calls = this.#calls.get(name) ?? new Map();
    this.#calls.set(name, calls);
    const call = opened().catch((error: unknown) => {
      if (!isReadonly(error) && !isDeviceError(error)) throw error;
      // The kernel may have closed it after an error. Where it can be opened anew, it is.
      this.#noteUnavailable(name, error);
      return opened();
    });
    const end = settled(call);
    calls.set(end, fills);
    try {
      return await call;
    } finally {
      calls.delete(end);
      if (calls.size === 0) this.#calls.delete(name);
    }
  }

  /** Makes every pool usable, and finishes what an earlier daemon left undone. A pool that fails is logged and unavailable. */
  async openAll(): Promise<void> {
    for (const record of this.store.list())
      if (record.state === "created") await this.#open(record);
      else await this.removeUnfinished(record);
  }

  async #open(record: StoragePoolRecord): Promise<void> {
    try {
      const { driver, place } = this.of(record);
      this.#left.delete(record.name);
      this.#closed.delete(record.name);
      await driver.mountPool(place);
      await labelFolder(place.path);
      await driver.sweep(place);
      await this.images.reconcile(driver, place);
      if (!this.#left.has(record.name)) this.home.warnings.resolve("leftover", poolUrl(record.name));
      if (!this.#closed.has(record.name)) this.home.warnings.resolve("volumeUnavailable", poolUrl(record.name));
      this.#unavailable.delete(record.name);
      this.home.warnings.resolve("poolUnavailable", poolUrl(record.name));
    } catch (error) {
      this.#noteUnavailable(record.name, error);
    }
  }

  #noteUnavailable(name: string, error: unknown): void {
    const message = `Cannot open storage pool "${name}"`;
    this.home.warnings.record("poolUnavailable", { message, entity: poolUrl(name), error });
    this.#unavailable.set(name, toApiError(error).message);
  }

  /** Removes a pool that was made or deleted in part; what cannot be removed now is tried again at the next start. */
  async removeUnfinished(record: StoragePoolRecord): Promise<void> {
    try {
      const { driver, place } = this.of(record);
      await driver.deletePool(place);
      this.store.delete(record.name);
    } catch (error) {
      const message = `Cannot remove unfinished storage pool "${record.name}"`;
      this.home.warnings.record("leftover", { message, entity: poolUrl(record.name), error });
    }
  }

  /** Unmounts every pool; for a shutdown that has stopped the containers. */
  async closeAll(): Promise<void> {
    for (const record of this.list()) {
      try {
        const { driver, place } = this.of(record);
        await driver.unmountPool(place);
      } catch (error) {
        this.home.log.error(`Cannot close storage pool "${record.name}"`, { error });
      }
    }
  }

  /**
   * Runs the work that deletes a pool. Calls under way that remove or read come to their end first; nobody begins one meanwhile.
   * @throws the given error when one makes something, and whatever the work throws
   */
  async close(name: string, inUse: () => Error, work: PoolWork<void>): Promise<void> {
    for (let calls = this.#calls.get(name); calls !== undefined; calls = this.#calls.get(name)) {
      if ([...calls.values()].includes(true)) throw inUse();
      await Promise.all(calls.keys());
    }
    if (this.#closing.has(name)) throw inUse();
    const { driver, place } = this.of(this.record(name));
    const closing = work(driver, place);
    this.#closing.set(name, settled(closing));
    try {
      await closing;
      this.#unavailable.delete(name);
    } finally {
      this.#closing.delete(name);
    }
  }
}

const settled = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => undefined,
    () => undefined,
  );

const poolUrl = (pool: unknown) => urlOf(ref("storage-pool", String(pool)));
