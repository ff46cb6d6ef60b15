/** Custom volumes in the database. A pending row is being made or deleted; a new daemon takes it away with its files. */
import { type Config, VolumeName } from "../../../sdk/api/common";
import type { ContentType } from "../../../sdk/api/storage-volume";
import { ref, urlOf, volumeRef } from "../../core/ref";
import type { References } from "../../core/references/references";
import type { Reference } from "../../core/references/store";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { config, flag, name, pathPart, time } from "../../platform/database/rules";
import { refOf, type VolumeId, type VolumeRecord } from "./record";

export const storageVolumeSchema: Schema = {
  kind: "storage-volume",
  versions: [
    `CREATE TABLE storage_volumes (
      project TEXT NOT NULL,
      pool TEXT NOT NULL,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      config TEXT NOT NULL,
      content_type TEXT NOT NULL,
      created_at TEXT NOT NULL,
      pending INTEGER NOT NULL,
      PRIMARY KEY (project, pool, name)
    ) STRICT`,
  ],
  tables: [
    {
      table: "storage_volumes",
      url: (row) => urlOf(volumeRef(String(row.pool), String(row.name), String(row.project))),
      columns: {
        project: pathPart,
        pool: pathPart,
        name: name((value) => VolumeName.safeParse(value).success),
        config,
        content_type: {
          isGood: (value) => value === "filesystem" || value === "block",
          mend: () => "filesystem",
        },
        created_at: time,
        pending: flag,
      },
    },
  ],
};

const isOne = "project = ? AND pool = ? AND name = ?";
const keyOf = ({ project, pool, name: own }: VolumeId) => [project, pool, own] as const;

export class StorageVolumeStore {
  constructor(
    private readonly database: Database,
    private readonly references: References,
  ) {}

  /** All that volumes refer to: their pools. */
  said(): Reference[] {
    return this.ids().map((id) => ({ owner: refOf(id), target: ref("storage-pool", id.pool) }));
  }

  list(): VolumeRecord[] {
    const sql = "SELECT * FROM storage_volumes WHERE pending = 0 ORDER BY pool, project, name";
    return this.database.all(sql).map(fromRow);
  }

  /** Those of a pool. */
  listIn(pool: string): VolumeRecord[] {
    const sql = "SELECT * FROM storage_volumes WHERE pool = ? AND pending = 0 ORDER BY project, name";
    return this.database.all(sql, pool).map(fromRow);
  }

  /** All, those that are being made or deleted too. */
  records(): VolumeRecord[] {
    return this.database.all("SELECT * FROM storage_volumes").map(fromRow);
  }

  listPending(): VolumeRecord[] {
    return this.database.all("SELECT * FROM storage_volumes WHERE pending = 1").map(fromRow);
  }

  /** All rows, those of volumes that are being made or deleted too. */
  ids(): VolumeId[] {
    return this.database.all("SELECT project, pool, name FROM storage_volumes").map((row) => ({
      project: String(row.project),
      pool: String(row.pool),
      name: String(row.name),
    }));
  }

  find(id: VolumeId): VolumeRecord | undefined {
    const row = this.database.get(`SELECT * FROM storage_volumes WHERE ${isOne} AND pending = 0`, ...keyOf(id));
    return row === undefined ? undefined : fromRow(row);
  }

  /** Configuration of a volume by its name in the pool (`customVolumeName`), also of one that is being made; empty when nobody knows it. */
  configAt(pool: string, name: string): Config {
    const sql = "SELECT config FROM storage_volumes WHERE pool = ? AND project || '_' || name = ?";
    const row = this.database.get(sql, pool, name);
    return row === undefined ? {} : (JSON.parse(String(row.config)) as Config);
  }

  /** Whether a row has the name, whatever else it holds. */
  isTaken(id: VolumeId): boolean {
    return this.database.get(`SELECT 1 AS taken FROM storage_volumes WHERE ${isOne}`, ...keyOf(id)) !== undefined;
  }

  /** Adds it as pending: the name is taken, nobody sees it yet. */
  insertPending(record: VolumeRecord): void {
    this.database.transaction(() => {
      this.database.run(
        `INSERT INTO storage_volumes (project, pool, name, description, config, content_type, created_at, pending)
          VALUES (?, ?, ?, ?, ?, ?, ?, 1)`,
        ...keyOf(record),
        record.description,
        JSON.stringify(record.config),
        record.contentType,
        record.createdAt,
      );
      this.#refer(record);
    });
  }

  #refer(id: VolumeId): void {
    this.references.say(refOf(id), [ref("storage-pool", id.pool)]);
  }

  /** Its files are there: from now on it exists. */
  confirm(id: VolumeId): void {
    this.database.run(`UPDATE storage_volumes SET pending = 0 WHERE ${isOne}`, ...keyOf(id));
  }

  /** It is being deleted: gone for everyone. */
  markPending(id: VolumeId): void {
    this.database.run(`UPDATE storage_volumes SET pending = 1 WHERE ${isOne}`, ...keyOf(id));
  }

  update(record: VolumeRecord): void {
    this.database.run(
      `UPDATE storage_volumes SET description = ?, config = ? WHERE ${isOne}`,
      record.description,
      JSON.stringify(record.config),
      ...keyOf(record),
    );
  }

  /** Gives it another name or project. */
  rename(from: VolumeId, to: VolumeId): void {
    this.database.transaction(() => {
      this.references.forget(refOf(from));
      this.database.run(
        `UPDATE storage_volumes SET project = ?, name = ? WHERE ${isOne}`,
        to.project,
        to.name,
        ...keyOf(from),
      );
      this.#refer(to);
    });
  }

  delete(id: VolumeId): void {
    this.database.transaction(() => {
      this.references.forget(refOf(id));
      this.database.run(`DELETE FROM storage_volumes WHERE ${isOne}`, ...keyOf(id));
    });
  }
}

const fromRow = (row: Row): VolumeRecord => ({
  project: String(row.project),
  pool: String(row.pool),
  name: String(row.name),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
  contentType: String(row.content_type) as ContentType,
  createdAt: String(row.created_at),
});
