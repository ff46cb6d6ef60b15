/** Storage pools: their rules. What is in them is asked of volumes.ts. */

import type { Config } from "../../../sdk/api/common";
import { lxdPoolKeys } from "../../../sdk/api/config/lxd-words";
import { storagePoolKeys } from "../../../sdk/api/config/storage-pool";
import { findRow } from "../../../sdk/api/config/table";
import { badRequest, conflict, unavailable } from "../../../sdk/api/errors";
import type {
  StoragePool,
  StoragePoolPut,
  StoragePoolResources,
  StoragePoolsPost,
} from "../../../sdk/api/storage-pool";
import { diskBase, hasUsersIds, rangeSize } from "../../../sdk/host/own-ids";
import { isInUserNamespace } from "../../../sdk/host/user-namespace";
import type { Call } from "../../core/call";
import { changedKeys, withoutEmpty } from "../../core/merge";
import { ref, urlOf } from "../../core/ref";
import { requireConfig } from "../../core/validate";
import { toApiError } from "../../platform/errors";
import { isThere } from "../../platform/folders/files";
import { ownIds } from "../../platform/native/index";
import type { RootSource } from "../../platform/native/root-source";
import { labelFolder } from "../../platform/selinux/labels";
import type { StorageDriver } from "./driver";
import { drivers } from "./drivers";
import { isOnBtrfs } from "./drivers/btrfs-host";
import { type PoolScan, sourceOfFound, whileFound } from "./found-pool";
import type { StoragePoolHome } from "./home";
import { fingerprintOf } from "./images";
import type { OpenPools } from "./open-pools";
import type { StoragePoolRecord } from "./store";

export class StoragePoolService {
  constructor(
    private readonly home: StoragePoolHome,
    private readonly pools: OpenPools,
  ) {}

