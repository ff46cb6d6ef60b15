/** Instances in the database. A row marked pending is being made; a new daemon takes it away with its volume. */
import * as z from "zod";
import { type Config, type Devices, InstanceName } from "../../../sdk/api/common";
import { InstanceMetadataPut } from "../../../sdk/api/instance-metadata";
import { type Ref, urlOf } from "../../core/ref";
import type { References } from "../../core/references/references";
import type { Database, Schema } from "../../platform/database/database";
import { integer, rebuilt, taken } from "../../platform/database/rebuild";
import type { Row } from "../../platform/database/row";
import { config, devices, flag, json, name, pathPart, texts, time } from "../../platform/database/rules";
import { MetadataStore, metadataTable } from "./metadata/store";
import { MoveStore, moveTable } from "./moves/store";
import { type InstanceId, type InstanceRecord, instanceRef } from "./record";

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
    rebuilt(
      "instances",
      `project TEXT NOT NULL, name TEXT NOT NULL, architecture TEXT NOT NULL, description TEXT NOT NULL, config TEXT NOT NULL,
       devices TEXT NOT NULL, profiles TEXT NOT NULL, ephemeral INTEGER NOT NULL, created_at TEXT NOT NULL,
       last_used_at TEXT NOT NULL, pool TEXT NOT NULL, pending INTEGER NOT NULL, PRIMARY KEY (project, name)`,
      {
        project: "'default'",
        ...taken(
          "name",
          "architecture",
          "description",
          "config",
          "devices",
          "profiles",
          "created_at",
          "last_used_at",
          "pool",
        ),
        ephemeral: integer("ephemeral"),
        pending: integer("pending"),
      },
    ),
    metadataTable,
    moveTable,
    "ALTER TABLE instances ADD COLUMN volume_config TEXT NOT NULL DEFAULT '{}'",
  ],
  tables: [
    {
      table: "instances",
      url: ({ project, name: own }) => urlOf(instanceRef({ project: String(project), name: String(own) })),
      columns: {
        project: pathPart,
        name: name((value) => InstanceName.safeParse(value).success),
        config,
        devices,
        profiles: texts,
        ephemeral: flag,
        pending: flag,
        created_at: time,
        last_used_at: time,
        volume_config: config,
      },
    },
    {
      table: "instance_metadata",
      url: ({ project, name: own }) => urlOf(instanceRef({ project: String(project), name: String(own) })),
      columns: {
        project: pathPart,
        name: name((value) => InstanceName.safeParse(value).success),
        metadata: json(InstanceMetadataPut, () => InstanceMetadataPut.parse({})),
        templates: json(z.record(z.string(), z.string()), () => ({})),
      },
    },
    {
      table: "instance_moves",
      url: ({ project, name: own }) => urlOf(instanceRef({ project: String(project), name: String(own) })),
      columns: { project: pathPart, name: name((value) => InstanceName.safeParse(value).success) },
    },
  ],
};

export class InstanceStore {
  readonly metadata: MetadataStore;
  readonly moves: MoveStore;

  /** @param targetsOf what an instance refers to, kept in step with its row */
  constructor(
    private readonly database: Database,
    private readonly references: References,
    private readonly targetsOf: (record: InstanceRecord) => readonly Ref[],
  ) {
    this.metadata = new MetadataStore(database);
    this.moves = new MoveStore(database);
  }

