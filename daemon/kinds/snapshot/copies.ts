/** Copies: roots of instances and their snapshots become those of others, or pass through a snapshot that a crash leaves to the next start. */
import { randomBytes } from "node:crypto";
import { never } from "../../../sdk/api/common";
import { withoutStamp } from "../../../sdk/api/stamp";
import { nowText } from "../../platform/time";
import { devicesIn } from "../instance/devices-in";
import type { InstanceRecord } from "../instance/record";
import { sizeOfNewRoot } from "../instance/root-size";
import { snapshotVolume, volumeOf } from "../instance/volume";
import type { Volume } from "../storage-pool/driver";
import type { SnapshotHome } from "./home";
import type { PassingCopy } from "./root-readers";
import { type SnapshotRecord, type SnapshotStore, settingsOf } from "./store";

/** How snapshots go. */
interface Removal {
  /** Of one that is half made or passing. */
  readonly erase: (record: SnapshotRecord, pool: string) => Promise<void>;
  readonly delete: (instance: InstanceRecord, name: string) => Promise<void>;
}

export class SnapshotCopies {
  constructor(
    private readonly home: SnapshotHome,
    private readonly store: SnapshotStore,
    private readonly snapshots: Removal,
  ) {}

  /** Fills a copy's volume from an instance or one of its snapshots, and copies the snapshots too when wanted. */
  async copyVolumes(copy: {
    source: InstanceRecord;
    snapshot: string | undefined;
    record: InstanceRecord;
    withSnapshots: boolean;
    isStill: boolean;
  }): Promise<void> {
    const { source, snapshot, record, withSnapshots, isStill } = copy;
    const { volumes, instances } = this.home;
    const from = snapshot === undefined ? volumeOf(source) : snapshotVolume(source, snapshot);
    const to = { pool: record.pool, volume: volumeOf(record) };
    const size = sizeOfNewRoot(instances.home, record.pool, this.home.instances.home.book.expanded(record).devices);
    const clone = () => volumes.clone({ pool: source.pool, volume: from }, to, size);
    await (snapshot === undefined && isStill ? instances.lifecycle.whileStill(source, clone) : clone());
    if (withSnapshots) for (const old of this.store.list(source)) await this.#copyInto(record, source.pool, old);
  }

  /** Copies a snapshot of another instance, in one step that a crash cannot halve. */
  async #copyInto(target: InstanceRecord, fromPool: string, old: SnapshotRecord): Promise<void> {
    const devices = devicesIn(this.home.instances.home.book, target.project, target.pool, old.settings);
    const settings = { ...old.settings, devices, config: withoutStamp(old.settings.config) };
    this.store.insertPending({ ...old, settings, instance: target });
    const from = { pool: fromPool, volume: snapshotVolume(old.instance, old.name) };
    await this.home.volumes.clone(from, { pool: target.pool, volume: snapshotVolume(target, old.name) });
    this.store.confirm(target, old.name);
  }

  /** Copies an instance's root, which is frozen meanwhile; the row stays pending, so that the next start takes the copy away after a crash. */
  async passing(instance: InstanceRecord): Promise<PassingCopy> {
    const passing: SnapshotRecord = { ...passingThrough(instance, "backup"), createdAt: nowText() };
    this.store.insertPending(passing);
    const { pool } = instance;
    const volume = snapshotVolume(instance, passing.name);
    const erase = () => this.snapshots.erase(passing, pool);
    try {
      const clone = () => this.home.volumes.clone({ pool, volume: volumeOf(instance) }, { pool, volume });
      await this.home.instances.lifecycle.whileStill(instance, clone);
    } catch (error) {
      await erase();
      throw error;
    }
    return { volume, erase };
  }

  /**
   * Brings an instance's volume to what another's is, and its snapshots too when wanted: those that are missing or of another time are copied, those
   * that the other has no more are removed. The instance is stopped.
   */
  async refreshVolumes(source: InstanceRecord, record: InstanceRecord, withSnapshots: boolean): Promise<void> {
    const theirs = this.store.list(source);
    const isKept = (own: SnapshotRecord) => theirs.some((other) => isSameMoment(other, own));
    if (withSnapshots) {
      for (const own of this.store.list(record)) if (!isKept(own)) await this.snapshots.delete(record, own.name);
      const have = new Set(this.store.allNames(record));
      for (const other of theirs) if (!have.has(other.name)) await this.#copyInto(record, source.pool, other);
    }
    const { instances, volumes } = this.home;
    const target = volumeOf(record);
    await instances.lifecycle.whileStill(source, async () => {
      if (source.pool === record.pool) return volumes.restore(record.pool, volumeOf(source), target);
      return this.refillVolume(record, (middle) =>
        volumes.clone({ pool: source.pool, volume: volumeOf(source) }, { pool: record.pool, volume: middle }),
      );
    });
  }

  /** Makes a stopped instance's root anew: by way of a snapshot of its own, which the next start takes away after a crash. @param fill makes a volume that is new */
  async refillVolume(record: InstanceRecord, fill: (volume: Volume) => Promise<void>): Promise<void> {
    const passing: SnapshotRecord = { ...passingThrough(record, "refresh"), createdAt: nowText() };
    this.store.insertPending(passing);
    try {
      const middle = snapshotVolume(record, passing.name);
      await fill(middle);
      await this.home.volumes.restore(record.pool, middle, volumeOf(record));
    } finally {
      await this.snapshots.erase(passing, record.pool);
    }
  }
}

const isSameMoment = (a: SnapshotRecord, b: SnapshotRecord): boolean =>
  a.name === b.name && Date.parse(a.createdAt) === Date.parse(b.createdAt);

const passingThrough = (settings: InstanceRecord, why: string) => ({
  instance: settings,
  name: `${why}-${randomBytes(4).toString("hex")}`,
  expiresAt: never,
  settings: settingsOf(settings),
});
