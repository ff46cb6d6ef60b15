/** Kept backups: files of objects, made, kept, renamed and removed. A row is there before its file and after it, so that a crash leaves nothing of nobody. */
import { createReadStream } from "node:fs";
import { link, mkdir, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { never } from "../../../../sdk/api/common";
import { type ApiError, conflict, notFound } from "../../../../sdk/api/errors";
import { requireCompression } from "../../../platform/archive/packed-file";
import { type Database, isDuplicate } from "../../../platform/database/database";
import { fileNameOf } from "../../../platform/folders/file-name";
import { ignoring, syncToDisk } from "../../../platform/folders/files";
import { nowText } from "../../../platform/time";
import type { BackupHome } from "../home";
import { type BackupRecord, BackupStore, type BackupTables } from "./store";

const key = "backups.compression_algorithm";

/** What backups of one sort of object have of their own. */
export interface BackupOwners<Owner> {
  readonly tables: BackupTables<Owner>;
  /** The owner's name on the host, which says its folder. */
  readonly keyOf: (owner: Owner) => string;
  /** Folder of the files of an owner. @param key its name on the host */
  readonly folder: (key: string) => string;
  /** The owner in messages. */
  readonly shown: (owner: Owner) => string;
  readonly notFound: () => ApiError;
}

/** What a new backup shall be. */
export interface NewBackup {
  readonly name: string;
  readonly expires_at?: string | null | undefined;
  /** Whether snapshots are left out. */
  readonly isAlone: boolean;
}

export class KeptBackups<Owner> {
  readonly #store: BackupStore<Owner>;

  constructor(
    private readonly home: Pick<BackupHome, "projects" | "server"> & { readonly database: Database },
    private readonly owners: BackupOwners<Owner>,
  ) {
    this.#store = new BackupStore(home.database, owners.tables);
  }

  list(owner: Owner): BackupRecord<Owner>[] {
    return this.#store.list(owner);
  }

  /** @throws ApiError NOT_FOUND */
  record(owner: Owner, name: string): BackupRecord<Owner> {
    const record = this.#store.find(owner, name);
    if (record === undefined) throw this.owners.notFound();
    return record;
  }

  /** The name of a backup without one, as LXD makes it. */
  freeName(owner: Owner): string {
    const taken = new Set(this.#store.allNames(owner));
    for (let number = 0; ; number += 1) if (!taken.has(`backup${number}`)) return `backup${number}`;
  }

  /** @throws ApiError CONFLICT */
  requireFree(owner: Owner, name: string): void {
    if (this.#store.allNames(owner).includes(name)) throw this.#taken(owner, name);
  }

  readonly #taken = (owner: Owner, name: string) =>
    conflict(
      `Create backup: Backup "${this.owners.shown(owner)}/${name}" already exists. Choose another name, or delete it first.`,
    );

  /** How a backup is packed. @param asked empty for what project and server say @throws ApiError BAD_REQUEST "Invalid compression algorithm" */
  algorithmOf(project: string, asked: string): string {
    const { projects, server } = this.home;
    const algorithm = asked || projects.config(project)[key] || server.config()[key] || "gzip";
    requireCompression(algorithm);
    return algorithm;
  }

  /** Makes a backup. @param write makes its file */
  async create(
    owner: Owner,
    { name, expires_at, isAlone }: NewBackup,
    write: (file: string) => Promise<unknown>,
  ): Promise<void> {
    const record = { owner, name, createdAt: nowText(), expiresAt: expires_at ?? never, isAlone };
    try {
      this.#store.insertPending(record);
    } catch (error) {
      throw isDuplicate(error) ? this.#taken(owner, name) : error;
    }
    try {
      await mkdir(this.#folder(owner), { recursive: true, mode: 0o700 });
      await write(this.#file(record));
      await syncToDisk(this.#file(record));
      this.#store.confirm(owner, name);
    } catch (error) {
      await this.#erase(record);
      throw error;
    }
  }

  /** The file's bytes, and how many they are. @throws ApiError NOT_FOUND */
  async open(owner: Owner, name: string): Promise<{ sizeBytes: number; body: Readable }> {
    const file = this.#file(this.record(owner, name));
    const found = await ignoring("ENOENT", stat(file));
    if (found === undefined)
      throw notFound(
        `Cannot export backup "${name}": its file "${file}" is missing. Delete the backup and make another.`,
      );
    return { sizeBytes: found.size, body: createReadStream(file) };
  }

  readonly #folder = (owner: Owner): string => this.owners.folder(this.owners.keyOf(owner));

  readonly #file = ({ owner, name }: Pick<BackupRecord<Owner>, "owner" | "name">): string =>
    path.join(this.#folder(owner), fileNameOf(name));

  /** Gives a backup another name. The file has both names for a moment, so that a crash leaves it one of them. */
  async rename(owner: Owner, from: string, to: string): Promise<void> {
    const record = this.record(owner, from);
    this.requireFree(owner, to);
    const moved = { ...record, name: to };
    this.#store.insertPending(moved);
    try {
      await link(this.#file(record), this.#file(moved));
    } catch (error) {
      this.#store.delete(owner, to);
      throw error;
    }
    this.home.database.transaction(() => {
      this.#store.markPending(owner, from);
      this.#store.confirm(owner, to);
    });
    await this.#erase(record);
  }

  /** @throws ApiError NOT_FOUND */
  async delete(owner: Owner, name: string): Promise<void> {
    const record = this.record(owner, name);
    this.#store.markPending(owner, name);
    await this.#erase(record);
  }

  async #erase(record: BackupRecord<Owner>): Promise<void> {
    await rm(this.#file(record), { force: true });
    this.#store.delete(record.owner, record.name);
    await this.#removeEmptyFolder(record.owner);
  }

  async #removeEmptyFolder(owner: Owner): Promise<void> {
    await ignoring(["ENOENT", "ENOTEMPTY", "EEXIST"], rmdir(this.#folder(owner)));
  }

  /** Those of all owners whose time is over. */
  expired(): BackupRecord<Owner>[] {
    // The zero time, which stands for never, lies before 1970.
    const isOver = (at: number) => at > 0 && at <= Date.now();
    return this.#store.listAll().filter(({ expiresAt }) => isOver(Date.parse(expiresAt)));
  }

  /** Removes the files of an owner that goes away. */
  async eraseAll(owner: Owner): Promise<void> {
    for (const name of this.#store.allNames(owner)) {
      await rm(this.#file({ owner, name }), { force: true });
      this.#store.delete(owner, name);
    }
    await this.#removeEmptyFolder(owner);
  }

  /** Follows a renamed owner, within the caller's transaction; `settleRenames` then moves the files. */
  ownerRenamed(from: Owner, to: Owner): void {
    if (this.#store.allNames(from).length === 0) return;
    this.#store.renameOwner(from, to);
    this.#store.addMove(this.owners.keyOf(from), this.owners.keyOf(to));
  }

  /** Moves the folders of renamed owners; a crash before leaves that to the next start. */
  async settleRenames(): Promise<void> {
    const { folder } = this.owners;
    for (const { from, to } of this.#store.moves()) {
      await ignoring("ENOENT", rename(folder(from), folder(to)));
      this.#store.deleteMove(from);
    }
  }

  /** After a crash: takes away what was half made or half deleted. */
  async recover(): Promise<void> {
    await this.settleRenames();
    for (const record of this.#store.listPending()) await this.#erase(record);
  }
}
