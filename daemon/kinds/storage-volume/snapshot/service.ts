/** Snapshots of custom volumes: their content as it was, and the way back. */
import { randomBytes } from "node:crypto";
import { never, SnapshotName } from "../../../../sdk/api/common";
import { storageVolumeConfig } from "../../../../sdk/api/config/storage-volume";
import { badRequest, conflict, notFound } from "../../../../sdk/api/errors";
import type { VolumeSnapshot, VolumeSnapshotPut } from "../../../../sdk/api/storage-volume";
import { expiryTime } from "../../../core/expiry-time";
import type { Reference } from "../../../core/references/store";
import { requireName } from "../../../core/validate";
import { isDuplicate } from "../../../platform/database/database";
import { nowText, timeText } from "../../../platform/time";
import { nameByPattern } from "../../snapshot/naming";
import type { Volume } from "../../storage-pool/driver";
import type { StorageVolumeHome } from "../home";
import { snapshotVolumeOf, type VolumeId, type VolumeRecord, volumeNotFound, volumeOf } from "../record";
import { type VolumeSnapshotRecord, VolumeSnapshotStore } from "./store";

/** What snapshots ask of the volumes that they are of. */
interface VolumePort {
  record(id: VolumeId): VolumeRecord;
  isPoolKnown(pool: string): boolean;
}

const defaultPattern = "snap%d";

export class VolumeSnapshotService {
  readonly #store: VolumeSnapshotStore;

  constructor(
    private readonly home: StorageVolumeHome,
    private readonly volumes: VolumePort,
  ) {
    this.#store = new VolumeSnapshotStore(home.database, home.references);
  }

  said(): Reference[] {
    return this.#store.said();
  }

  /** Names of a volume's snapshots, those half made included. */
  names(volume: VolumeId): string[] {
    return this.#store.allNames(volume);
  }

  /** Those of a volume, oldest first. */
  records(volume: VolumeId): VolumeSnapshotRecord[] {
    return this.#store.list(volume);
  }

  /** @throws ApiError NOT_FOUND */
  record(volume: VolumeId, name: string): VolumeSnapshotRecord {
    this.volumes.record(volume);
    const record = this.#store.find(volume, name);
    if (record === undefined) throw notFound(volumeNotFound);
    return record;
  }

  /** @throws ApiError NOT_FOUND */
  get(volume: VolumeId, name: string): VolumeSnapshot {
    const { contentType } = this.volumes.record(volume);
    return { ...shown(this.record(volume, name)), content_type: contentType };
  }

  /** As LXD lists them: with the volume's name before theirs. */
  list(volume: VolumeId): VolumeSnapshot[] {
    const { contentType } = this.volumes.record(volume);
    return this.records(volume).map((record) => ({
      ...shown(record),
      name: `${volume.name}/${record.name}`,
      content_type: contentType,
    }));
  }

