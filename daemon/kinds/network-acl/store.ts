/** Network ACLs in the database. */
import * as z from "zod";
import type { Config } from "../../../sdk/api/common";
import { NetworkAclName } from "../../../sdk/api/network-acl";
import { NetworkAclRule, setOf, wordsOf } from "../../../sdk/api/network-acl-rule";
import { type Ref, ref, urlOf } from "../../core/ref";
import type { References } from "../../core/references/references";
import type { Reference } from "../../core/references/store";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { config, json, name } from "../../platform/database/rules";

/** Of damaged rules none stands in: an ACL without its rules would let pass what it was made to refuse. */
const rules = { isGood: json(z.array(NetworkAclRule), () => []).isGood };

export const networkAclSchema: Schema = {
  kind: "network-acl",
  versions: [
    `CREATE TABLE network_acls (
      name TEXT PRIMARY KEY,
      description TEXT NOT NULL,
      config TEXT NOT NULL,
      ingress TEXT NOT NULL,
      egress TEXT NOT NULL
    ) STRICT`,
  ],
  tables: [
    {
      table: "network_acls",
      url: (row) => urlOf(ref("network-acl", String(row.name))),
      columns: {
        name: name((value) => NetworkAclName.safeParse(value).success),
        config,
        ingress: rules,
        egress: rules,
      },
    },
  ],
};

export interface NetworkAclRecord {
  readonly name: string;
  readonly description: string;
  readonly config: Config;
  readonly ingress: readonly NetworkAclRule[];
  readonly egress: readonly NetworkAclRule[];
}

export class NetworkAclStore {
  constructor(
    private readonly database: Database,
    private readonly references: References,
  ) {}

  /** All that rules refer to. */
  said(): Reference[] {
    return this.list().flatMap((acl) =>
      targetsOf(acl).map((target) => ({ owner: ref("network-acl", acl.name), target })),
    );
  }

  list(): NetworkAclRecord[] {
    return this.database.all("SELECT * FROM network_acls ORDER BY name").map(fromRow);
  }

  find(acl: string): NetworkAclRecord | undefined {
    const row = this.database.get("SELECT * FROM network_acls WHERE name = ?", acl);
    return row === undefined ? undefined : fromRow(row);
  }

  insert(acl: NetworkAclRecord): void {
    this.database.transaction(() => {
      this.database.run(
        "INSERT INTO network_acls (name, description, config, ingress, egress) VALUES (?, ?, ?, ?, ?)",
        acl.name,
        acl.description,
        ...columnsOf(acl),
      );
      this.references.say(ref("network-acl", acl.name), targetsOf(acl));
    });
  }

  update(acl: NetworkAclRecord): void {
    this.database.transaction(() => {
      this.database.run(
        "UPDATE network_acls SET description = ?, config = ?, ingress = ?, egress = ? WHERE name = ?",
        acl.description,
        ...columnsOf(acl),
        acl.name,
      );
      this.references.say(ref("network-acl", acl.name), targetsOf(acl));
    });
  }

  rename(from: string, to: string): void {
    this.database.transaction(() => {
      this.references.forget(ref("network-acl", from));
      this.database.run("UPDATE network_acls SET name = ? WHERE name = ?", to, from);
      const acl = this.find(to);
      this.references.say(ref("network-acl", to), acl === undefined ? [] : targetsOf(acl));
    });
  }

  delete(acl: string): void {
    this.database.transaction(() => {
      this.references.forget(ref("network-acl", acl));
      this.database.run("DELETE FROM network_acls WHERE name = ?", acl);
    });
  }
}

/** The address sets that rules name. */
const targetsOf = ({ ingress, egress }: NetworkAclRecord): Ref[] =>
  [...ingress, ...egress]
    .flatMap(({ source, destination }) => [...wordsOf(source), ...wordsOf(destination)])
    .flatMap((word) => setOf(word) ?? [])
    .map((set) => ref("network-address-set", set));

const columnsOf = ({ config, ingress, egress }: Pick<NetworkAclRecord, "config" | "ingress" | "egress">): string[] =>
  [config, ingress, egress].map((value) => JSON.stringify(value));

const fromRow = (row: Row): NetworkAclRecord => ({
  name: String(row.name),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
  ingress: JSON.parse(String(row.ingress)) as NetworkAclRule[],
  egress: JSON.parse(String(row.egress)) as NetworkAclRule[],
});
