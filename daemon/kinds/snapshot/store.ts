/** Snapshots in the database. A pending row is being made or deleted; a new daemon takes it away with its volume. */
import * as z from "zod";
import { Config, Devices, epoch, never } from "../../../sdk/api/common";
import type { Database, Row, Schema } from "../../platform/database/database";
import { expiry, flag, json, pathPart, time } from "../../platform/database/rules";
import { hostArchitecture } from "../../platform/host/architecture";

const settings = json(
  z.looseObject({
    architecture: z.string(),
    description: z.string(),
    config: Config,
    devices: Devices,
    profiles: z.array(z.string()),
    ephemeral: z.boolean(),
    lastUsedAt: z.string(),
  }),
  (): SnapshotSettings => ({
    architecture: hostArchitecture,
    description: "",
    config: {},
    devices: {},
    profiles: [],
    ephemeral: false,
    lastUsedAt: epoch,
  }),
);

export const snapshotSchema: Schema = {
  kind: "snapshot",
  versions: [
    `CREATE TABLE snapshots (
      instance TEXT NOT NULL,
      name TEXT NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      settings TEXT NOT NULL,
      pending INTEGER NOT NULL,
      PRIMARY KEY (instance, name)
    ) STRICT`,
  ],
  tables: [
    {
      table: "snapshots",
      url: ({ instance, name }) => `/1.0/instances/${instance}/snapshots/${encodeURIComponent(String(name))}`,
      columns: { instance: pathPart, name: pathPart, created_at: time, expires_at: expiry, settings, pending: flag },
    },
  ],
};

/** The instance as it was. */
export interface SnapshotSettings {
  readonly architecture: string;
  readonly description: string;
  readonly config: Config;
  readonly devices: Devices;
  readonly profiles: readonly string[];
  readonly ephemeral: boolean;
  readonly lastUsedAt: string;
}

export interface SnapshotRecord {
  readonly instance: string;
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly settings: SnapshotSettings;
}

export class SnapshotStore {
  constructor(private readonly database: Database) {}

  list(instance: string): SnapshotRecord[] {
    const sql = "SELECT * FROM snapshots WHERE instance = ? AND pending = 0 ORDER BY created_at, rowid";
    return this.database.all(sql, instance).map(fromRow);
  }

  /** Names with those half made: for an instance that goes away with all it has. */
  allNames(instance: string): string[] {
    return this.database.all("SELECT name FROM snapshots WHERE instance = ?", instance).map((row) => String(row.name));
  }

  listPending(): SnapshotRecord[] {
    return this.database.all("SELECT * FROM snapshots WHERE pending = 1").map(fromRow);
  }

  /** Those of all instances, half made ones included. */
  listAll(): SnapshotRecord[] {
    return this.database.all("SELECT * FROM snapshots").map(fromRow);
  }

  /** Those of all instances that do not last for ever. */
  listLimited(): SnapshotRecord[] {
    return this.database.all("SELECT * FROM snapshots WHERE pending = 0 AND expires_at <> ?", never).map(fromRow);
  }

  find(instance: string, name: string): SnapshotRecord | undefined {
    const sql = "SELECT * FROM snapshots WHERE instance = ? AND name = ? AND pending = 0";
    const row = this.database.get(sql, instance, name);
    return row === undefined ? undefined : fromRow(row);
  }

  insertPending(record: SnapshotRecord): void {
    this.database.run(
      "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, 1)",
      record.instance,
      record.name,
      record.createdAt,
      record.expiresAt,
      JSON.stringify(record.settings),
    );
  }

  confirm(instance: string, name: string): void {
    this.database.run("UPDATE snapshots SET pending = 0 WHERE instance = ? AND name = ?", instance, name);
  }

  markPending(instance: string, name: string): void {
    this.database.run("UPDATE snapshots SET pending = 1 WHERE instance = ? AND name = ?", instance, name);
  }

  setSettings(instance: string, name: string, settings: SnapshotSettings): void {
    const sql = "UPDATE snapshots SET settings = ? WHERE instance = ? AND name = ?";
    this.database.run(sql, JSON.stringify(settings), instance, name);
  }

  setExpiry(instance: string, name: string, expiresAt: string): void {
    this.database.run("UPDATE snapshots SET expires_at = ? WHERE instance = ? AND name = ?", expiresAt, instance, name);
  }

  rename(instance: string, from: string, to: string): void {
    this.database.run("UPDATE snapshots SET name = ? WHERE instance = ? AND name = ?", to, instance, from);
  }

  renameInstance(from: string, to: string): void {
    this.database.run("UPDATE snapshots SET instance = ? WHERE instance = ?", to, from);
  }

  delete(instance: string, name: string): void {
    this.database.run("DELETE FROM snapshots WHERE instance = ? AND name = ?", instance, name);
  }

  deleteAll(instance: string): void {
    this.database.run("DELETE FROM snapshots WHERE instance = ?", instance);
  }
}

const fromRow = (row: Row): SnapshotRecord => ({
  instance: String(row.instance),
  name: String(row.name),
  createdAt: String(row.created_at),
  expiresAt: String(row.expires_at),
  settings: JSON.parse(String(row.settings)) as SnapshotSettings,
});