  /** The name of a snapshot without one. */
  freeName(volume: VolumeId): string {
    const pattern = storageVolumeConfig(this.volumes.record(volume).config).get("snapshots.pattern");
    return nameByPattern(pattern ?? defaultPattern, this.#store.allNames(volume), new Date());
  }

  /** @throws ApiError NOT_FOUND, CONFLICT, BAD_REQUEST */
  requirePossible(volume: VolumeId, name: string): void {
    this.volumes.record(volume);
    this.home.projects.allowSnapshot(volume.project);
    requireName("snapshot", SnapshotName, name);
    this.requireFree(volume, name);
  }

  /** @throws ApiError CONFLICT */
  requireFree(volume: VolumeId, name: string): void {
    if (this.#store.allNames(volume).includes(name)) throw taken(name);
  }

  /** Takes a snapshot; running instances that have the volume are frozen while it is copied. Under their locks. */
  async create(volume: VolumeId, name: string, put: Partial<VolumeSnapshotPut>): Promise<void> {
    const { config, description } = this.volumes.record(volume);
    const expiry = storageVolumeConfig(config).get("snapshots.expiry");
    const byDefault = expiry ? timeText(expiryTime(expiry, new Date())) : never;
    await this.#make(
      {
        volume,
        name,
        description: put.description || description,
        config,
        createdAt: nowText(),
        expiresAt: put.expires_at ?? byDefault,
      },
      () => {
        const from = { pool: volume.pool, volume: volumeOf(volume) };
        const to = { pool: volume.pool, volume: snapshotVolumeOf(volume, name) };
        return this.home.volumeUsers.whileStill(volume, () => this.home.volumes.clone(from, to));
      },
    );
  }

  /** Copies a snapshot of another volume. */
  async copyInto(target: VolumeId, old: VolumeSnapshotRecord): Promise<void> {
    await this.#make({ ...old, volume: target }, () => {
      const from = { pool: old.volume.pool, volume: snapshotVolumeOf(old.volume, old.name) };
      return this.home.volumes.clone(from, { pool: target.pool, volume: snapshotVolumeOf(target, old.name) });
    });
  }

  /** Adds a snapshot, also to a volume that is being made. @param fill makes its volume */
  addFilled(record: VolumeSnapshotRecord, fill: (volume: Volume) => Promise<void>): Promise<void> {
    return this.#make(record, () => fill(snapshotVolumeOf(record.volume, record.name)));
  }

  /** Copies any volume into a snapshot that is on its way to a volume; its row stays pending. @returns its name */
  async takeOver(target: VolumeId, from: { readonly pool: string; readonly volume: Volume }): Promise<string> {
    const name = `passing-${randomBytes(4).toString("hex")}`;
    const now = { description: "", config: {}, createdAt: nowText(), expiresAt: never };
    this.#store.insertPending({ volume: target, name, ...now });
    try {
      await this.home.volumes.clone(from, { pool: target.pool, volume: snapshotVolumeOf(target, name) });
    } catch (error) {
      await this.erase(target, name);
      throw error;
    }
    return name;
  }

  async #make(record: VolumeSnapshotRecord, copy: () => Promise<void>): Promise<void> {
    const { volume, name } = record;
    if (await this.home.volumes.isThere(volume.pool, snapshotVolumeOf(volume, name)))
      throw conflict(
        `Cannot make snapshot "${volume.name}/${name}": storage pool "${volume.pool}" holds files of that name that no snapshot is known of. Move them away, or choose another name.`,
      );
    try {
      this.#store.insertPending(record);
    } catch (error) {
      if (isDuplicate(error)) throw taken(name);
      throw error;
    }
    try {
      await copy();
      this.#store.confirm(volume, name);
    } catch (error) {
      await this.erase(volume, name);
      throw error;
    }
  }

  /** Changes description and expiry. */
  update(volume: VolumeId, name: string, put: VolumeSnapshotPut): void {
    const record = this.record(volume, name);
    this.#store.update({ ...record, description: put.description, expiresAt: put.expires_at ?? never });
  }

  /** Puts a volume back to what it was; nobody that runs may have it. Under the locks of those who have it. */
  async restore(volume: VolumeId, name: string): Promise<void> {
    this.volumes.record(volume);
    if (this.#store.find(volume, name) === undefined)
      throw notFound(`Snapshot not found: volume "${volume.name}" has no snapshot "${name}".`);
    if (this.home.volumeUsers.isRunning(volume))
      throw badRequest("Cannot restore custom volume used by running instances: stop them first.");
    await this.home.volumes.restore(volume.pool, snapshotVolumeOf(volume, name), volumeOf(volume));
  }

  async rename(volume: VolumeId, from: string, to: string): Promise<void> {
    this.record(volume, from);
    this.requireFree(volume, to);
    // The files move first, and the pool takes note of it: after a crash they follow the row (Volumes.reconcile).
    await this.home.volumes.rename(volume.pool, snapshotVolumeOf(volume, from), snapshotVolumeOf(volume, to));
    this.#store.rename(volume, from, to);
  }

  /** Follows a volume of another name or project, within the caller's transaction. */
  volumeRenamed(from: VolumeId, to: VolumeId): void {
    this.#store.volumeRenamed(from, to);
  }

  /** @throws ApiError NOT_FOUND */
  async delete(volume: VolumeId, name: string): Promise<void> {
    this.record(volume, name);
    await this.erase(volume, name);
  }

  /** Deletes one that is there, or is half made or half deleted. */
  async erase(volume: VolumeId, name: string): Promise<void> {
    this.#store.markPending(volume, name);
    if (this.volumes.isPoolKnown(volume.pool))
      await this.home.volumes.delete(volume.pool, snapshotVolumeOf(volume, name));
    this.#store.delete(volume, name);
  }

  /** Those of all volumes whose time is over. */
  expired(): VolumeSnapshotRecord[] {
    // The zero time, which stands for never, lies before 1970.
    const isOver = (at: number) => at > 0 && at <= Date.now();
    return this.#store.listLimited().filter(({ expiresAt }) => isOver(Date.parse(expiresAt)));
  }

  /** After a crash: takes away what was half made or half deleted. */
  async recover(): Promise<void> {
    for (const { volume, name } of this.#store.listPending()) await this.erase(volume, name);
  }
}

const taken = (name: string) => conflict(`Snapshot "${name}" already in use`);

const shown = (record: VolumeSnapshotRecord): VolumeSnapshot => ({
  name: record.name,
  description: record.description,
  config: record.config,
  content_type: "filesystem",
  created_at: record.createdAt,
  expires_at: record.expiresAt,
});
