/** Custom volumes: what is made, changed and deleted for itself in a pool, and given to instances as disks. */
import type { Config } from "../../../sdk/api/common";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { StorageVolumePut } from "../../../sdk/api/storage-volume";
import type { Ref } from "../../core/ref";
import { urlOf } from "../../core/ref";
import type { Reference } from "../../core/references/store";
import { Revert } from "../../core/revert";
import { isDuplicate } from "../../platform/database/database";
import type { Volume } from "../storage-pool/driver";
import { boundOf, fillNew, growBlock } from "./content";
import type { StorageVolumeHome } from "./home";
import { changedConfig, isOfDriver, keysLeftBehind, newConfig } from "./keys";
import {
  refOf,
  snapshotVolumeOf,
  type VolumeId,
  type VolumeRecord,
  volumeNotFound,
  volumeOf,
  volumeTaken,
} from "./record";
import { VolumeSnapshotService } from "./snapshot/service";
import { StorageVolumeStore } from "./store";
import { VolumeReaders } from "./volume-readers";

export class StorageVolumeService {
  readonly store: StorageVolumeStore;
  readonly snapshots: VolumeSnapshotService;
  /** Those who pack and send contents. */
  readonly readers: VolumeReaders;

  constructor(readonly home: StorageVolumeHome) {
    this.store = new StorageVolumeStore(home.database, home.references);
    this.snapshots = new VolumeSnapshotService(home, this);
    this.readers = new VolumeReaders(this);
  }

  /** Where the volumes lie that a project sees. */
  homeOf(project: string): string {
    return this.home.projects.homeOf("storage.volumes", project);
  }

  /** A volume as a project sees it. */
  idFor(project: string, pool: string, name: string): VolumeId {
    return { project: this.homeOf(project), pool, name };
  }

  /** All that volumes and their snapshots refer to. */
  said(): Reference[] {
    return [...this.store.said(), ...this.snapshots.said()];
  }

  find(id: VolumeId): VolumeRecord | undefined {
    return this.store.find(id);
  }

  /** @throws ApiError NOT_FOUND for pool or volume */
  record(id: VolumeId): VolumeRecord {
    this.home.storagePools.record(id.pool);
    const record = this.store.find(id);
    if (record === undefined) throw notFound(volumeNotFound);
    return record;
  }

  /** The instances and profiles that have it. */
  usersOf(id: VolumeId): Ref[] {
    return this.home.references.to(refOf(id));
  }

  /** What is locked while the content of a volume is changed or copied: those who have it as well, so that none starts or ends meanwhile. */
  lockedWith(id: VolumeId): Ref[] {
    return [refOf(id), ...this.usersOf(id).filter(({ kind }) => kind === "instance")];
  }

  /** Folder of the content. @throws ApiError NOT_FOUND for the pool */
  pathOf(id: VolumeId): string {
    return this.home.volumes.customPath(id.pool, volumeOf(id));
  }

  /** Makes sure that it can be used now. @throws ApiError NOT_FOUND, UNAVAILABLE */
  requireUsable(id: VolumeId): Promise<void> {
    return this.home.volumes.requireThere(id.pool, volumeOf(id));
  }

  /** Configuration of a new volume: what is given, then what the pool says. @throws ApiError BAD_REQUEST */
  configFor(pool: string, contentType: VolumeRecord["contentType"], given: Config): Config {
    return newConfig(this.home.storagePools.record(pool), contentType, given);
  }

  /** The same of one that comes from elsewhere, without what only volumes of other drivers have. @throws ApiError BAD_REQUEST */
  configOfCopy(pool: string, contentType: VolumeRecord["contentType"], given: Config): Config {
    const left = this.keysLeftBehind(pool, given);
    return this.configFor(
      pool,
      contentType,
      Object.fromEntries(Object.entries(given).filter(([key]) => !left.includes(key))),
    );
  }

  /** What only volumes of other drivers have of a configuration. */
  keysLeftBehind(pool: string, config: Config): string[] {
    return keysLeftBehind(this.home.storagePools.record(pool), config);
  }

  /** @throws ApiError CONFLICT; also when the pool has files of that name that nobody knows, which nobody touches */
  async requireFree(id: VolumeId): Promise<void> {
    if (this.store.isTaken(id)) throw conflict(volumeTaken);
    if (await this.home.volumes.isThere(id.pool, volumeOf(id)))
      throw conflict(
        `Cannot create volume "${id.name}": storage pool "${id.pool}" holds files of that name (${volumeOf(id).name}) that no volume is known of. Move them away, or choose another name.`,
      );
  }

  /** Makes a volume. @param fill puts its content there, or it is a new one @param also changes what changes with it, in one transaction @throws ApiError */
  async create(record: VolumeRecord, fill?: (volume: Volume) => Promise<void>, also?: () => void): Promise<void> {
    await this.requireFree(record);
    this.#reserve(record);
    try {
      const { pool } = record;
      if (fill === undefined)
        await this.home.volumes.createEmpty(
          pool,
          volumeOf(record),
          boundOf(this.home.volumes, record),
          fillNew(record),
        );
      else await fill(volumeOf(record));
      this.home.database.transaction(() => {
        this.store.confirm(record);
        also?.();
      });
    } catch (error) {
      await this.erasePending(record);
      throw error;
    }
  }

