/** Database: one SQLite file, WAL, every commit on disk before it counts. Only the store files of the kinds use it. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { internal, unavailable } from "../sdk/api/errors";

/** The tables of one kind: each entry brings the schema one version further and never changes once released. */
export interface Schema {
  readonly kind: string;
  readonly versions: readonly string[];
}

export type Row = Record<string, unknown>;

export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  /** Opens or makes the file and brings every kind's tables to their newest version. @throws ApiError when the file is of a newer Bothy */
  constructor(path: string, schemas: readonly Schema[]) {
    this.#db = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    // Exclusive: a second daemon on the same folder must fail, and the lock dies with the process.
    try {
      this.#db.exec("PRAGMA busy_timeout = 2000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL");
    } catch (error) {
      this.#db.close();
      if (!/locked/.test((error as Error).message)) throw error;
      throw unavailable(
        `Cannot open the database "${path}": another bothyd uses it. Stop that one, or choose another --dir.`,
        { cause: error },
      );
    }
    this.#db.exec("PRAGMA synchronous = FULL");
    this.#db.exec(
      "CREATE TABLE IF NOT EXISTS schema_versions (kind TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT",
    );
    this.transaction(() => {
      for (const schema of schemas) this.#migrate(schema);
    });
  }

  #migrate({ kind, versions }: Schema): void {
    const have = Number(this.get("SELECT version FROM schema_versions WHERE kind = ?", kind)?.version ?? 0);
    if (have > versions.length)
      throw internal(
        `Cannot open the database: its tables of kind "${kind}" are of a newer Bothy. Start that version.`,
      );
    for (const sql of versions.slice(have)) this.#db.exec(sql);
    this.run(
      "INSERT INTO schema_versions VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET version = excluded.version",
      kind,
      versions.length,
    );
  }

  /** Runs the changes as one: all are kept, or none. Nested calls join the outer one. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#db.exec("BEGIN IMMEDIATE");
    this.#depth += 1;
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk may have rolled it back already.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  run(sql: string, ...values: SQLInputValue[]): { changes: number } {
    return { changes: Number(this.#statement(sql).run(...values).changes) };
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

/** Whether an error is SQLite's complaint about a duplicate key. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && /UNIQUE constraint failed|PRIMARY KEY/.test(error.message);
