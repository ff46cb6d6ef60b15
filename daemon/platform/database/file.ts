/**
 * Database file: the file is looked at before it is used, and kept aside with its log when a copy takes its place (docs/database.md).
 * A damaged file is never made anew, nor is an older copy taken, without being asked to: both would forget what is in the pools.
 */
import { closeSync, copyFileSync, fsyncSync, lstatSync, openSync, readSync, renameSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { internal } from "../../../sdk/api/errors";
import { ownFile } from "../folders/aside";
import type { Dirs } from "../folders/dirs";
import { aboutFile, isNoSpace } from "../folders/files";
import { keptName } from "../folders/kept-name";
import type { Log } from "../log";
import type { WarningPort } from "../warning/port";
import { type Copy, copyBeforeUpgrade, listCopies } from "./copies";
import { Database, inUse, type Room, type Schema, UnusableDatabase } from "./database";

export interface OpenOptions {
  readonly dirs: Dirs;
  readonly schemas: readonly Schema[];
  readonly room: Room;
  /** Take the newest good copy in the place of a file that cannot be used. */
  readonly restore: boolean;
  readonly warnings: WarningPort;
  readonly log: Log;
}

/**
 * A lock of its own, since a damaged file cannot be locked. Held until the process ends.
 * @returns nothing when there is no room for the file; the database's own lock must do then @throws ApiError UNAVAILABLE
 */
export function lockFolder(dirs: Dirs, log: Log): DatabaseSync | undefined {
  const file = path.join(dirs.databaseFolder, "lock");
  try {
    ownFile(log, file);
    closeSync(openSync(file, "a", 0o600));
  } catch (error) {
    if (isNoSpace(error)) return undefined;
    throw error;
  }
  const lock = new DatabaseSync(file);
  try {
    lock.exec(
      "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE",
    );
    return lock;
  } catch (error) {
    lock.close();
    throw /locked/.test((error as Error).message) ? inUse(dirs.database, error) : error;
  }
}

/** Opens the database. @throws ApiError INTERNAL for a file that cannot be used: what is wrong with it, which copy there is, and what to do */
export function openDatabase(options: OpenOptions): Database {
  try {
    return open(options);
  } catch (error) {
    if (!(error instanceof UnusableDatabase)) throw error;
    const copy = listCopies(options.dirs.databaseCopies).find((one) => isGood(one, options.schemas));
    if (!options.restore || copy === undefined) throw unusable(options, error, copy);
    const kept = restore(options.dirs.database, copy);
    const database = openFile(options);
    database.isRestored = true;
    options.warnings.record("databaseRestored", {
      message:
        `The database could not be used: ${error.message}. It is as it was at ${copy.at} again; what was made or changed later is not known any more. ` +
        `The file of before is "${kept}"`,
    });
    return database;
  }
}

function openFile({ dirs, log, schemas, room, warnings }: OpenOptions): Database {
  const keep = (database: Database) => copyBeforeUpgrade(database, dirs.databaseCopies, warnings, log);
  return new Database(dirs.database, schemas, room, keep);
}

function open(options: OpenOptions): Database {
  const { dirs, log, warnings } = options;
  requireContent(dirs);
  // SQLite would wait for a fifo, and say of a folder no more than that something cannot be opened.
  for (const tail of ["-wal", "-shm", "-journal"]) ownFile(log, dirs.database + tail);
  const database = openFile(options);
  if (database.lacksLog)
    warnings.record("databaseLogMissing", {
      message: `"${dirs.database}-wal" is missing. Changes of the last minutes may be lost with it`,
    });
  return database;
}

/** SQLite takes a missing or empty file for a new database, but a daemon that has copies had a database. @throws UnusableDatabase */
function requireContent(dirs: Dirs): void {
  const found = aboutFile(dirs.database);
  if (found !== undefined && !found.isFile()) throw new UnusableDatabase("it is not a file");
  if (listCopies(dirs.databaseCopies).length === 0 && (found?.size ?? 0) === 0) return;
  if (found === undefined) throw new UnusableDatabase("it is missing");
  if (found.size === 0) throw new UnusableDatabase("it is empty");
  const head = Buffer.alloc(16);
  const file = openSync(dirs.database, "r");
  readSync(file, head);
  closeSync(file);
  if (head.toString("latin1") !== "SQLite format 3\0") throw new UnusableDatabase("it is not an SQLite database");
}

/** Whether a copy is whole, and not of a newer Bothy. */
function isGood(copy: Copy, schemas: readonly Schema[]): boolean {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(copy.path, { readOnly: true });
    const checked = database.prepare("PRAGMA quick_check(1)").all();
    const versions = database.prepare("SELECT kind, version FROM schema_versions").all();
    const isKnown = ({ kind, version }: Record<string, unknown>) =>
      Number(version) > 0 && Number(version) <= (schemas.find((schema) => schema.kind === kind)?.versions.length ?? 0);
    return Object.values(checked[0] ?? {})[0] === "ok" && versions.length > 0 && versions.every(isKnown);
  } catch {
    // Whatever is wrong with it: an older one may be good.
    return false;
  } finally {
    database?.close();
  }
}

/** Puts a copy in the file's place. @returns where the file of before is kept */
function restore(file: string, copy: Copy): string {
  const tails = ["", "-wal"];
  const kept = keptName(file, ".unusable-", tails);
  const made = `${file}.restored`;
  copyFileSync(copy.path, made);
  const written = openSync(made, "r");
  fsyncSync(written);
  closeSync(written);
  for (const tail of tails)
    if (lstatSync(file + tail, { throwIfNoEntry: false }) !== undefined) renameSync(file + tail, kept + tail);
  renameSync(made, file);
  const folder = openSync(path.dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
  return kept;
}

function unusable({ dirs, restore: isAsked }: OpenOptions, { message }: UnusableDatabase, copy: Copy | undefined) {
  const cause = `Cannot open the database "${dirs.database}": ${message}.`;
  if (copy === undefined)
    return internal(
      `${cause} There is no good copy of it. Bring the file back from a backup of yours, or move it away to begin with an empty one; storage pools keep what is in them.`,
    );
  const newer = /newer/.test(message) ? "Start that version, or start" : "Start";
  return internal(
    `${cause} The last good copy is of ${copy.at}. ${newer} bothyd once with --restore-database to go back to it; the file is kept aside${isAsked ? "" : ", and nothing is changed until then"}.`,
  );
}
