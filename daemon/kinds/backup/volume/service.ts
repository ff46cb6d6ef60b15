/** Backups of custom volumes. */
import type { Readable } from "node:stream";
import type { VolumeBackup, VolumeBackupsPost } from "../../../../sdk/api/backup";
import { notFound } from "../../../../sdk/api/errors";
import { customVolumeName, type Ref, volumeBackupRef } from "../../../core/ref";
import { packProgress } from "../../../platform/archive/pack-progress";
import { writePacked } from "../../../platform/archive/packed-file";
import type { RunningOperation } from "../../../platform/operations";
import { Slots } from "../../../platform/processes/slots";
import type { VolumeId, VolumeRecord } from "../../storage-volume/record";
import type { StillContent } from "../../storage-volume/volume-readers";
import { KeptBackups } from "../kept/kept-backups";
import type { BackupRecord } from "../kept/store";
import type { VolumeBackupHome } from "./home";
import { volumeBackupTables } from "./store";
import { type Described, volumeArchive } from "./write";

export class VolumeBackupService {
  readonly deletedAction = "storage-volume-backup-deleted";
  readonly #kept: KeptBackups<VolumeId>;
  /** Reading and packing takes a processor or two. */
  readonly #atOnce = new Slots(2);

  constructor(readonly home: VolumeBackupHome) {
    this.#kept = new KeptBackups(home, {
      tables: volumeBackupTables,
      keyOf: (volume) => `${volume.pool}/${customVolumeName(volume)}`,
      folder: (key) => {
        const [pool = "", volume = ""] = key.split("/");
        return home.dirs.volumeBackups(pool, volume);
      },
      shown: ({ name }) => name,
      notFound: () => notFound("Storage volume backup not found"),
    });
  }

  refOf({ project, pool, name: volume }: VolumeId, name: string): Ref {
    return volumeBackupRef(pool, volume, name, project);
  }

  /** @throws ApiError NOT_FOUND for pool or volume */
  list(volume: VolumeId): VolumeBackup[] {
    this.home.storageVolumes.record(volume);
    return this.#kept.list(volume).map(render);
  }

  /** @throws ApiError NOT_FOUND */
  get(volume: VolumeId, name: string): VolumeBackup {
    this.home.storageVolumes.record(volume);
    return render(this.#kept.record(volume, name));
  }

  /** The name of a backup without one, as LXD makes it. */
  freeName(volume: VolumeId): string {
    return this.#kept.freeName(volume);
  }

  /** @throws ApiError CONFLICT */
  requireFree(volume: VolumeId, name: string): void {
    this.#kept.requireFree(volume, name);
  }

  /** How a backup is packed. @param project of the request @throws ApiError BAD_REQUEST "Invalid compression algorithm" */
  algorithmOf(project: string, { compression_algorithm: asked }: VolumeBackupsPost): string {
    return this.#kept.algorithmOf(project, asked);
  }

  /** Makes a backup of what the volume is at its beginning; running containers that have it are frozen while it is copied. As a change with `content` of it. */
  create(volume: VolumeId, post: VolumeBackupsPost, algorithm: string, operation: RunningOperation): Promise<void> {
    const { project, pool, name } = volume;
    const { signal } = operation;
    const { storageVolumes } = this.home;
    const begin = (record: VolumeRecord) => ({
      volume: record,
      driver: storageVolumes.home.storagePools.record(pool).driver,
      snapshots: post.volume_only ? [] : storageVolumes.snapshots.records(record),
    });
    const count = packProgress(operation, "create_backup", "Backup");
    const write = (content: StillContent<Described>, reading: AbortSignal, file: string) =>
      writePacked(volumeArchive(this.home, content, reading), file, { algorithm, signal: reading, count });
    return this.#atOnce.run(
      () =>
        storageVolumes.readers.read({ volume, signal, begin }, (content, reading) =>
          this.#kept.create({ project, pool, name }, { ...post, isAlone: post.volume_only }, (file) =>
            write(content, reading, file),
          ),
        ),
      { signal },
    );
  }

  /** The file's bytes, and how many they are. @throws ApiError NOT_FOUND */
  async open(volume: VolumeId, name: string): Promise<{ sizeBytes: number; body: Readable }> {
    this.home.storageVolumes.record(volume);
    return this.#kept.open(volume, name);
  }

  /** @throws ApiError NOT_FOUND, CONFLICT */
  rename(volume: VolumeId, from: string, to: string): Promise<void> {
    return this.#kept.rename(volume, from, to);
  }

  /** @throws ApiError NOT_FOUND */
  delete(volume: VolumeId, name: string): Promise<void> {
    return this.#kept.delete(volume, name);
  }

  /** Those of all volumes whose time is over. */
  expired(): BackupRecord<VolumeId>[] {
    return this.#kept.expired();
  }

  /** Removes the files of a volume that goes away. */
  eraseAll(volume: VolumeId): Promise<void> {
    return this.#kept.eraseAll(volume);
  }

  /** Follows a renamed volume, within the caller's transaction; `settleRenames` then moves the files. */
  volumeRenamed(from: VolumeId, to: VolumeId): void {
    this.#kept.ownerRenamed(from, to);
  }

  /** Moves the folders of renamed volumes; a crash before leaves that to the next start. */
  settleRenames(): Promise<void> {
    return this.#kept.settleRenames();
  }

  /** After a crash: takes away what was half made or half deleted. */
  recover(): Promise<void> {
    return this.#kept.recover();
  }
}

const render = ({ name, createdAt, expiresAt, isAlone }: BackupRecord<VolumeId>): VolumeBackup => ({
  name,
  created_at: createdAt,
  expires_at: expiresAt,
  volume_only: isAlone,
  optimized_storage: false,
});