  /** What a volume is refused for before anything is made. @throws ApiError */
  async requireCreatable(record: VolumeRecord): Promise<void> {
    await this.requireFree(record);
    this.#requireAllowed(record);
  }

  #requireAllowed(record: VolumeRecord): void {
    this.home.projects.require(record.project);
    this.home.projects.allowVolume(record.project, record, true);
    this.home.storagePools.record(record.pool);
  }

  #reserve(record: VolumeRecord): void {
    // In one go with the row: two volumes at the same time must not come to too much together.
    this.#requireAllowed(record);
    try {
      this.store.insertPending(record);
    } catch (error) {
      if (isDuplicate(error)) throw conflict(volumeTaken);
      throw error;
    }
  }

  /** Replaces the mutable part. @throws ApiError BAD_REQUEST */
  async update(id: VolumeId, put: Pick<StorageVolumePut, "description" | "config">): Promise<void> {
    const before = this.record(id);
    const config = changedConfig(this.home.storagePools.record(id.pool), before, put.config);
    const after: VolumeRecord = { ...before, description: put.description, config };
    using _claim = this.home.projects.claimVolume(id.project, after);
    await using undo = new Revert(this.home.log);
    if (isOfDriver(before.config, config)) {
      await this.requireUsable(id);
      undo.add(() => this.home.volumes.follow(id.pool, volumeOf(id), before.config));
      await this.home.volumes.follow(id.pool, volumeOf(id), config);
    }
    if (config.size !== before.config.size) await this.#resize(after);
    this.store.update(after);
    undo.keep();
  }

  async #resize(after: VolumeRecord): Promise<void> {
    const { volumes, volumeUsers } = this.home;
    await this.requireUsable(after);
    if (after.contentType === "block") return growBlock(this.home, after);
    const isDone = await volumes.setSize(
      after.pool,
      volumeOf(after),
      boundOf(volumes, after),
      volumeUsers.isRunning(after),
      after.config,
    );
    if (!isDone)
      throw badRequest(
        `Cannot change the size of volume "${after.name}": a running container has it, and storage pool "${after.pool}" cannot do that meanwhile. Stop the container, or take the volume off it.`,
      );
  }

  /** @throws ApiError BAD_REQUEST while a running instance has it */
  requireAtRest(id: VolumeId): void {
    if (this.home.volumeUsers.isRunning(id)) throw badRequest("Volume is still in use by running instances");
  }

  /** Gives it another name, or another project. Devices that name it follow. @throws ApiError NOT_FOUND, CONFLICT, BAD_REQUEST */
  async rename(from: VolumeId, to: VolumeId): Promise<void> {
    const { config } = this.record(from);
    await this.requireFree(to);
    if (to.project !== from.project) this.home.projects.allowVolume(to.project, { ...to, config }, true);
    this.requireAtRest(from);
    const { database, log, volumeBackups, volumes, volumeUsers } = this.home;
    await using undo = new Revert(log);
    const move = async (was: Volume, is: Volume) => {
      await volumes.rename(from.pool, was, is);
      undo.add(() => volumes.rename(from.pool, is, was));
    };
    for (const snapshot of this.snapshots.names(from))
      await move(snapshotVolumeOf(from, snapshot), snapshotVolumeOf(to, snapshot));
    await move(volumeOf(from), volumeOf(to));
    database.transaction(() => {
      this.home.projects.require(to.project);
      this.store.rename(from, to);
      this.snapshots.volumeRenamed(from, to);
      volumeBackups.volumeRenamed(from, to);
      volumeUsers.moved(from, to);
    });
    undo.keep();
    await volumeBackups.settleRenames();
  }

  /** @throws ApiError BAD_REQUEST while somebody has it as a disk */
  requireUnused(id: VolumeId): void {
    if (this.usersOf(id).length === 0) return;
    const users = this.usersOf(id)
      .slice(0, 3)
      .map((user) => urlOf(user));
    throw badRequest(`The storage volume is still in use. Take it off ${users.join(", ")} first.`);
  }

  /** Deletes it with its snapshots. @param told of each snapshot @throws ApiError NOT_FOUND, BAD_REQUEST */
  async delete(id: VolumeId, told: (snapshot: string) => void): Promise<void> {
    const record = this.record(id);
    this.requireUnused(id);
    await this.readers.end(id);
    // From here on it is gone for everyone; a crash leaves the rest to the next start.
    this.store.markPending(id);
    try {
      for (const snapshot of this.snapshots.names(id)) {
        await this.snapshots.erase(id, snapshot);
        told(snapshot);
      }
      await this.#erase(record);
    } catch (error) {
      // It is there to be deleted again.
      if (this.store.isTaken(id)) this.store.confirm(id);
      throw error;
    }
  }

  /** Takes away what was half made or half deleted, snapshots first. */
  async erasePending(record: VolumeRecord): Promise<void> {
    for (const snapshot of this.snapshots.names(record)) await this.snapshots.erase(record, snapshot);
    await this.#erase(record);
  }

  async #erase(record: VolumeRecord): Promise<void> {
    await this.home.volumeBackups.eraseAll(record);
    if (this.isPoolKnown(record.pool)) await this.home.volumes.delete(record.pool, volumeOf(record));
    this.store.delete(record);
  }

  /** Whether the database still has a pool; one that it has not holds no volume to remove. */
  isPoolKnown(pool: string): boolean {
    return this.home.storagePools.records().some(({ name }) => name === pool);
  }
}
