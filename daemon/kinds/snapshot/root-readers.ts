/**
 * Root readers: roots of instances and snapshots are packed and sent while others start, stop and change the instance. The instance's lock is held
 * only until its root is copied; the copy goes afterwards, after a crash at the next start.
 */
import { conflict } from "../../../sdk/api/errors";
import { Readers } from "../../core/readers";
import { lockKeyOf } from "../../core/ref";
import { isNoSpace } from "../../platform/folders/files";
import { type InstanceId, type InstanceRecord, instanceRef } from "../instance/record";
import { snapshotVolume, volumeOf } from "../instance/volume";
import type { Volume } from "../storage-pool/driver";
import type { SnapshotHome } from "./home";

/** A root at rest. */
export interface StillRoot<Begun> {
  /** What `begin` made. */
  readonly begun: Begun;
  readonly volume: Volume;
}

/** What is to be read, and what must be known of it at that moment. */
export interface RootReading<Begun> {
  readonly instance: InstanceId;
  /** Name of the snapshot that is read in place of the instance. */
  readonly snapshot?: string | undefined;
  readonly signal: AbortSignal;
  /** Sees the instance as its root is copied, under its lock; throws to refuse. */
  readonly begin: (record: InstanceRecord) => Begun;
}

/** A copy of a root that goes when it is read. */
export interface PassingCopy {
  readonly volume: Volume;
  readonly erase: () => Promise<void>;
}

const stays = async () => undefined;

export class RootReaders {
  readonly #readers = new Readers();

  /** @param copy makes a copy of an instance's root; a running one is frozen meanwhile */
  constructor(
    private readonly home: SnapshotHome,
    private readonly copy: (record: InstanceRecord) => Promise<PassingCopy>,
  ) {}

  /**
   * Runs the work on a root at rest. Without the instance's lock, but for a stopped instance of which a copy would take as long as the work, or finds
   * no room: that one stays as it is until the work is done. As a change with `content` of the instance, so that all its snapshots stay.
   * @param work its signal aborts when there is nothing to read any more @throws ApiError NOT_FOUND, CONFLICT when the instance is deleted meanwhile
   */
  read<Begun, T>(
    { instance, snapshot, signal, begin }: RootReading<Begun>,
    work: (root: StillRoot<Begun>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { locks, instances, volumes } = this.home;
    const key = lockKeyOf(instanceRef(instance));
    const rest = async () => {
      const record = instances.home.book.record(instance);
      const begun = begin(record);
      const own = snapshot === undefined ? volumeOf(record) : snapshotVolume(record, snapshot);
      await volumes.requireThere(record.pool, own);
      if (snapshot !== undefined) return { still: { begun, volume: own }, free: stays };
      const copy = await this.#copyOf(record);
      if (copy === undefined) return { still: { begun, volume: own } };
      return { still: { begun, volume: copy.volume }, free: copy.erase };
    };
    return this.#readers.read({ key, signal, rest, locked: (inside) => locks.run(key, inside) }, work);
  }

  /** Nothing where the root of a stopped instance is better read itself. */
  async #copyOf(record: InstanceRecord): Promise<PassingCopy | undefined> {
    const { instances, volumes } = this.home;
    if (instances.home.book.running.isActive(record)) return this.copy(record);
    if (await volumes.copiesWhole(record.pool, volumeOf(record))) return undefined;
    try {
      return await this.copy(record);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      return undefined;
    }
  }

  /** Ends all who read what is of an instance that is to be deleted. Under its lock. */
  end(instance: InstanceId): Promise<void> {
    const reason = conflict(
      `Cannot read the root of instance "${instance.name}" to its end: the instance was deleted meanwhile.`,
    );
    return this.#readers.end(lockKeyOf(instanceRef(instance)), reason);
  }
}
