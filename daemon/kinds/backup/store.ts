/** Backups in the database. A pending row is of a file that is being written or removed; a new daemon removes both. */
import { backupRef, urlOf } from "../../core/ref";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { expiry, flag, pathPart, time } from "../../platform/database/rules";
import type { InstanceId } from "../instance/record";

export const backupSchema: Schema = {
  kind: "backup",
  versions: [
    `CREATE TABLE backups (
      project TEXT NOT NULL,
      instance TEXT NOT NULL,
      name TEXT NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      instance_only INTEGER NOT NULL,
      pending INTEGER NOT NULL,
      PRIMARY KEY (project, instance, name)
    ) STRICT;
    CREATE TABLE backup_moves (source TEXT PRIMARY KEY, target TEXT NOT NULL) STRICT`,
  ],
  tables: [
    {
      table: "backups",
      url: ({ project, instance, name }) => urlOf(backupRef(String(instance), String(name), String(project))),
      columns: {
        project: pathPart,
        instance: pathPart,
        name: pathPart,
        created_at: time,
        expires_at: expiry,
        instance_only: flag,
        pending: flag,
      },
    },
    { table: "backup_moves", url: () => "/1.0", columns: { source: pathPart, target: pathPart } },
  ],
};

export interface BackupRecord {
  readonly instance: InstanceId;
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly instanceOnly: boolean;
}

export class BackupStore {
  constructor(private readonly database: Database) {}

  list({ project, name }: InstanceId): BackupRecord[] {
    const sql = "SELECT * FROM backups WHERE project = ? AND instance = ? AND pending = 0 ORDER BY name";
    return this.database.all(sql, project, name).map(fromRow);
  }

  /** Those of all instances. */
  listAll(): BackupRecord[] {
    return this.database.all("SELECT * FROM backups WHERE pending = 0").map(fromRow);
  }

  listPending(): BackupRecord[] {
    return this.database.all("SELECT * FROM backups WHERE pending = 1").map(fromRow);
  }

  /** With those that are being made or deleted. */
  allNames({ project, name }: InstanceId): string[] {
    return this.database
      .all("SELECT name FROM backups WHERE project = ? AND instance = ?", project, name)
      .map((row) => String(row.name));
  }

  find(instance: InstanceId, name: string): BackupRecord | undefined {
    const row = this.database.get(`SELECT * FROM backups WHERE ${isOne} AND pending = 0`, ...keyOf(instance, name));
    return row === undefined ? undefined : fromRow(row);
  }

  insertPending({ instance, name, createdAt, expiresAt, instanceOnly }: BackupRecord): void {
    this.database.run(
      `INSERT INTO backups (project, instance, name, created_at, expires_at, instance_only, pending)
        VALUES (?, ?, ?, ?, ?, ?, 1)`,
      ...keyOf(instance, name),
      createdAt,
      expiresAt,
      Number(instanceOnly),
    );
  }

  confirm(instance: InstanceId, name: string): void {
    this.database.run(`UPDATE backups SET pending = 0 WHERE ${isOne}`, ...keyOf(instance, name));
  }

  markPending(instance: InstanceId, name: string): void {
    this.database.run(`UPDATE backups SET pending = 1 WHERE ${isOne}`, ...keyOf(instance, name));
  }

  rename(instance: InstanceId, from: string, to: string): void {
    this.database.run(`UPDATE backups SET name = ? WHERE ${isOne}`, to, ...keyOf(instance, from));
  }

  renameInstance({ project, name }: InstanceId, to: InstanceId): void {
    const sql = "UPDATE backups SET project = ?, instance = ? WHERE project = ? AND instance = ?";
    this.database.run(sql, to.project, to.name, project, name);
  }

  /** Folders of renamed instances that are still to be moved. */
  moves(): { from: string; to: string }[] {
    const rows = this.database.all("SELECT source, target FROM backup_moves");
    return rows.map(({ source, target }) => ({ from: String(source), to: String(target) }));
  }

  addMove(from: string, to: string): void {
    this.database.run("INSERT OR REPLACE INTO backup_moves (source, target) VALUES (?, ?)", from, to);
  }

  deleteMove(from: string): void {
    this.database.run("DELETE FROM backup_moves WHERE source = ?", from);
  }

  delete(instance: InstanceId, name: string): void {
    this.database.run(`DELETE FROM backups WHERE ${isOne}`, ...keyOf(instance, name));
  }

  deleteAll({ project, name }: InstanceId): void {
    this.database.run("DELETE FROM backups WHERE project = ? AND instance = ?", project, name);
  }
}

const isOne = "project = ? AND instance = ? AND name = ?";
const keyOf = ({ project, name: instance }: InstanceId, name: string) => [project, instance, name] as const;

const fromRow = (row: Row): BackupRecord => ({
  instance: { project: String(row.project), name: String(row.instance) },
  name: String(row.name),
  createdAt: String(row.created_at),
  expiresAt: String(row.expires_at),
  instanceOnly: row.instance_only === 1,
});
