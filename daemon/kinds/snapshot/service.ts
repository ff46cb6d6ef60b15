/** Snapshots: instances as they were, and the way back. */

import { type Config, never, SnapshotName } from "../../../sdk/api/common";
import { instanceConfig } from "../../../sdk/api/config/instance";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { Snapshot, SnapshotPut, SnapshotsPost } from "../../../sdk/api/snapshot";
import { withoutStamp } from "../../../sdk/api/stamp";
import { ownCall } from "../../core/call";
import { expiryTime } from "../../core/expiry-time";
import { withoutEmpty } from "../../core/merge";
import { snapshotRef, urlOf } from "../../core/ref";
import { requireName } from "../../core/validate";
import { isDuplicate } from "../../platform/database/database";
import { nowText, timeText } from "../../platform/time";
import type { InstanceBook } from "../instance/book";
import { devicesIn } from "../instance/devices-in";
import { type InstanceId, type InstanceRecord, keyOf } from "../instance/record";
import { snapshotVolume, volumeOf } from "../instance/volume";
import { type ProfileId, renamedIn } from "../profile/store";
import type { Volume } from "../storage-pool/driver";
import { SnapshotCopies } from "./copies";
import type { SnapshotHome } from "./home";
import { nameByPattern } from "./naming";
import { restoreSnapshot } from "./restore";
import { RootReaders } from "./root-readers";
import { type SnapshotRecord, type SnapshotSettings, SnapshotStore, settingsOf } from "./store";

export class SnapshotService {
  readonly #store: SnapshotStore;
  readonly copies: SnapshotCopies;
  /** Those who pack and send roots. */
  readonly readers: RootReaders;

