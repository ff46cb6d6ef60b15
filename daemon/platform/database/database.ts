/** Database: one SQLite file, WAL, every commit on disk before it counts. Only the store files of the kinds use it. */
import { statfsSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { unavailable } from "../../../sdk/api/errors";
import type { Row } from "./row";
import type { TableRules } from "./rules";

/** The tables of one kind: each entry brings the schema one version further and never changes once released. */
export interface Schema {
  readonly kind: string;
  readonly versions: readonly string[];
  /** What their rows must hold. */
  readonly tables?: readonly TableRules[];
}

class NoBlocks extends Error {}

/** What a database that can write nothing more tells, and what may make room for it. */
export interface Room {
  /** Gives up what was kept for this case. @returns whether there is more room now */
  release(): boolean;
  full(error: unknown): void;
  /** A change was written, called after each. */
  written(): void;
}

const noRoom: Room = { release: () => false, full: () => undefined, written: () => undefined };

/** The file cannot be used: it is damaged, or of a newer Bothy. */
export class UnusableDatabase extends Error {}

/** Pages after which the log is written back into the file and begun anew: 2 MiB. */
const logPages = 512;
/** So much log and so many free pages make the changes of a full file system need no block: they are there already. */
const preparedBytes = 2.5 * 2 ** 20;
/** Must be left when the file has got new blocks. */
const spareBytes = 2 ** 20;
/** In user_version: the log has changes that the file has not, so one that is missing was lost; or it has none. */
const needsLog = 1;
const needsNoLog = 2;

type BeforeUpgrade = (database: Database) => (isDone: boolean) => void;

export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #room: Room;
  #depth = 0;
  #changes = 0;
  /** Pages that the file has blocks for. */
  #filePages = 0;
  /** Whether the file was written by a daemon that keeps its log, and there was none. */
  readonly lacksLog: boolean;
  /** Whether a copy has just taken the file's place. */
  isRestored = false;

  /**
   * Opens or makes the file and brings every kind's tables to their newest version.
   * @param beforeUpgrade called before tables with data are brought further; what it returns is told how that ended
   * @throws UnusableDatabase when the file is damaged or of a newer Bothy; ApiError UNAVAILABLE when another daemon uses it
   */
  constructor(
    private readonly file: string,
    schemas: readonly Schema[],
    room: Room = noRoom,
    beforeUpgrade: BeforeUpgrade = () => () => undefined,
  ) {
    this.#room = room;
    const hasLog = statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined;
    this.#db = new DatabaseSync(file, { enableForeignKeyConstraints: true });
    try {
      this.#lock();
      this.#requireWhole();
      // Not before: it writes, and the file may be another program's.
      this.#db.exec("PRAGMA journal_mode = WAL");
      this.#db.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${logPages}`);
      this.lacksLog = !hasLog && Number(this.get("PRAGMA user_version")?.user_version) === needsLog;
      this.#migrate(schemas, beforeUpgrade);
    } catch (error) {
      this.#db.close();
      throw isDamage(error)
        ? new UnusableDatabase(`it is damaged (${(error as Error).message})`, { cause: error })
        : error;
    }
  }

  #lock(): void {
    // Exclusive: nobody else may write under us, and the lock dies with the process.
    try {
      this.#db.exec("PRAGMA busy_timeout = 2000; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    } catch (error) {
      if (!/locked/.test((error as Error).message)) throw error;
      throw inUse(this.file, error);
    }
  }

  #requireWhole(): void {
    const lines = this.all("PRAGMA quick_check").map((row) => String(Object.values(row)[0]));
    const found = lines.filter((line) => line !== "ok" && !isOfOneRow(line));
    if (found.length > 0)
      throw new UnusableDatabase(`it is damaged (${found.slice(0, 3).join("; ").replaceAll("\n", "; ")})`);
    const tables = this.all("SELECT name FROM sqlite_schema WHERE type = 'table'").map((row) => String(row.name));
    if (tables.length > 0 && !tables.includes("schema_versions"))
      throw new UnusableDatabase("it is not a database of Bothy");
  }

  #migrate(schemas: readonly Schema[], beforeUpgrade: BeforeUpgrade): void {
    const create =
      "CREATE TABLE IF NOT EXISTS schema_versions (kind TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT";
    this.#db.exec(create);
    const have = new Map(
      this.all("SELECT kind, version FROM schema_versions").map((row) => [String(row.kind), Number(row.version)]),
    );
    for (const { kind, versions } of schemas) {
      const version = have.get(kind) ?? 0;
      if (version > versions.length) throw new UnusableDatabase(`its tables of kind "${kind}" are of a newer Bothy`);
      if (version < 0) throw misfit(`kind "${kind}" has version ${version}`);
    }
    // Nothing is written that is so already: a full file system may not take it.
    const behind = schemas.filter(({ kind, versions }) => have.get(kind) !== versions.length);
    if (behind.length === 0) return;
    const after = have.size > 0 ? beforeUpgrade(this) : () => undefined;
    try {
      this.transaction(() => {
        for (const { kind, versions } of behind) {
          for (const sql of versions.slice(have.get(kind) ?? 0)) this.#db.exec(sql);
          this.run("INSERT OR REPLACE INTO schema_versions VALUES (?, ?)", kind, versions.length);
        }
      });
      after(true);
    } catch (error) {
      after(false);
      // What is to be made is there already, or what is to be changed is not.
      throw codeOf(error) === plainError ? misfit((error as Error).message) : error;
    }
  }

  /** Runs the changes as one: all are kept, or none. Nested calls join the outer one. The work may be run again, so it changes nothing else. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    return this.#write(() => this.#transaction(work));
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    this.#depth += 1;
    try {
      const result = work();
      const grows = this.#requireBlocks();
      this.#db.exec("COMMIT");
      if (grows) this.#db.exec("PRAGMA wal_checkpoint(FULL)");
      return result;
    } catch (error) {
      // A full disk may have rolled it back already.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /**
   * Looks before a commit whether the file will need new blocks, and whether there are any. The log must always be one that can be written
   * back: else it could never begin anew, and the next change, though it only deletes, would need a block for it.
   * @returns whether the file grows @throws NoBlocks
   */
  #requireBlocks(): boolean {
    const pages = Number(this.get("PRAGMA page_count")?.page_count);
    if (pages <= this.#filePages) return false;
    const found = statSync(this.file, { throwIfNoEntry: false });
    if (found === undefined) return false;
    const pageSize = Number(this.get("PRAGMA page_size")?.page_size);
    this.#filePages = Math.floor(found.size / pageSize);
    if (pages <= this.#filePages) return false;
    const { bavail, bsize } = statfsSync(path.dirname(this.file));
    if (bavail * bsize < (pages - this.#filePages) * pageSize + spareBytes) throw new NoBlocks("no block is free");
    return true;
  }

  /** Runs one change, or one transaction; when there is no room for it, once more after some was made. */
  #write<T>(work: () => T): T {
    const attempt = () => {
      const result = work();
      this.#changes += 1;
      this.#room.written();
      return result;
    };
    try {
      return attempt();
    } catch (error) {
      if (!isFull(error)) throw error;
      try {
        if (this.#room.release()) return attempt();
      } catch (again) {
        if (!isFull(again)) throw again;
      }
      this.#room.full(error);
      throw unavailable(
        `Cannot change anything: the file system of "${this.file}" is full. Delete what is not needed; reading and deleting still work.`,
        { cause: error },
      );
    }
  }

  run(sql: string, ...values: SQLInputValue[]): { changes: number } {
    const run = () => ({ changes: Number(this.#statement(sql).run(...values).changes) });
    return this.transaction(run);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    const row = this.#statement(sql).get(...values);
    return row === undefined ? undefined : numbersIn(row);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql)
      .all(...values)
      .map(numbersIn);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    // Else a row with a number past 2^53, which only damage makes, could not even be looked at.
    made.setReadBigInts(true);
    this.#statements.set(sql, made);
    return made;
  }

  /** What a copy takes. */
  get bytes(): number {
    const read = (name: string) => Number(this.get(`PRAGMA ${name}`)?.[name]);
    return (read("page_count") - read("freelist_count")) * read("page_size");
  }

  /** Number of changes since it was opened. */
  get changes(): number {
    return this.#changes;
  }

  /** What was read while it had this number is still so; nothing within a transaction, which may yet be taken back. */
  get stamp(): number | undefined {
    return this.#depth > 0 ? undefined : this.#changes;
  }

  /** Writes a whole, checked copy to a new file. @throws Error of SQLite, of a damaged file too */
  copyTo(file: string): void {
    this.#db.prepare("VACUUM INTO ?").run(file);
  }

  /**
   * Makes log and file as long as changes on a full file system need them; both stay so. It is done again when the free pages are used up.
   * @throws Error of SQLite, as when there is no room for it
   */
  prepareRoom(): void {
    const freePages = Number(this.get("PRAGMA freelist_count")?.freelist_count);
    const pageSize = Number(this.get("PRAGMA page_size")?.page_size);
    const logBytes = statSync(`${this.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (logBytes < preparedBytes || freePages * pageSize < preparedBytes / 2) {
      this.#transaction(() => {
        // A daemon that was killed may have left it.
        this.#db.exec("DROP TABLE IF EXISTS filling");
        this.#db.exec(
          `CREATE TABLE filling (bytes BLOB) STRICT; INSERT INTO filling VALUES (randomblob(${preparedBytes}))`,
        );
      });
      // Pages that were free all the time are never written: it takes a commit in between.
      this.#db.exec("PRAGMA wal_checkpoint(FULL); DROP TABLE filling; PRAGMA wal_checkpoint(FULL)");
    }
  }

  /** From now on a missing log is a lost one. */
  begin(): void {
    this.#db.exec(`PRAGMA user_version = ${needsLog}; PRAGMA wal_checkpoint(FULL)`);
  }

  /** Ends the use of the file for the end of the process: SQLite's own closing would remove the log, whose blocks a full file system never gives again. */
  leave(): void {
    this.#statements.clear();
    try {
      this.#db.exec(`PRAGMA user_version = ${needsNoLog}; PRAGMA wal_checkpoint(FULL)`);
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

export const inUse = (path: string, cause: unknown) =>
  unavailable(`Cannot open the database "${path}": another bothyd uses it. Stop that one, or choose another --dir.`, {
    cause,
  });

/** Complaints about what a row holds; such a row is looked at by itself (damage/service.ts). */
const isOfOneRow = (line: string): boolean =>
  /^(CHECK constraint failed in|NULL value in|NUMERIC value in|TEXT value in|non-[A-Z]+ value in) /.test(line);

/** The record of versions does not say what is there. */
const misfit = (cause: string) => new UnusableDatabase(`its versions do not fit its tables (${cause})`);

/** A row with numbers as the rest of the daemon has them; one past 2^53 loses its last digits. */
const numbersIn = (row: Record<string, unknown>): Row => {
  // A list has thousands of rows: entries made of each would take longer than the query.
  for (const name in row) {
    const value = row[name];
    if (typeof value === "bigint") row[name] = Number(value);
  }
  return row;
};

/** SQLITE_ERROR: a statement does not go with what is there. */
const plainError = 1;

const codeOf = (error: unknown): number => Number((error as { errcode?: number } | undefined)?.errcode ?? 0);

/** SQLITE_FULL, or SQLITE_IOERR_WRITE, as which SQLite tells a quota that is used up. */
const isFull = (error: unknown): boolean =>
  error instanceof NoBlocks || (codeOf(error) & 0xff) === 13 || codeOf(error) === 778;

/** SQLITE_CORRUPT or SQLITE_NOTADB. */
export const isDamage = (error: unknown): boolean => [11, 26].includes(codeOf(error) & 0xff);

/** Whether an error is SQLite's complaint about a duplicate key. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && /UNIQUE constraint failed|PRIMARY KEY/.test(error.message);
