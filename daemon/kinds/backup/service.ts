/** Backups: files of instances, made, kept, renamed and removed. A row is there before its file and after it, so that a crash leaves nothing of nobody. */
import { createReadStream } from "node:fs";
import { link, mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import type { Backup, BackupsPost } from "../../../sdk/api/backup";
import { never } from "../../../sdk/api/common";
import { conflict, notFound } from "../../../sdk/api/errors";
import { packProgress } from "../../platform/archive/pack-progress";
import { requireCompression, writePacked } from "../../platform/archive/packed-file";
import { isDuplicate } from "../../platform/database/database";
import { ignoring } from "../../platform/folders/files";
import type { RunningOperation } from "../../platform/operations";
import { Slots } from "../../platform/processes/slots";
import { nowText } from "../../platform/time";
import { syncToDisk } from "../image/archive/unpack";
import { type InstanceId, type InstanceRecord, keyOf } from "../instance/record";
import { backupArchive } from "./archive/write";
import type { BackupHome } from "./home";
import { importPrefix } from "./import";
import { type BackupRecord, BackupStore } from "./store";

const key = "backups.compression_algorithm";

const backupNotFound = () => notFound("Load backup from database: Instance backup not found");

export class BackupService {
  readonly #store: BackupStore;
  /** Reading and packing a root takes a processor or two. */
  readonly #atOnce = new Slots(2);

  constructor(readonly home: BackupHome) {
    this.#store = new BackupStore(home.database);
  }

  list(instance: InstanceId): Backup[] {
    this.home.instances.home.book.record(instance);
    return this.#store.list(instance).map(render);
  }

  /** @throws ApiError NOT_FOUND */
  record(instance: InstanceId, name: string): BackupRecord {
    this.home.instances.home.book.record(instance);
    const record = this.#store.find(instance, name);
    if (record === undefined) throw backupNotFound();
    return record;
  }

  get(instance: InstanceId, name: string): Backup {
    return render(this.record(instance, name));
  }

  /** The name of a backup without one, as LXD makes it. */
  freeName(instance: InstanceId): string {
    const taken = new Set(this.#store.allNames(instance));
    for (let number = 0; ; number += 1) if (!taken.has(`backup${number}`)) return `backup${number}`;
  }

  /** @throws ApiError CONFLICT */
  requireFree(instance: InstanceId, name: string): void {
    if (this.#store.allNames(instance).includes(name)) throw this.#taken(instance, name);
  }

  readonly #taken = (instance: InstanceId, name: string) =>
    conflict(
      `Create backup: Backup "${instance.name}/${name}" already exists. Choose another name, or delete it first.`,
    );

  /** How a backup is packed. @throws ApiError BAD_REQUEST "Invalid compression algorithm" */
  algorithmOf({ project }: InstanceId, { compression_algorithm: asked }: BackupsPost): string {
    const { projects, server } = this.home;
    const algorithm = asked || projects.config(project)[key] || server.config()[key] || "gzip";
    requireCompression(algorithm);
    return algorithm;
  }

  /** Makes a backup; a running instance is frozen while its root is copied. */
  async create(instance: InstanceRecord, post: BackupsPost, operation: RunningOperation): Promise<void> {
    const { name } = post;
    const record: BackupRecord = {
      instance: { project: instance.project, name: instance.name },
      name,
      createdAt: nowText(),
      expiresAt: post.expires_at ?? never,
      instanceOnly: post.instance_only || post.container_only,
    };
    try {
      this.#store.insertPending(record);
    } catch (error) {
      throw isDuplicate(error) ? this.#taken(instance, name) : error;
    }
    try {
      await this.#atOnce.run(() => this.#write(instance, record, this.algorithmOf(instance, post), operation));
      this.#store.confirm(instance, name);
    } catch (error) {
      await this.#erase(record);
      throw error;
    }
  }

  async #write(
    instance: InstanceRecord,
    { name, instanceOnly }: BackupRecord,
    algorithm: string,
    operation: RunningOperation,
  ): Promise<void> {
    const { dirs, instances, snapshots } = this.home;
    const { book, profiles, storagePools } = instances.home;
    const { signal } = operation;
    const what = {
      instance,
      snapshots: instanceOnly ? [] : snapshots.records(instance),
      pool: storagePools.record(instance.pool),
      profiles: profiles.layers(instance.project, instance.profiles),
      book,
    };
    await mkdir(dirs.backups(keyOf(instance)), { recursive: true, mode: 0o700 });
    const file = dirs.backup(keyOf(instance), name);
    await snapshots.whileCopied(instance, (volume) =>
      writePacked(backupArchive(this.home, what, volume, signal), file, {
        algorithm,
        signal,
        count: packProgress(operation, "create_backup", "Backup"),
      }),
    );
    await syncToDisk(file);
  }

  /** The file's bytes, and how many they are. @throws ApiError NOT_FOUND */
  async open(instance: InstanceId, name: string): Promise<{ sizeBytes: number; body: Readable }> {
    const record = this.record(instance, name);
    const file = this.#file(record);
    const found = await ignoring("ENOENT", stat(file));
    if (found === undefined)
      throw notFound(
        `Cannot export backup "${name}": its file "${file}" is missing. Delete the backup and make another.`,
      );
    return { sizeBytes: found.size, body: createReadStream(file) };
  }

  readonly #file = ({ instance, name }: BackupRecord): string => this.home.dirs.backup(keyOf(instance), name);

  /** Gives a backup another name. The file has both names for a moment, so that a crash leaves it one of them. */
  async rename(instance: InstanceId, from: string, to: string): Promise<void> {
    const record = this.record(instance, from);
    this.requireFree(instance, to);
    const moved = { ...record, name: to };
    this.#store.insertPending(moved);
    try {
      await link(this.#file(record), this.#file(moved));
    } catch (error) {
      this.#store.delete(instance, to);
      throw error;
    }
    this.home.database.transaction(() => {
      this.#store.markPending(instance, from);
      this.#store.confirm(instance, to);
    });
    await this.#erase(record);
  }

  /** */
  async delete(instance: InstanceId, name: string): Promise<void> {
    const record = this.record(instance, name);
    this.#store.markPending(instance, name);
    await this.#erase(record);
  }

  async #erase(record: BackupRecord): Promise<void> {
    await rm(this.#file(record), { force: true });
    this.#store.delete(record.instance, record.name);
    await this.#removeEmptyFolder(record.instance);
  }

  async #removeEmptyFolder(instance: InstanceId): Promise<void> {
    await ignoring(["ENOENT", "ENOTEMPTY", "EEXIST"], rmdir(this.home.dirs.backups(keyOf(instance))));
  }

  /** Those of all instances whose time is over. */
  expired(): BackupRecord[] {
    // The zero time, which stands for never, lies before 1970.
    const isOver = (at: number) => at > 0 && at <= Date.now();
    return this.#store.listAll().filter(({ expiresAt }) => isOver(Date.parse(expiresAt)));
  }

  /** Removes the files of an instance that goes away. */
  async eraseAll(instance: InstanceId): Promise<void> {
    for (const name of this.#store.allNames(instance)) {
      await rm(this.home.dirs.backup(keyOf(instance), name), { force: true });
      this.#store.delete(instance, name);
    }
    await this.#removeEmptyFolder(instance);
  }

  /** Follows a renamed instance, within the caller's transaction; `settleRenames` then moves the files. */
  instanceRenamed(from: InstanceId, to: InstanceId): void {
    if (this.#store.allNames(from).length === 0) return;
    this.#store.renameInstance(from, to);
    this.#store.addMove(keyOf(from), keyOf(to));
  }

  /** Moves the folders of renamed instances; a crash before leaves that to the next start. */
  async settleRenames(): Promise<void> {
    const { dirs } = this.home;
    for (const { from, to } of this.#store.moves()) {
      await ignoring("ENOENT", rename(dirs.backups(from), dirs.backups(to)));
      this.#store.deleteMove(from);
    }
  }

  /** After a crash: takes away what was half made or half deleted. */
  async recover(): Promise<void> {
    await this.settleRenames();
    const { dirs, native } = this.home;
    for (const name of await readdir(dirs.scratch))
      if (name.startsWith(importPrefix)) await native.removeTree(path.join(dirs.scratch, name));
    for (const record of this.#store.listPending()) await this.#erase(record);
  }
}

const render = ({ name, createdAt, expiresAt, instanceOnly }: BackupRecord): Backup => ({
  name,
  created_at: createdAt,
  expires_at: expiresAt,
  instance_only: instanceOnly,
  container_only: instanceOnly,
  optimized_storage: false,
});