  constructor(private readonly home: SnapshotHome) {
    this.#store = new SnapshotStore(home.database);
    this.copies = new SnapshotCopies(home, this.#store, {
      erase: (record, pool) => this.#erase(record, pool),
      delete: (instance, name) => this.delete(instance, name),
    });
    this.readers = new RootReaders(home, (record) => this.copies.passing(record));
  }

  get #book(): InstanceBook {
    return this.home.instances.home.book;
  }

  /** Names of an instance's snapshots, oldest first, those half made included. */
  names(instance: InstanceId): string[] {
    return this.#store.allNames(instance);
  }

  list(instance: InstanceId): Snapshot[] {
    this.#book.record(instance);
    return this.#store.list(instance).map((record) => this.#render(record));
  }

  /** Those of an instance, oldest first. */
  records(instance: InstanceId): SnapshotRecord[] {
    return this.#store.list(instance);
  }

  /** @throws ApiError NOT_FOUND */
  record(instance: InstanceId, name: string): SnapshotRecord {
    this.#book.record(instance);
    const record = this.#store.find(instance, name);
    if (record === undefined) throw notFound("Instance snapshot not found");
    return record;
  }

  /** Paths of those whose instances lie in a pool. */
  urlsIn(pool: string): string[] {
    const found = this.#store.allIds();
    return found
      .filter(({ instance }) => this.#book.find(instance)?.pool === pool)
      .map(({ instance, name }) => urlOf(snapshotRef(instance.name, name, instance.project)));
  }

  /** The settings that a snapshot keeps. @throws ApiError NOT_FOUND */
  settingsOf(instance: InstanceId, name: string): SnapshotSettings {
    return this.record(instance, name).settings;
  }

  /** @throws ApiError NOT_FOUND */
  requireThere(instance: InstanceId, name: string): void {
    this.record(instance, name);
  }

  /** Changes when it expires, and its stamp when one is given. */
  update(instance: InstanceId, name: string, { expires_at: expiresAt, config }: SnapshotPut): void {
    this.home.database.transaction(() => {
      this.setExpiry(instance, name, expiresAt);
      if (config !== undefined) this.setStamp(instance, name, config);
    });
  }

  get(instance: InstanceId, name: string): Snapshot {
    return this.#render(this.record(instance, name));
  }

  /** The name of a snapshot without one, as LXD makes it: snapshots.pattern with the number after the highest there is. */
  freeName(instance: InstanceRecord): string {
    const pattern = this.#settings(instance).get("snapshots.pattern");
    return nameByPattern(pattern, this.#store.allNames(instance), new Date());
  }

  #settings(instance: InstanceRecord) {
    return instanceConfig(this.#book.expanded(instance).config);
  }

  /** @throws ApiError CONFLICT, BAD_REQUEST for a stateful one */
  requirePossible(instance: InstanceId, post: SnapshotsPost): void {
    if (post.stateful)
      throw badRequest(
        'Unable to create a stateful snapshot. CRIU isn\'t installed: checkpoints are not supported yet. Leave out "stateful".',
      );
    this.home.projects.allowSnapshot(instance.project);
    requireName("snapshot", SnapshotName, post.name);
    this.requireFree(instance, post.name);
  }

  /** @throws ApiError CONFLICT */
  requireFree(instance: InstanceId, name: string): void {
    if (this.#store.allNames(instance).includes(name))
      throw conflict(`Snapshot "${instance.name}/${name}" already exists. Choose another name, or delete it first.`);
  }

  /** When a snapshot that is made now expires when nobody says so. */
  #expiryOf(instance: InstanceRecord): string {
    const expiry = this.#settings(instance).get("snapshots.expiry");
    return expiry ? timeText(expiryTime(expiry, new Date())) : never;
  }

  /** Makes a snapshot; a running instance is frozen while its root is copied. */
  async create(instance: InstanceRecord, name: string, { expires_at: expiresAt, config }: SnapshotPut): Promise<void> {
    const record: SnapshotRecord = {
      instance,
      name,
      createdAt: nowText(),
      expiresAt: expiresAt ?? this.#expiryOf(instance),
      settings: { ...settingsOf(instance), config: { ...withoutStamp(instance.config), ...config } },
    };
    try {
      this.#store.insertPending(record);
    } catch (error) {
      if (isDuplicate(error))
        throw conflict(`Snapshot "${instance.name}/${name}" already exists. Choose another name, or delete it first.`);
      throw error;
    }
    try {
      const to = { pool: instance.pool, volume: snapshotVolume(instance, name) };
      const from = { pool: instance.pool, volume: volumeOf(instance) };
      await this.home.instances.lifecycle.whileStill(instance, () => this.home.volumes.clone(from, to));
      this.#store.confirm(instance, name);
    } catch (error) {
      await this.#erase(record, instance.pool);
      throw error;
    }
  }

  /** Makes one that nobody asked for, but the instance's own schedule. Under the instance's lock. @throws ApiError */
  async takeOnItsOwn(instance: InstanceRecord): Promise<void> {
    const name = this.freeName(instance);
    this.requirePossible(instance, { name, stateful: false });
    await this.create(instance, name, {});
    const of = snapshotRef(instance.name, name, instance.project);
    this.home.changes.tell(ownCall(instance.project), { action: "instance-snapshot-created", of });
  }

  /** Makes the one that a schedule wants before each start. Never rejects: an instance starts without it too. Under the instance's lock. */
  async takeBeforeStart(instance: InstanceRecord): Promise<void> {
    if (this.#settings(instance).get("snapshots.schedule")?.atStart !== true) return;
    await this.takeOnItsOwn(instance).catch((error: unknown) =>
      this.home.log.error("Cannot take the snapshot before a start", { instance: keyOf(instance), error }),
    );
  }

  /** Puts an instance back: a running one is stopped before and started after. @throws ApiError NOT_FOUND */
  async restore(instance: InstanceRecord, name: string): Promise<void> {
    await restoreSnapshot(this.home, instance, this.record(instance, name));
  }

  /** Those of all instances whose time is over. */
  expired(): SnapshotRecord[] {
    // The zero time, which stands for never, lies before 1970.
    const isOver = (at: number) => at > 0 && at <= Date.now();
    return this.#store.listLimited().filter(({ expiresAt }) => isOver(Date.parse(expiresAt)));
  }

  setExpiry(instance: InstanceId, name: string, expiresAt: string | null | undefined): void {
    this.record(instance, name);
    this.#store.setExpiry(instance, name, expiresAt ?? never);
  }

  /** Merges the stamp; an empty value unsets a key. */
  setStamp(instance: InstanceId, name: string, stamp: Config): void {
    const { settings } = this.record(instance, name);
    this.#store.setSettings(instance, name, { ...settings, config: withoutEmpty({ ...settings.config, ...stamp }) });
  }

  /** */
  async rename(instance: InstanceRecord, from: string, to: string): Promise<void> {
    this.record(instance, from);
    this.requireFree(instance, to);
    // The volume moves first, and the pool takes note of it: after a crash it follows the row (Volumes.reconcile).
    try {
      const { volumes } = this.home;
      await volumes.rename(instance.pool, snapshotVolume(instance, from), snapshotVolume(instance, to));
    } catch (error) {
      this.#store.rename(instance, to, from);
      throw error;
    }
    this.#store.rename(instance, from, to);
  }

  /** */
  async delete(instance: InstanceRecord, name: string): Promise<void> {
    const record = this.record(instance, name);
    this.#store.markPending(instance, name);
    await this.#erase(record, instance.pool);
  }

  async #erase(record: SnapshotRecord, pool: string): Promise<void> {
    await this.home.volumes.delete(pool, snapshotVolume(record.instance, record.name));
    this.#store.delete(record.instance, record.name);
  }

  /** Forgets all of an instance; its volumes are gone already. */
  forgetAll(instance: InstanceId): void {
    this.#store.deleteAll(instance);
  }

  /** Follows a renamed or deleted profile, within the caller's transaction. @param to undefined when it is deleted */
  followProfile(profile: ProfileId, to: string | undefined): void {
    const { profiles } = this.home.instances.home;
    for (const { instance, name, settings } of this.#store.listAll())
      if (settings.profiles.includes(profile.name) && profiles.isSeen(instance.project, profile))
        this.#store.setSettings(instance, name, {
          ...settings,
          profiles: renamedIn(settings.profiles, profile.name, to),
        });
  }

  /** Follows a renamed instance, within the caller's transaction. */
  instanceRenamed(from: InstanceId, to: InstanceId): void {
    this.#store.renameInstance(from, to);
  }

  /** Has an instance's snapshots say that their roots are in the pool in which it is, within the caller's transaction. */
  instanceMoved(instance: InstanceRecord): void {
    for (const { name, settings } of this.#store.list(instance)) {
      const devices = devicesIn(this.#book, instance.project, instance.pool, settings);
      if (devices !== settings.devices) this.#store.setSettings(instance, name, { ...settings, devices });
    }
  }

  /** Ends all who read what is of an instance that is to be deleted. Under its lock. */
  endReaders(instance: InstanceId): Promise<void> {
    return this.readers.end(instance);
  }

  /** Adds one whose volume is there, within the caller's transaction. */
  addKnown(record: SnapshotRecord): void {
    this.#store.insertPending(record);
    this.#store.confirm(record.instance, record.name);
  }

  /** Adds a snapshot, also to an instance that is being made; what fails of that goes with the instance. @param fill makes its volume */
  async addFilled(record: SnapshotRecord, fill: (volume: Volume) => Promise<void>): Promise<void> {
    this.#store.insertPending(record);
    try {
      await fill(snapshotVolume(record.instance, record.name));
      this.#store.confirm(record.instance, record.name);
    } catch (error) {
      const instance = this.#book.find(record.instance);
      if (instance !== undefined) await this.#erase(record, instance.pool);
      throw error;
    }
  }

  /** After a crash: takes away what was half made or half deleted. */
  async recover(): Promise<void> {
    for (const record of this.#store.listPending()) {
      const instance = this.#book.find(record.instance);
      if (instance === undefined) this.#store.delete(record.instance, record.name);
      else await this.#erase(record, instance.pool);
    }
  }

  #render(record: SnapshotRecord): Snapshot {
    const { settings } = record;
    const expanded = this.#book.expanded({ project: record.instance.project, ...settings });
    return {
      name: record.name,
      architecture: settings.architecture,
      config: settings.config,
      devices: settings.devices,
      expanded_config: expanded.config,
      expanded_devices: expanded.devices,
      profiles: [...settings.profiles],
      ephemeral: settings.ephemeral,
      stateful: false,
      created_at: record.createdAt,
      expires_at: record.expiresAt,
      last_used_at: settings.lastUsedAt,
      size: -1,
    };
  }
}
