/** Backups in the database, of whatever they are. A pending row is of a file that is being written or removed; a new daemon removes both. */
import type { Database } from "../../../platform/database/database";
import type { Row } from "../../../platform/database/row";

/** A backup; `Owner` is what it is of. */
export interface BackupRecord<Owner> {
  readonly owner: Owner;
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Whether snapshots are left out. */
  readonly isAlone: boolean;
}

/** The tables of backups of one sort of object: one of them, and one of folders that are still to be moved. */
export interface BackupTables<Owner> {
  readonly backups: "backups" | "volume_backups";
  readonly moves: "backup_moves" | "volume_backup_moves";
  /** Columns that name the owner. */
  readonly ownerColumns: readonly string[];
  /** Column of `isAlone`. */
  readonly aloneColumn: string;
  /** In the order of the columns. */
  readonly valuesOf: (owner: Owner) => readonly string[];
  readonly ownerOf: (row: Row) => Owner;
}

export class BackupStore<Owner> {
  readonly #isOwned: string;
  readonly #isOne: string;

  constructor(
    private readonly database: Database,
    private readonly tables: BackupTables<Owner>,
  ) {
    this.#isOwned = tables.ownerColumns.map((column) => `${column} = ?`).join(" AND ");
    this.#isOne = `${this.#isOwned} AND name = ?`;
  }

  list(owner: Owner): BackupRecord<Owner>[] {
    const sql = `SELECT * FROM ${this.tables.backups} WHERE ${this.#isOwned} AND pending = 0 ORDER BY name`;
    return this.database.all(sql, ...this.tables.valuesOf(owner)).map(this.#fromRow);
  }

  /** Those of all owners. */
  listAll(): BackupRecord<Owner>[] {
    return this.database.all(`SELECT * FROM ${this.tables.backups} WHERE pending = 0`).map(this.#fromRow);
  }

  listPending(): BackupRecord<Owner>[] {
    return this.database.all(`SELECT * FROM ${this.tables.backups} WHERE pending = 1`).map(this.#fromRow);
  }

  /** With those that are being made or deleted. */
  allNames(owner: Owner): string[] {
    const sql = `SELECT name FROM ${this.tables.backups} WHERE ${this.#isOwned}`;
    return this.database.all(sql, ...this.tables.valuesOf(owner)).map((row) => String(row.name));
  }

  find(owner: Owner, name: string): BackupRecord<Owner> | undefined {
    const sql = `SELECT * FROM ${this.tables.backups} WHERE ${this.#isOne} AND pending = 0`;
    const row = this.database.get(sql, ...this.tables.valuesOf(owner), name);
    return row === undefined ? undefined : this.#fromRow(row);
  }

  insertPending({ owner, name, createdAt, expiresAt, isAlone }: BackupRecord<Owner>): void {
    const { backups, ownerColumns, aloneColumn, valuesOf } = this.tables;
    const columns = [...ownerColumns, "name", "created_at", "expires_at", aloneColumn, "pending"];
    this.database.run(
      `INSERT INTO ${backups} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
      ...valuesOf(owner),
      name,
      createdAt,
      expiresAt,
      Number(isAlone),
      1,
    );
  }

  confirm(owner: Owner, name: string): void {
    this.#setPending(owner, name, 0);
  }

  markPending(owner: Owner, name: string): void {
    this.#setPending(owner, name, 1);
  }

  #setPending(owner: Owner, name: string, pending: number): void {
    const sql = `UPDATE ${this.tables.backups} SET pending = ? WHERE ${this.#isOne}`;
    this.database.run(sql, pending, ...this.tables.valuesOf(owner), name);
  }

  /** Follows an owner of another name. */
  renameOwner(from: Owner, to: Owner): void {
    const { backups, ownerColumns, valuesOf } = this.tables;
    const set = ownerColumns.map((column) => `${column} = ?`).join(", ");
    this.database.run(`UPDATE ${backups} SET ${set} WHERE ${this.#isOwned}`, ...valuesOf(to), ...valuesOf(from));
  }

  /** Folders of renamed owners that are still to be moved. */
  moves(): { from: string; to: string }[] {
    const rows = this.database.all(`SELECT source, target FROM ${this.tables.moves}`);
    return rows.map(({ source, target }) => ({ from: String(source), to: String(target) }));
  }

  addMove(from: string, to: string): void {
    this.database.run(`INSERT OR REPLACE INTO ${this.tables.moves} (source, target) VALUES (?, ?)`, from, to);
  }

  deleteMove(from: string): void {
    this.database.run(`DELETE FROM ${this.tables.moves} WHERE source = ?`, from);
  }

  delete(owner: Owner, name: string): void {
    const sql = `DELETE FROM ${this.tables.backups} WHERE ${this.#isOne}`;
    this.database.run(sql, ...this.tables.valuesOf(owner), name);
  }

  readonly #fromRow = (row: Row): BackupRecord<Owner> => ({
    owner: this.tables.ownerOf(row),
    name: String(row.name),
    createdAt: String(row.created_at),
    expiresAt: String(row.expires_at),
    isAlone: row[this.tables.aloneColumn] === 1,
  });
}
