/** Profiles in the database. */
import type { Config, Devices } from "../../../sdk/api/common";
import type { ProfilesPost } from "../../../sdk/api/profile";
import { type Ref, ref, urlOf } from "../../core/ref";
import { deviceTargets } from "../../core/references/devices";
import type { References } from "../../core/references/references";
import type { Reference } from "../../core/references/store";
import type { Database, Schema } from "../../platform/database/database";
import { rebuilt, taken } from "../../platform/database/rebuild";
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
    rebuilt(
      "profiles",
      `project TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, config TEXT NOT NULL, devices TEXT NOT NULL,
       PRIMARY KEY (project, name)`,
      { project: "'default'", ...taken("name", "description", "config", "devices") },
    ),
  ],
  tables: [
    {
      table: "profiles",
      url: ({ project, name }) => urlOf(ref("profile", String(name), String(project))),
      columns: { project: pathPart, name: pathPart, config, devices },
    },
  ],
};

/** Which profile: names count within a project. */
export interface ProfileId {
  readonly project: string;
  readonly name: string;
}

export interface ProfileRecord extends ProfilesPost {
  readonly project: string;
}

export const profileRef = ({ project, name }: ProfileId): Ref => ref("profile", name, project);

export class ProfileStore {
  /** What was found since the last change of the database: a list of instances asks for the same profiles once for each. */
  readonly #found = new Map<string, ProfileRecord | undefined>();
  #stamp: number | undefined;

  constructor(
    private readonly database: Database,
    private readonly references: References,
    /** Where the volumes lie that a project sees. */
    private readonly volumeProjectOf: (project: string) => string,
  ) {}

  /** All that profiles refer to. */
  said(): Reference[] {
    return this.list().flatMap((record) =>
      this.#targetsOf(record).map((target) => ({ owner: profileRef(record), target })),
    );
  }

  #targetsOf({ project, devices: own }: ProfileRecord): Ref[] {
    return deviceTargets(own, this.volumeProjectOf(project));
  }

  #refer(record: ProfileRecord): void {
    this.references.say(profileRef(record), this.#targetsOf(record));
  }

  list(): ProfileRecord[] {
    return this.database.all("SELECT * FROM profiles ORDER BY project, name").map(fromRow);
  }

  find(profile: ProfileId): ProfileRecord | undefined {
    const { stamp } = this.database;
    if (stamp === undefined) return this.#read(profile);
    if (stamp !== this.#stamp) this.#found.clear();
    this.#stamp = stamp;
    const key = `${profile.project}/${profile.name}`;
    const known = this.#found.get(key) ?? this.#read(profile);
    this.#found.set(key, known);
    return known;
  }

  #read({ project, name }: ProfileId): ProfileRecord | undefined {
    const row = this.database.get("SELECT * FROM profiles WHERE project = ? AND name = ?", project, name);
    return row === undefined ? undefined : fromRow(row);
  }

  insert(record: ProfileRecord): void {
    this.database.transaction(() => {
      this.#insert(record);
      this.#refer(record);
    });
  }

  #insert(record: ProfileRecord): void {
    this.database.run(
      "INSERT INTO profiles (project, name, description, config, devices) VALUES (?, ?, ?, ?, ?)",
      record.project,
      record.name,
      record.description,
      JSON.stringify(record.config),
      JSON.stringify(record.devices),
    );
  }

  update(record: ProfileRecord): void {
    this.database.transaction(() => {
      this.#update(record);
      this.#refer(record);
    });
  }

  #update(record: ProfileRecord): void {
    this.database.run(
      "UPDATE profiles SET description = ?, config = ?, devices = ? WHERE project = ? AND name = ?",
      record.description,
      JSON.stringify(record.config),
      JSON.stringify(record.devices),
      record.project,
      record.name,
    );
  }

  rename(record: ProfileRecord, to: string): void {
    const { project, name } = record;
    this.database.transaction(() => {
      this.references.forget(profileRef(record));
      this.database.run("UPDATE profiles SET name = ? WHERE project = ? AND name = ?", to, project, name);
      this.#refer({ ...record, name: to });
    });
  }

  /** Into another project. */
  moveAll(from: string, to: string): void {
    this.database.transaction(() => {
      for (const record of this.list().filter(({ project }) => project === from)) {
        this.references.forget(profileRef(record));
        this.database.run("UPDATE profiles SET project = ? WHERE project = ? AND name = ?", to, from, record.name);
        this.#refer({ ...record, project: to });
      }
    });
  }

  delete({ project, name }: ProfileId): void {
    this.database.transaction(() => {
      this.references.forget(profileRef({ project, name }));
      this.database.run("DELETE FROM profiles WHERE project = ? AND name = ?", project, name);
    });
  }
}

const fromRow = (row: Row): ProfileRecord => ({
  project: String(row.project),
  name: String(row.name),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
  devices: JSON.parse(String(row.devices)) as Devices,
});

/** A list of profiles after one of them was renamed or deleted. @param to undefined when it is deleted */
export const renamedIn = (profiles: readonly string[], from: string, to: string | undefined): string[] =>
  profiles.flatMap((name) => (name === from ? (to ?? []) : name));