  list(): StoragePool[] {
    return this.pools.list().map((record) => this.#render(record));
  }

  /** The stored pools, without who uses them. */
  records(): StoragePoolRecord[] {
    return this.pools.list();
  }

  /** The same with those that are half made or half deleted. */
  allRecords(): StoragePoolRecord[] {
    return this.pools.store.list();
  }

  /** Fingerprints of the images that a pool holds unpacked. */
  imagesIn(pool: string): string[] {
    return this.pools.store.images(pool).map(fingerprintOf);
  }

  /** @throws ApiError NOT_FOUND */
  get(_call: Call, name: string): StoragePool {
    return this.#render(this.record(name));
  }

  /** The stored pool, without who uses it. @throws ApiError NOT_FOUND */
  record(name: string): StoragePoolRecord {
    return this.pools.record(name);
  }

  /** Drivers whose pools this host can carry on the file system of the state folder; of the others the log says why not. */
  async availableDrivers(): Promise<string[]> {
    const asked = Object.keys(drivers).map(async (name) => ({ name, reason: await this.#unavailable(name) }));
    const answers = await Promise.all(asked);
    for (const { name, reason } of answers)
      if (reason !== undefined) this.home.log.info("A storage driver is not available", { driver: name, reason });
    return answers.filter(({ reason }) => reason === undefined).map(({ name }) => name);
  }

  /** Driver that suits the file system of the state folder best, for the pool that a first start makes; a warning says why a better one is passed over. */
  async defaultDriver(): Promise<string> {
    const onBtrfs = !isInUserNamespace() && (await isOnBtrfs(this.home.dirs.root));
    for (const name of onBtrfs ? ["btrfs", "overlay"] : ["overlay"]) {
      const reason = await this.#unavailable(name);
      if (reason === undefined) return name;
      const message = `The default storage pool does without the driver "${name}": ${reason}`;
      this.home.warnings.record("storageDriver", { message });
    }
    return "dir";
  }

  /** @throws ApiError UNAVAILABLE when the host lets us mount no root of any kind, not even one of a privileged container */
  async requireRoots(): Promise<void> {
    try {
      const path = this.home.dirs.scratch;
      await this.home.native.getFile({ root: { type: "dir", path }, ids: undefined }, "/");
    } catch (error) {
      throw unavailable(
        `Cannot make containers on this host: ${toApiError(error).message} See "bothy doctor" for what it lacks.`,
        { cause: error },
      );
    }
  }

  /** Of all drivers only those that keep folders mount no file system of their own, which takes the host's root. */
  async #whyNot(driver: StorageDriver | undefined, folder: string): Promise<string | undefined> {
    if (isInUserNamespace() && !["dir", "overlay"].includes(driver?.name ?? ""))
      return "this daemon is not the host's root, and can mount no file system of a pool's. Use overlay or dir";
    return driver?.unavailable(folder, this.#tryRoot);
  }

  /** A driver that cannot even be tried, as on a full disk, is not available now. */
  async #unavailable(driver: string): Promise<string | undefined> {
    try {
      return await this.#whyNot(drivers[driver], this.home.dirs.scratch);
    } catch (error) {
      return toApiError(error).message;
    }
  }

  /** Asks bothy-cell for the root folder, which it has to mount for that. */
  readonly #tryRoot = async (root: RootSource): Promise<void> => {
    const ids = hasUsersIds ? ownIds : { hostBase: diskBase || 100_000, count: rangeSize };
    await this.home.native.getFile({ root, ids }, "/");
  };

  /** @throws ApiError BAD_REQUEST when the host lacks what the driver needs, CONFLICT when the name is taken */
  async create({ isDryRun }: Call, post: StoragePoolsPost): Promise<void> {
    const { name } = post;
    const refuse = (cause: string) => badRequest(`Cannot create storage pool "${name}": ${cause}`);
    const driver = Object.hasOwn(drivers, post.driver) ? drivers[post.driver] : undefined;
    if (driver === undefined)
      throw refuse(`unknown driver "${post.driver}". Use one of ${Object.keys(drivers).join(", ")}.`);
    requireConfig(storagePoolKeys[driver.name] ?? {}, post.config, lxdPoolKeys);
    if (this.pools.store.find(name) !== undefined)
      throw conflict(`Cannot create storage pool "${name}": The storage pool already exists`);
    const config = withoutEmpty(post.config);
    const record: StoragePoolRecord = { ...post, config, state: "creating" };
    const place = this.pools.placeOf(record);
    const other = this.pools.store
      .list()
      .find((pool) => config.source !== undefined && pool.config.source === config.source);
    if (other !== undefined) throw refuse(`the source "${config.source}" is that of storage pool "${other.name}".`);
    for (const file of [place.path, place.diskImage])
      if (await isThere(file)) throw refuse(`"${file}" is there already. Move or remove it, or choose another name.`);
    const requireAvailable = async (folder: string) => {
      const reason = await this.#whyNot(driver, folder);
      if (reason === undefined) return;
      this.home.log.warning("A storage driver that was asked for is not available", { driver: driver.name, reason });
      throw refuse(`${reason}. See "bothy doctor".`);
    };
    await requireAvailable(this.home.dirs.scratch);
    if (isDryRun) return;
    this.pools.store.insert(record);
    try {
      const made = await driver.createPool(place);
      await labelFolder(place.path);
      if (config.source !== undefined) await requireAvailable(place.path);
      this.pools.store.update({ ...record, config: made, state: "created" });
    } catch (error) {
      await this.pools.removeUnfinished(record);
      throw error;
    }
  }

  /** Changes description and keys. Keys that the daemon filled in stay when they are absent. @throws ApiError BAD_REQUEST */
  async update(_call: Call, name: string, put: StoragePoolPut): Promise<void> {
    const before = this.record(name);
    const table = storagePoolKeys[before.driver] ?? {};
    requireConfig(table, put.config, lxdPoolKeys);
    const isFilled = (key: string) => findRow(table, key)?.computed === true;
    const kept = Object.entries(before.config).filter(([key]) => isFilled(key) && !put.config[key]);
    const config: Config = { ...withoutEmpty(put.config), ...Object.fromEntries(kept) };
    const changed = changedKeys(before.config, config).filter((key) => findRow(table, key)?.applies !== "now");
    if (changed.length > 0)
      throw badRequest(
        `Cannot update storage pool "${name}": "${changed.join('", "')}" cannot be changed. Create another pool instead.`,
        { details: { issues: changed.map((key) => ({ path: `config.${key}`, message: "cannot be changed" })) } },
      );
    if (changedKeys(before.config, config).some((key) => !key.startsWith("user.")))
      await this.pools.use(name, (driver, place) => driver.changePool(place, config));
    this.pools.store.update({ ...before, description: put.description, config });
  }

  /**
   * Removes the pool with the image volumes in it, after the calls that remove something in it.
   * @throws ApiError BAD_REQUEST while anything else uses it
   */
  async delete(_call: Call, name: string): Promise<void> {
    const inUse = () => badRequest("The storage pool is currently in use");
    const record = this.record(name);
    const isUsed = () => this.#usedBy(name).some((url) => !url.startsWith("/1.0/images/"));
    if (isUsed()) throw inUse();
    await this.pools.close(name, inUse, async (driver, place) => {
      // Those of instances that are being made are not in the database yet.
      const types = ["containers", "containers-snapshots", "custom", "custom-snapshots"] as const;
      const lists = types.map((type) => driver.list(place, type));
      if (this.pools.isAvailable(name) && (await Promise.all(lists)).flat().length > 0) throw inUse();
      // Somebody may have begun meanwhile.
      if (isUsed()) throw inUse();
      this.pools.store.update({ ...record, state: "deleting" });
      try {
        await driver.deletePool(place);
      } catch (error) {
        this.pools.store.update(record);
        throw error;
      }
      this.pools.store.delete(name);
    });
  }

  /**
   * Runs work on a pool as it is on disk, also on one that the database does not know.
   * @throws ApiError NOT_FOUND "Failed mounting pool", and what the work throws
   */
  whileOpen<T>(post: StoragePoolsPost, work: PoolScan<T>): Promise<T> {
    if (this.pools.store.find(post.name) !== undefined)
      return this.pools.use(post.name, (driver, place) => work((type) => driver.list(place, type), place.path));
    return whileFound(this.pools.placeOf({ ...post, state: "created" }), post.driver, work);
  }

  /** Makes a pool known that is on disk; nothing to do for one that is. @throws ApiError as `whileOpen` */
  async adopt(post: StoragePoolsPost): Promise<void> {
    if (this.pools.store.find(post.name) !== undefined) return;
    const config = withoutEmpty(post.config);
    const source = await sourceOfFound(this.pools.placeOf({ ...post, config, state: "created" }));
    const record: StoragePoolRecord = { ...post, config: { ...config, source }, state: "created" };
    await whileFound(this.pools.placeOf(record), post.driver, async () => this.pools.store.insert(record), true);
    await this.pools.use(post.name, async () => undefined);
  }

  resources(name: string): Promise<StoragePoolResources> {
    return this.pools.use(name, (driver, place) => driver.resources(place));
  }

  /** Makes every pool usable when the daemon starts, and finishes what an earlier one left undone. A pool that fails is logged and unavailable. */
  startAll(): Promise<void> {
    return this.pools.openAll();
  }

  /** Unmounts every pool; for a shutdown that has stopped the containers. */
  stopAll(): Promise<void> {
    return this.pools.closeAll();
  }

  #render({ name, description, driver, config }: StoragePoolRecord): StoragePool {
    const status = this.pools.isAvailable(name) ? "Created" : "Unavailable";
    return { name, description, driver, config, status, used_by: this.#usedBy(name), locations: ["none"] };
  }

  #usedBy(pool: string): string[] {
    const images = new Set(this.pools.store.images(pool).map(fingerprintOf));
    return [
      ...this.home.images.urls(images),
      ...this.home.references.to(ref("storage-pool", pool)).map(urlOf),
      ...this.home.snapshots.urlsIn(pool),
    ].sort();
  }
}
