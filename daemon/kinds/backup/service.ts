/** Backups of instances. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import type { Backup, BackupsPost } from "../../../sdk/api/backup";
import { notFound } from "../../../sdk/api/errors";
import { backupRef, type Ref } from "../../core/ref";
import { packProgress } from "../../platform/archive/pack-progress";
import { writePacked } from "../../platform/archive/packed-file";
import type { RunningOperation } from "../../platform/operations";
import { Slots } from "../../platform/processes/slots";
import { type InstanceId, type InstanceRecord, keyOf } from "../instance/record";
import type { StillRoot } from "../snapshot/root-readers";
import { backupArchive, type Contents, contentsOf } from "./archive/write";
import type { Described } from "./format/write";
import type { BackupHome } from "./home";
import { KeptBackups } from "./kept/kept-backups";
import type { BackupRecord } from "./kept/store";
import { backupTables } from "./store";
import { importPrefix } from "./upload";

export class BackupService {
  readonly deletedAction = "instance-backup-deleted";
  readonly #kept: KeptBackups<InstanceId>;
  /** Reading and packing a root takes a processor or two. */
  readonly #atOnce = new Slots(2);

  constructor(readonly home: BackupHome) {
    this.#kept = new KeptBackups(home, {
      tables: backupTables,
      keyOf,
      folder: (key) => home.dirs.backups(key),
      shown: ({ name }) => name,
      notFound: () => notFound("Load backup from database: Instance backup not found"),
    });
  }

  refOf({ project, name: instance }: InstanceId, name: string): Ref {
    return backupRef(instance, name, project);
  }

  list(instance: InstanceId): Backup[] {
    this.home.instances.home.book.record(instance);
    return this.#kept.list(instance).map(render);
  }

  /** @throws ApiError NOT_FOUND */
  record(instance: InstanceId, name: string): BackupRecord<InstanceId> {
    this.home.instances.home.book.record(instance);
    return this.#kept.record(instance, name);
  }

  get(instance: InstanceId, name: string): Backup {
    return render(this.record(instance, name));
  }

  /** The name of a backup without one, as LXD makes it. */
  freeName(instance: InstanceId): string {
    return this.#kept.freeName(instance);
  }

  /** @throws ApiError CONFLICT */
  requireFree(instance: InstanceId, name: string): void {
    this.#kept.requireFree(instance, name);
  }

  /** How a backup is packed. @throws ApiError BAD_REQUEST "Invalid compression algorithm" */
  algorithmOf({ project }: InstanceId, { compression_algorithm: asked }: BackupsPost): string {
    return this.#kept.algorithmOf(project, asked);
  }

  /** Makes a backup of what the instance is at its beginning; a running one is frozen while its root is copied. As a change with `content` of the instance. */
  create(instance: InstanceId, post: BackupsPost, operation: RunningOperation): Promise<void> {
    const { project, name } = instance;
    const { signal } = operation;
    const isAlone = post.instance_only || post.container_only;
    const algorithm = this.algorithmOf(instance, post);
    const count = packProgress(operation, "create_backup", "Backup");
    const begin = (record: InstanceRecord) => contentsOf(this.home, this.#describe(record, isAlone));
    const write = ({ begun, volume }: StillRoot<Contents>, reading: AbortSignal, file: string) =>
      writePacked(backupArchive(this.home, begun, volume, reading), file, { algorithm, signal: reading, count });
    return this.#atOnce.run(
      () =>
        this.home.snapshots.readers.read({ instance, signal, begin }, (root, reading) =>
          this.#kept.create({ project, name }, { ...post, isAlone }, (file) => write(root, reading, file)),
        ),
      { signal },
    );
  }

  #describe(instance: InstanceRecord, isAlone: boolean): Described {
    const { instances, snapshots } = this.home;
    const { book, profiles, storagePools } = instances.home;
    return {
      instance,
      snapshots: isAlone ? [] : snapshots.records(instance),
      pool: storagePools.record(instance.pool),
      profiles: profiles.layers(instance.project, instance.profiles),
      book,
    };
  }

  /** The file's bytes, and how many they are. @throws ApiError NOT_FOUND */
  open(instance: InstanceId, name: string): Promise<{ sizeBytes: number; body: Readable }> {
    return this.#kept.open(instance, name);
  }

  /** @throws ApiError NOT_FOUND, CONFLICT */
  rename(instance: InstanceId, from: string, to: string): Promise<void> {
    return this.#kept.rename(instance, from, to);
  }

  /** @throws ApiError NOT_FOUND */
  delete(instance: InstanceId, name: string): Promise<void> {
    return this.#kept.delete(instance, name);
  }

  /** Those of all instances whose time is over. */
  expired(): BackupRecord<InstanceId>[] {
    return this.#kept.expired();
  }

  /** Removes the files of an instance that goes away. */
  eraseAll(instance: InstanceId): Promise<void> {
    return this.#kept.eraseAll(instance);
  }

  /** Follows a renamed instance, within the caller's transaction; `settleRenames` then moves the files. */
  instanceRenamed(from: InstanceId, to: InstanceId): void {
    this.#kept.ownerRenamed(from, to);
  }

  /** Moves the folders of renamed instances; a crash before leaves that to the next start. */
  settleRenames(): Promise<void> {
    return this.#kept.settleRenames();
  }

  /** After a crash: takes away what was half made or half deleted. */
  async recover(): Promise<void> {
    const { dirs, native } = this.home;
    for (const name of await readdir(dirs.scratch))
      if (name.startsWith(importPrefix)) await native.removeTree(path.join(dirs.scratch, name));
    await this.#kept.recover();
  }
}

const render = ({ name, createdAt, expiresAt, isAlone }: BackupRecord<InstanceId>): Backup => ({
  name,
  created_at: createdAt,
  expires_at: expiresAt,
  instance_only: isAlone,
  container_only: isAlone,
  optimized_storage: false,
});
