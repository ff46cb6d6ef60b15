/** Instances in the database. A row marked pending is being made; a new daemon takes it away with its volume. */
import { type Config, type Devices, InstanceName } from "../../../sdk/api/common";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { config, devices, flag, name, texts, time } from "../../platform/database/rules";
import type { InstanceRecord } from "./record";

export const instanceSchema: Schema = {
  kind: "instance",
  versions: [
    `CREATE TABLE instances (
      name TEXT PRIMARY KEY,
      architecture TEXT NOT NULL,
      description TEXT NOT NULL,
      config TEXT NOT NULL,
      devices TEXT NOT NULL,
      profiles TEXT NOT NULL,
      ephemeral INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      last_used_at TEXT NOT NULL,
      pool TEXT NOT NULL,
      pending INTEGER NOT NULL
    ) STRICT`,
  ],
  tables: [
    {
      table: "instances",
      url: (row) => `/1.0/instances/${row.name}`,
      columns: {
        name: name((value) => InstanceName.safeParse(value).success),
        config,
        devices,
        profiles: texts,
        ephemeral: flag,
        pending: flag,
        created_at: time,
        last_used_at: time,
      },
    },
  ],
};

export class InstanceStore {
  constructor(private readonly database: Database) {}

  list(): InstanceRecord[] {
    return this.database.all("SELECT * FROM instances WHERE pending = 0 ORDER BY name").map(fromRow);
  }

  listPending(): InstanceRecord[] {
    return this.database.all("SELECT * FROM instances WHERE pending = 1").map(fromRow);
  }

  /** Names of all rows, whatever else they hold. */
  names(): string[] {
    return this.database.all("SELECT name FROM instances").map((row) => String(row.name));
  }

  find(name: string): InstanceRecord | undefined {
    const row = this.database.get("SELECT * FROM instances WHERE name = ? AND pending = 0", name);
    return row === undefined ? undefined : fromRow(row);
  }

  /** Adds it as pending: the name is taken, nobody sees it yet. */
  insertPending(record: InstanceRecord): void {
    this.database.run(
      "INSERT INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
      record.name,
      ...settingsOf(record),
      record.createdAt,
      record.lastUsedAt,
      record.pool,
    );
  }

  /** Its volume is there: from now on it exists. */
  confirm(name: string): void {
    this.database.run("UPDATE instances SET pending = 0 WHERE name = ?", name);
  }

  /** It is being deleted: gone for everyone. */
  markPending(name: string): void {
    this.database.run("UPDATE instances SET pending = 1 WHERE name = ?", name);
  }

  update(record: InstanceRecord): void {
    this.database.run(
      `UPDATE instances SET architecture = ?, description = ?, config = ?, devices = ?, profiles = ?, ephemeral = ?, last_used_at = ?
       WHERE name = ?`,
      ...settingsOf(record),
      record.lastUsedAt,
      record.name,
    );
  }

  rename(from: string, to: string): void {
    this.database.run("UPDATE instances SET name = ? WHERE name = ?", to, from);
  }

  delete(name: string): void {
    this.database.run("DELETE FROM instances WHERE name = ?", name);
  }
}

/** The columns from architecture to ephemeral, in their order. */
const settingsOf = (record: InstanceRecord) => [
  record.architecture,
  record.description,
  JSON.stringify(record.config),
  JSON.stringify(record.devices),
  JSON.stringify(record.profiles),
  Number(record.ephemeral),
];

const fromRow = (row: Row): InstanceRecord => ({
  name: String(row.name),
  architecture: String(row.architecture),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
  devices: JSON.parse(String(row.devices)) as Devices,
  profiles: JSON.parse(String(row.profiles)) as string[],
  ephemeral: row.ephemeral === 1,
  createdAt: String(row.created_at),
  lastUsedAt: String(row.last_used_at),
  pool: String(row.pool),
});
