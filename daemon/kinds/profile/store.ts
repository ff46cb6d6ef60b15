/** Profiles in the database. */
import type { Config, Devices } from "../../../sdk/api/common";
import type { ProfilesPost } from "../../../sdk/api/profile";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { config, devices, pathPart } from "../../platform/database/rules";

export const profileSchema: Schema = {
  kind: "profile",
  versions: [
    `CREATE TABLE profiles (
      name TEXT PRIMARY KEY,
      description TEXT NOT NULL,
      config TEXT NOT NULL,
      devices TEXT NOT NULL
    ) STRICT`,
  ],
  tables: [
    {
      table: "profiles",
      url: ({ name }) => `/1.0/profiles/${encodeURIComponent(String(name))}`,
      columns: { name: pathPart, config, devices },
    },
  ],
};

export type ProfileRecord = ProfilesPost;

export class ProfileStore {
  constructor(private readonly database: Database) {}

  list(): ProfileRecord[] {
    return this.database.all("SELECT * FROM profiles ORDER BY name").map(fromRow);
  }

  find(name: string): ProfileRecord | undefined {
    const row = this.database.get("SELECT * FROM profiles WHERE name = ?", name);
    return row === undefined ? undefined : fromRow(row);
  }

  insert(record: ProfileRecord): void {
    this.database.run(
      "INSERT INTO profiles (name, description, config, devices) VALUES (?, ?, ?, ?)",
      record.name,
      record.description,
      JSON.stringify(record.config),
      JSON.stringify(record.devices),
    );
  }

  update(record: ProfileRecord): void {
    this.database.run(
      "UPDATE profiles SET description = ?, config = ?, devices = ? WHERE name = ?",
      record.description,
      JSON.stringify(record.config),
      JSON.stringify(record.devices),
      record.name,
    );
  }

  rename(from: string, to: string): void {
    this.database.run("UPDATE profiles SET name = ? WHERE name = ?", to, from);
  }

  delete(name: string): void {
    this.database.run("DELETE FROM profiles WHERE name = ?", name);
  }
}

const fromRow = (row: Row): ProfileRecord => ({
  name: String(row.name),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
  devices: JSON.parse(String(row.devices)) as Devices,
});

/** A list of profiles after one of them was renamed or deleted. @param to undefined when it is deleted */
export const renamedIn = (profiles: readonly string[], from: string, to: string | undefined): string[] =>
  profiles.flatMap((name) => (name === from ? (to ?? []) : name));
