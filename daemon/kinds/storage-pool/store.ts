/** Storage pools in the database, with the image volumes in them and the renames that may be unfinished. */
import type { Config } from "../../../sdk/api/common";
import type { StoragePoolsPost } from "../../../sdk/api/storage-pool";
import { ref, urlOf } from "../../core/ref";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { type ColumnRule, config, name, pathPart, texts } from "../../platform/database/rules";
import type { Volume } from "./driver";

/** Types of volumes that get other names. */
const renamed = ["containers", "containers-snapshots", "custom", "custom-snapshots"];

const poolState: ColumnRule = {
  isGood: (value) => ["creating", "created", "deleting"].includes(String(value)),
  mend: () => "created",
};

export const storagePoolSchema: Schema = {
  kind: "storage-pool",
  versions: [
    `CREATE TABLE storage_pools (
      name TEXT PRIMARY KEY,
      description TEXT NOT NULL,
      driver TEXT NOT NULL,
      config TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('creating', 'created', 'deleting'))
    ) STRICT;
    CREATE TABLE storage_pool_images (
      pool TEXT NOT NULL REFERENCES storage_pools ON DELETE CASCADE,
      name TEXT NOT NULL,
      warnings TEXT NOT NULL,
      PRIMARY KEY (pool, name)
    ) STRICT;
    CREATE TABLE storage_pool_renames (
      id INTEGER PRIMARY KEY,
      pool TEXT NOT NULL REFERENCES storage_pools ON DELETE CASCADE,
      type TEXT NOT NULL,
      source TEXT NOT NULL,
      target TEXT NOT NULL
    ) STRICT`,
  ],
  tables: [
    {
      table: "storage_pools",
      url: (row) => poolUrl(row.name),
      // What is left of a pool that was being made or deleted is removed; that is only for one of which it is known.
      columns: { name: pathPart, config, state: poolState },
    },
    {
      table: "storage_pool_images",
      url: (row) => poolUrl(row.pool),
      columns: { name: pathPart, warnings: texts },
    },
    {
      table: "storage_pool_renames",
      url: (row) => poolUrl(row.pool),
      columns: { type: name((type) => renamed.includes(type)) },
    },
  ],
};

const poolUrl = (pool: unknown) => urlOf(ref("storage-pool", String(pool)));

/** "creating" and "deleting" are on disk before the work begins, so that a start after a crash can undo or finish it. */
export type PoolState = "creating" | "created" | "deleting";

export interface StoragePoolRecord extends StoragePoolsPost {
  readonly state: PoolState;
}

export interface RenameRecord {
  readonly from: Volume;
  readonly to: Volume;
}

export class StoragePoolStore {
  constructor(private readonly database: Database) {}

  list(): StoragePoolRecord[] {
    return this.database.all("SELECT * FROM storage_pools ORDER BY name").map(fromRow);
  }

  find(name: string): StoragePoolRecord | undefined {
    const row = this.database.get("SELECT * FROM storage_pools WHERE name = ?", name);
    return row === undefined ? undefined : fromRow(row);
  }

  insert({ name, description, driver, config, state }: StoragePoolRecord): void {
    this.database.run(
      "INSERT INTO storage_pools (name, description, driver, config, state) VALUES (?, ?, ?, ?, ?)",
      name,
      description,
      driver,
      JSON.stringify(config),
      state,
    );
  }

  update({ name, description, config, state }: StoragePoolRecord): void {
    this.database.run(
      "UPDATE storage_pools SET description = ?, config = ?, state = ? WHERE name = ?",
      description,
      JSON.stringify(config),
      state,
      name,
    );
  }

  delete(name: string): void {
    this.database.run("DELETE FROM storage_pools WHERE name = ?", name);
  }

  /** Names of the image volumes in a pool. */
  images(pool: string): string[] {
    return this.database
      .all("SELECT name FROM storage_pool_images WHERE pool = ? ORDER BY name", pool)
      .map((row) => String(row.name));
  }

  /** What unpacking an image volume warned of, or undefined when there is no such volume. */
  imageWarnings(pool: string, name: string): string[] | undefined {
    const row = this.database.get("SELECT warnings FROM storage_pool_images WHERE pool = ? AND name = ?", pool, name);
    return row === undefined ? undefined : (JSON.parse(String(row.warnings)) as string[]);
  }

  putImage(pool: string, name: string, warnings: readonly string[]): void {
    this.database.run(
      "INSERT OR REPLACE INTO storage_pool_images (pool, name, warnings) VALUES (?, ?, ?)",
      pool,
      name,
      JSON.stringify(warnings),
    );
  }

  deleteImage(pool: string, name: string): void {
    this.database.run("DELETE FROM storage_pool_images WHERE pool = ? AND name = ?", pool, name);
  }

  /** Renames since the last reconcile, newest first. */
  renames(pool: string): RenameRecord[] {
    return this.database.all("SELECT * FROM storage_pool_renames WHERE pool = ? ORDER BY id DESC", pool).map((row) => {
      const type = String(row.type) as Volume["type"];
      return { from: { type, name: String(row.source) }, to: { type, name: String(row.target) } };
    });
  }

  addRename(pool: string, { from, to }: RenameRecord): void {
    this.database.run(
      "INSERT INTO storage_pool_renames (pool, type, source, target) VALUES (?, ?, ?, ?)",
      pool,
      from.type,
      from.name,
      to.name,
    );
  }

  deleteRenames(pool: string, type: Volume["type"]): void {
    this.database.run("DELETE FROM storage_pool_renames WHERE pool = ? AND type = ?", pool, type);
  }
}

const fromRow = (row: Row): StoragePoolRecord => ({
  name: String(row.name),
  description: String(row.description),
  driver: String(row.driver),
  config: JSON.parse(String(row.config)) as Config,
  state: String(row.state) as PoolState,
});
