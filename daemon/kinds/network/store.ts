/** Networks in the database. */
import { type Config, NetworkName } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { type Ref, ref, urlOf } from "../../core/ref";
import type { References } from "../../core/references/references";
import type { Reference } from "../../core/references/store";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { config, name } from "../../platform/database/rules";
import { zonesOf } from "./zones";

export const networkSchema: Schema = {
  kind: "network",
  versions: [
    `CREATE TABLE networks (
      name TEXT PRIMARY KEY,
      type TEXT NOT NULL,
      description TEXT NOT NULL,
      config TEXT NOT NULL
    ) STRICT`,
  ],
  tables: [
    {
      table: "networks",
      url: (row) => urlOf(ref("network", String(row.name))),
      columns: { name: name((value) => NetworkName.safeParse(value).success), config },
    },
  ],
};

export interface NetworkRecord {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly config: Config;
}

export class NetworkStore {
  constructor(
    private readonly database: Database,
    private readonly references: References,
  ) {}

  /** All that networks refer to. */
  said(): Reference[] {
    return this.list().flatMap(({ name, config }) =>
      targetsOf(config).map((target) => ({ owner: ref("network", name), target })),
    );
  }

  list(): NetworkRecord[] {
    return this.database.all("SELECT * FROM networks ORDER BY name").map(fromRow);
  }

  find(name: string): NetworkRecord | undefined {
    const row = this.database.get("SELECT * FROM networks WHERE name = ?", name);
    return row === undefined ? undefined : fromRow(row);
  }

  insert({ name, type, description, config }: NetworkRecord): void {
    this.database.transaction(() => {
      this.database.run(
        "INSERT INTO networks (name, type, description, config) VALUES (?, ?, ?, ?)",
        name,
        type,
        description,
        JSON.stringify(config),
      );
      this.references.say(ref("network", name), targetsOf(config));
    });
  }

  update({ name, description, config }: NetworkRecord): void {
    this.database.transaction(() => {
      this.database.run(
        "UPDATE networks SET description = ?, config = ? WHERE name = ?",
        description,
        JSON.stringify(config),
        name,
      );
      this.references.say(ref("network", name), targetsOf(config));
    });
  }

  rename(from: string, to: string): void {
    this.database.transaction(() => {
      this.references.forget(ref("network", from));
      this.database.run("UPDATE networks SET name = ? WHERE name = ?", to, from);
      this.references.say(ref("network", to), targetsOf(this.find(to)?.config ?? {}));
    });
  }

  delete(name: string): void {
    this.database.transaction(() => {
      this.references.forget(ref("network", name));
      this.database.run("DELETE FROM networks WHERE name = ?", name);
    });
  }
}

/** What a network's configuration names. */
const targetsOf = (config: Config): Ref[] => [
  ...aclsOf(config).map((acl) => ref("network-acl", acl)),
  ...zonesOf(config).map((zone) => ref("network-zone", zone)),
];

/** Names of the ACLs that a network has, in their order. */
export const aclsOf = (config: Config): string[] => [...new Set(networkConfig(config).get("security.acls") ?? [])];

const fromRow = (row: Row): NetworkRecord => ({
  name: String(row.name),
  type: String(row.type),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
});
