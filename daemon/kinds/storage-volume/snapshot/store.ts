/** Snapshots of custom volumes in the database. A pending row is being made or deleted; a new daemon takes it away with its files. */
import { type Config, never } from "../../../../sdk/api/common";
import { ref, urlOf, volumeSnapshotRef } from "../../../core/ref";
import type { References } from "../../../core/references/references";
import type { Reference } from "../../../core/references/store";
import type { Database, Schema } from "../../../platform/database/database";
import type { Row } from "../../../platform/database/row";
import { config, expiry, flag, pathPart, time } from "../../../platform/database/rules";
import type { VolumeId } from "../record";

export const volumeSnapshotSchema: Schema = {
  kind: "storage-volume-snapshot",
  versions: [
    `CREATE TABLE storage_volume_snapshots (
      project TEXT NOT NULL,
      pool TEXT NOT NULL,
      volume TEXT NOT NULL,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      config TEXT NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      pending INTEGER NOT NULL,
      PRIMARY KEY (project, pool, volume, name)
    ) STRICT`,
  ],
  tables: [
    {
      table: "storage_volume_snapshots",
      url: ({ project, pool, volume, name }) =>
        urlOf(volumeSnapshotRef(String(pool), String(volume), String(name), String(project))),
      columns: {
        project: pathPart,
        pool: pathPart,
        volume: pathPart,
        name: pathPart,
        config,
        created_at: time,
        expires_at: expiry,
        pending: flag,
      },
    },
  ],
};

export interface VolumeSnapshotRecord {
  readonly volume: VolumeId;
  readonly name: string;
  readonly description: string;
  /** Of the volume as it was. */
  readonly config: Config;
  readonly createdAt: string;
  readonly expiresAt: string;
}

const isOfVolume = "project = ? AND pool = ? AND volume = ?";
const isOne = `${isOfVolume} AND name = ?`;
const volumeKey = ({ project, pool, name }: VolumeId) => [project, pool, name] as const;

export const snapshotRefOf = ({ project, pool, name: volume }: VolumeId, name: string) =>
  volumeSnapshotRef(pool, volume, name, project);

export class VolumeSnapshotStore {
  constructor(
    private readonly database: Database,
    private readonly references: References,
  ) {}

  /** All that snapshots refer to: their pools. */
  said(): Reference[] {
    return this.#all("SELECT * FROM storage_volume_snapshots").map(({ volume, name }) => ({
      owner: snapshotRefOf(volume, name),
      target: ref("storage-pool", volume.pool),
    }));
  }

  #all(sql: string, ...values: string[]): VolumeSnapshotRecord[] {
    return this.database.all(sql, ...values).map(fromRow);
  }

  /** Those of a volume, oldest first. */
  list(volume: VolumeId): VolumeSnapshotRecord[] {
    const sql = `SELECT * FROM storage_volume_snapshots WHERE ${isOfVolume} AND pending = 0 ORDER BY created_at, rowid`;
    return this.#all(sql, ...volumeKey(volume));
  }

  /** Names with those half made: for a volume that goes away with all it has. */
  allNames(volume: VolumeId): string[] {
    const sql = `SELECT name FROM storage_volume_snapshots WHERE ${isOfVolume}`;
    return this.database.all(sql, ...volumeKey(volume)).map((row) => String(row.name));
  }

  listPending(): VolumeSnapshotRecord[] {
    return this.#all("SELECT * FROM storage_volume_snapshots WHERE pending = 1");
  }

  /** Those of all volumes that do not last for ever. */
  listLimited(): VolumeSnapshotRecord[] {
    return this.#all("SELECT * FROM storage_volume_snapshots WHERE pending = 0 AND expires_at <> ?", never);
  }

  find(volume: VolumeId, name: string): VolumeSnapshotRecord | undefined {
    const [found] = this.#all(
      `SELECT * FROM storage_volume_snapshots WHERE ${isOne} AND pending = 0`,
      ...volumeKey(volume),
      name,
    );
    return found;
  }

  insertPending({ volume, name, description, config: own, createdAt, expiresAt }: VolumeSnapshotRecord): void {
    this.database.transaction(() => {
      this.database.run(
        `INSERT INTO storage_volume_snapshots (project, pool, volume, name, description, config, created_at, expires_at, pending)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)`,
        ...volumeKey(volume),
        name,
        description,
        JSON.stringify(own),
        createdAt,
        expiresAt,
      );
      this.#refer(volume, name);
    });
  }

  #refer(volume: VolumeId, name: string): void {
    this.references.say(snapshotRefOf(volume, name), [ref("storage-pool", volume.pool)]);
  }

  confirm(volume: VolumeId, name: string): void {
    this.#setPending(volume, name, 0);
  }

  markPending(volume: VolumeId, name: string): void {
    this.#setPending(volume, name, 1);
  }

  #setPending(volume: VolumeId, name: string, pending: number): void {
    const sql = `UPDATE storage_volume_snapshots SET pending = ? WHERE ${isOne}`;
    this.database.run(sql, pending, ...volumeKey(volume), name);
  }

  update({ volume, name, description, expiresAt }: VolumeSnapshotRecord): void {
    const sql = `UPDATE storage_volume_snapshots SET description = ?, expires_at = ? WHERE ${isOne}`;
    this.database.run(sql, description, expiresAt, ...volumeKey(volume), name);
  }

  rename(volume: VolumeId, from: string, to: string): void {
    this.database.transaction(() => {
      this.references.forget(snapshotRefOf(volume, from));
      const sql = `UPDATE storage_volume_snapshots SET name = ? WHERE ${isOne}`;
      this.database.run(sql, to, ...volumeKey(volume), from);
      this.#refer(volume, to);
    });
  }

  /** Follows a volume of another name or project. */
  volumeRenamed(from: VolumeId, to: VolumeId): void {
    this.database.transaction(() => {
      const names = this.allNames(from);
      for (const name of names) this.references.forget(snapshotRefOf(from, name));
      const sql = `UPDATE storage_volume_snapshots SET project = ?, volume = ? WHERE ${isOfVolume}`;
      this.database.run(sql, to.project, to.name, ...volumeKey(from));
      for (const name of names) this.#refer(to, name);
    });
  }

  delete(volume: VolumeId, name: string): void {
    this.database.transaction(() => {
      this.references.forget(snapshotRefOf(volume, name));
      this.database.run(`DELETE FROM storage_volume_snapshots WHERE ${isOne}`, ...volumeKey(volume), name);
    });
  }
}

const fromRow = (row: Row): VolumeSnapshotRecord => ({
  volume: { project: String(row.project), pool: String(row.pool), name: String(row.volume) },
  name: String(row.name),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
  createdAt: String(row.created_at),
  expiresAt: String(row.expires_at),
});