  #refer(record: InstanceRecord): void {
    this.references.say(instanceRef(record), this.targetsOf(record));
  }

  list(): InstanceRecord[] {
    return this.database.all("SELECT * FROM instances WHERE pending = 0 ORDER BY project, name").map(fromRow);
  }

  listPending(): InstanceRecord[] {
    return this.database.all("SELECT * FROM instances WHERE pending = 1").map(fromRow);
  }

  /** All rows, whatever else they hold. */
  ids(): InstanceId[] {
    return this.database
      .all("SELECT project, name FROM instances")
      .map(({ project, name }) => ({ project: String(project), name: String(name) }));
  }

  /** Whether a row has the name, whatever else it holds. */
  isTaken({ project, name }: InstanceId): boolean {
    return (
      this.database.get("SELECT 1 AS taken FROM instances WHERE project = ? AND name = ?", project, name) !== undefined
    );
  }

  find({ project, name }: InstanceId): InstanceRecord | undefined {
    const sql = "SELECT * FROM instances WHERE project = ? AND name = ? AND pending = 0";
    const row = this.database.get(sql, project, name);
    return row === undefined ? undefined : fromRow(row);
  }

  /** One that is being made or deleted too. */
  findAny({ project, name }: InstanceId): InstanceRecord | undefined {
    const row = this.database.get("SELECT * FROM instances WHERE project = ? AND name = ?", project, name);
    return row === undefined ? undefined : fromRow(row);
  }

  /** Adds it as pending: the name is taken, nobody sees it yet. */
  insertPending(record: InstanceRecord): void {
    this.database.transaction(() => {
      this.#insertPending(record);
      this.#refer(record);
    });
  }

  #insertPending(record: InstanceRecord): void {
    this.database.run(
      `INSERT INTO instances (project, name, architecture, description, config, devices, profiles, ephemeral, volume_config,
        created_at, last_used_at, pool, pending) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
      record.project,
      record.name,
      ...settingsOf(record),
      record.createdAt,
      record.lastUsedAt,
      record.pool,
    );
  }

  /** Its volume is there: from now on it exists. */
  confirm({ project, name }: InstanceId): void {
    this.database.run("UPDATE instances SET pending = 0 WHERE project = ? AND name = ?", project, name);
  }

  /** It is being deleted: gone for everyone. */
  markPending({ project, name }: InstanceId): void {
    this.database.run("UPDATE instances SET pending = 1 WHERE project = ? AND name = ?", project, name);
  }

  update(record: InstanceRecord): void {
    this.database.transaction(() => {
      this.#update(record);
      this.#refer(record);
    });
  }

  /** Says again what an instance refers to: a profile of it has changed. */
  referAgain(record: InstanceRecord): void {
    this.#refer(record);
  }

  #update(record: InstanceRecord): void {
    this.database.run(
      `UPDATE instances SET architecture = ?, description = ?, config = ?, devices = ?, profiles = ?, ephemeral = ?, volume_config = ?,
        last_used_at = ?
       WHERE project = ? AND name = ?`,
      ...settingsOf(record),
      record.lastUsedAt,
      record.project,
      record.name,
    );
  }

  /** Gives an instance another name, or another project. */
  rename(record: InstanceRecord, to: InstanceId): void {
    const { project, name } = record;
    this.database.transaction(() => {
      this.references.forget(instanceRef(record));
      const sql = "UPDATE instances SET project = ?, name = ? WHERE project = ? AND name = ?";
      this.database.run(sql, to.project, to.name, project, name);
      this.metadata.rename(record, to);
      this.#refer({ ...record, project: to.project, name: to.name });
    });
  }

  /** Notes that an instance's volumes are in another pool, with the devices that say so; within the caller's transaction. */
  moveToPool(record: InstanceRecord): void {
    const { project, name, pool } = record;
    this.database.run("UPDATE instances SET pool = ? WHERE project = ? AND name = ?", pool, project, name);
    this.#update(record);
    this.#refer(record);
  }

  delete({ project, name }: InstanceId): void {
    this.database.transaction(() => {
      this.references.forget(instanceRef({ project, name }));
      this.database.run("DELETE FROM instances WHERE project = ? AND name = ?", project, name);
      this.metadata.delete({ project, name });
      this.moves.delete({ project, name });
    });
  }
}

/** The columns from architecture to volume_config, in their order. */
const settingsOf = (record: InstanceRecord) => [
  record.architecture,
  record.description,
  JSON.stringify(record.config),
  JSON.stringify(record.devices),
  JSON.stringify(record.profiles),
  Number(record.ephemeral),
  JSON.stringify(record.volumeConfig),
];

const fromRow = (row: Row): InstanceRecord => ({
  project: String(row.project),
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
  volumeConfig: JSON.parse(String(row.volume_config)) as Config,
});
