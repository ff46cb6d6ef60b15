/** Snapshots in the database. A pending row is being made or deleted; a new daemon takes it away with its volume. */
import * as z from "zod";
import { Config, Devices, epoch, never } from "../../../sdk/api/common";
import { hostArchitecture } from "../../../sdk/host/architecture";
import { snapshotRef, urlOf } from "../../core/ref";
import type { Database, Schema } from "../../platform/database/database";
import { integer, rebuilt, taken } from "../../platform/database/rebuild";
import type { Row } from "../../platform/database/row";
import { expiry, flag, json, pathPart, time } from "../../platform/database/rules";
import type { InstanceId, InstanceRecord } from "../instance/record";

const settings = json(
  z.looseObject({
    architecture: z.string(),
    description: z.string(),
    config: Config,
    devices: Devices,
    profiles: z.array(z.string()),
    ephemeral: z.boolean(),
    lastUsedAt: z.string(),
    volumeConfig: Config.optional(),
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
    rebuilt(
      "snapshots",
      `project TEXT NOT NULL, instance TEXT NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT NOT NULL,
       settings TEXT NOT NULL, pending INTEGER NOT NULL, PRIMARY KEY (project, instance, name)`,
      {
        project: "'default'",
        ...taken("instance", "name", "created_at", "expires_at", "settings"),
        pending: integer("pending"),
      },
    ),
  ],
  tables: [
    {
      table: "snapshots",
      url: ({ project, instance, name }) => urlOf(snapshotRef(String(instance), String(name), String(project))),
      columns: {
        project: pathPart,
        instance: pathPart,
        name: pathPart,
        created_at: time,
        expires_at: expiry,
        settings,
        pending: flag,
      },
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
  /** Absent in snapshots that an earlier version made. */
  readonly volumeConfig?: Config;
}

/** What a snapshot keeps of an instance: neither its name nor its pool, which are those of whoever has the snapshot. */
export const settingsOf = ({
  architecture,
  description,
  config,
  devices,
  profiles,
  ephemeral,
  lastUsedAt,
  volumeConfig,
}: Omit<InstanceRecord, "project" | "name" | "createdAt" | "pool">): SnapshotSettings => ({
  architecture,
  description,
  config,
  devices,
  profiles,
  ephemeral,
  lastUsedAt,
  volumeConfig,
});

export interface SnapshotRecord {
  readonly instance: InstanceId;
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly settings: SnapshotSettings;
}

export class SnapshotStore {
  constructor(private readonly database: Database) {}

  list({ project, name }: InstanceId): SnapshotRecord[] {
    const sql = "SELECT * FROM snapshots WHERE project = ? AND instance = ? AND pending = 0 ORDER BY created_at, rowid";
    return this.database.all(sql, project, name).map(fromRow);
  }

  /** Names with those half made: for an instance that goes away with all it has. */
  allNames({ project, name }: InstanceId): string[] {
    return this.database
      .all("SELECT name FROM snapshots WHERE project = ? AND instance = ?", project, name)
      .map((row) => String(row.name));
  }

  /** Those of all instances that are there whole, by their names. */
  allIds(): { readonly instance: InstanceId; readonly name: string }[] {
    return this.database.all("SELECT project, instance, name FROM snapshots WHERE pending = 0").map((row) => ({
      instance: { project: String(row.project), name: String(row.instance) },
      name: String(row.name),
    }));
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

  find(instance: InstanceId, name: string): SnapshotRecord | undefined {
    const row = this.database.get(`SELECT * FROM snapshots WHERE ${isOne} AND pending = 0`, ...keyOf(instance, name));
    return row === undefined ? undefined : fromRow(row);
  }

  insertPending(record: SnapshotRecord): void {
    this.database.run(
      `INSERT INTO snapshots (project, instance, name, created_at, expires_at, settings, pending)
        VALUES (?, ?, ?, ?, ?, ?, 1)`,
      ...keyOf(record.instance, record.name),
      record.createdAt,
      record.expiresAt,
      JSON.stringify(record.settings),
    );
  }

  confirm(instance: InstanceId, name: string): void {
    this.database.run(`UPDATE snapshots SET pending = 0 WHERE ${isOne}`, ...keyOf(instance, name));
  }

  markPending(instance: InstanceId, name: string): void {
    this.database.run(`UPDATE snapshots SET pending = 1 WHERE ${isOne}`, ...keyOf(instance, name));
  }

  setSettings(instance: InstanceId, name: string, settings: SnapshotSettings): void {
    const sql = `UPDATE snapshots SET settings = ? WHERE ${isOne}`;
    this.database.run(sql, JSON.stringify(settings), ...keyOf(instance, name));
  }

  setExpiry(instance: InstanceId, name: string, expiresAt: string): void {
    this.database.run(`UPDATE snapshots SET expires_at = ? WHERE ${isOne}`, expiresAt, ...keyOf(instance, name));
  }

  rename(instance: InstanceId, from: string, to: string): void {
    this.database.run(`UPDATE snapshots SET name = ? WHERE ${isOne}`, to, ...keyOf(instance, from));
  }

  renameInstance({ project, name }: InstanceId, to: InstanceId): void {
    const sql = "UPDATE snapshots SET project = ?, instance = ? WHERE project = ? AND instance = ?";
    this.database.run(sql, to.project, to.name, project, name);
  }

  delete(instance: InstanceId, name: string): void {
    this.database.run(`DELETE FROM snapshots WHERE ${isOne}`, ...keyOf(instance, name));
  }

  deleteAll({ project, name }: InstanceId): void {
    this.database.run("DELETE FROM snapshots WHERE project = ? AND instance = ?", project, name);
  }
}

const isOne = "project = ? AND instance = ? AND name = ?";
const keyOf = ({ project, name: instance }: InstanceId, name: string) => [project, instance, name] as const;

const fromRow = (row: Row): SnapshotRecord => ({
  instance: { project: String(row.project), name: String(row.instance) },
  name: String(row.name),
  createdAt: String(row.created_at),
  expiresAt: String(row.expires_at),
  settings: JSON.parse(String(row.settings)) as SnapshotSettings,
});
