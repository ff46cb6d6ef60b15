/** The server's own configuration and memory in the database. */
import type { Config } from "../../../sdk/api/common";
import type { Database, Schema } from "../../platform/database/database";

export const serverSchema: Schema = {
  kind: "server",
  versions: ["CREATE TABLE server (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT"],
};

export class ServerStore {
  constructor(private readonly database: Database) {}

  /** All of a family, without its prefix. @param prefix such as "config." */
  family(prefix: string): Config {
    const rows = this.database.all(
      "SELECT key, value FROM server WHERE key >= ? AND key < ?",
      prefix,
      `${prefix}\u{10ffff}`,
    );
    return Object.fromEntries(rows.map((row) => [String(row.key).slice(prefix.length), String(row.value)]));
  }

  get(key: string): string | undefined {
    const row = this.database.get("SELECT value FROM server WHERE key = ?", key);
    return row === undefined ? undefined : String(row.value);
  }

  set(key: string, value: string): void {
    this.database.run(
      "INSERT INTO server VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      key,
      value,
    );
  }

  delete(key: string): void {
    this.database.run("DELETE FROM server WHERE key = ?", key);
  }
}
