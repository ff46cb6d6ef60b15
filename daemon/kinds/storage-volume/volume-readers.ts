/**
 * Volume readers: custom volumes are packed and sent while those who have them start and stop. The locks of both are held only until the content is
 * copied; the copy goes afterwards, after a crash at the next start.
 */
import { conflict } from "../../../sdk/api/errors";
import { Readers } from "../../core/readers";
import { lockKeyOf, type Ref } from "../../core/ref";
import { isNoSpace } from "../../platform/folders/files";
import type { Volume } from "../storage-pool/driver";
import type { StorageVolumeHome } from "./home";
import { refOf, snapshotVolumeOf, type VolumeId, type VolumeRecord, volumeOf } from "./record";
import type { VolumeSnapshotService } from "./snapshot/service";

/** Content at rest. */
export interface StillContent<Begun> {
  /** What `begin` made. */
  readonly begun: Begun;
  readonly volume: Volume;
}

export interface VolumeReading<Begun> {
  readonly volume: VolumeId;
  readonly signal: AbortSignal;
  /** Sees the volume as its content is copied, under its lock; throws to refuse. */
  readonly begin: (record: VolumeRecord) => Begun;
}

/** What is known of volumes. */
interface Known {
  readonly home: StorageVolumeHome;
  readonly snapshots: Pick<VolumeSnapshotService, "erase" | "takeOver">;
  /** @throws ApiError NOT_FOUND */
  record(id: VolumeId): VolumeRecord;
  lockedWith(id: VolumeId): Ref[];
  requireUsable(id: VolumeId): Promise<void>;
}

export class VolumeReaders {
  readonly #readers = new Readers();

  constructor(private readonly volumes: Known) {}

  /**
   * Runs the work on a volume's content at rest. Without locks, but for a volume that no running container has, and of which a copy would take as long
   * as the work, or finds no room: that one stays as it is until the work is done. As a change with `content` of the volume, so that its snapshots stay.
   * @param work its signal aborts when there is nothing to read any more @throws ApiError NOT_FOUND, CONFLICT when the volume is deleted meanwhile
   */
  read<Begun, T>(
    { volume: id, signal, begin }: VolumeReading<Begun>,
    work: (content: StillContent<Begun>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { snapshots, home } = this.volumes;
    const rest = async () => {
      const begun = begin(this.volumes.record(id));
      await this.volumes.requireUsable(id);
      const passing = await this.#copyOf(id);
      if (passing === undefined) return { still: { begun, volume: volumeOf(id) } };
      const free = () => snapshots.erase(id, passing);
      return { still: { begun, volume: snapshotVolumeOf(id, passing) }, free };
    };
    const keys = () => this.volumes.lockedWith(id).map(lockKeyOf);
    const locked = <R>(inside: () => Promise<R>) => home.locks.runAllOf(keys, inside);
    return this.#readers.read({ key: lockKeyOf(refOf(id)), signal, rest, locked }, work);
  }

  /** @returns the name of a snapshot that is a copy, or nothing where the content is better read itself */
  async #copyOf(id: VolumeId): Promise<string | undefined> {
    const { snapshots, home } = this.volumes;
    const copy = () =>
      home.volumeUsers.whileStill(id, () => snapshots.takeOver(id, { pool: id.pool, volume: volumeOf(id) }));
    if (home.volumeUsers.isRunning(id)) return copy();
    if (await home.volumes.copiesWhole(id.pool, volumeOf(id))) return undefined;
    try {
      return await copy();
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      return undefined;
    }
  }

  /** Ends all who read what is of a volume that is to be deleted. Under its lock. */
  end(id: VolumeId): Promise<void> {
    const reason = conflict(`Cannot read volume "${id.name}" to its end: it was deleted meanwhile.`);
    return this.#readers.end(lockKeyOf(refOf(id)), reason);
  }
}
