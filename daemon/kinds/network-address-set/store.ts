/** Network address sets in the database. */
import * as z from "zod";
import type { Config } from "../../../sdk/api/common";
import { NetworkAddressSetName } from "../../../sdk/api/network-address-set";
import { ref, urlOf } from "../../core/ref";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { config, json, name } from "../../platform/database/rules";

/** Of damaged addresses none stand in: a set without its addresses would let pass what a rule refuses by it. */
const addresses = { isGood: json(z.array(z.string()), () => []).isGood };

export const networkAddressSetSchema: Schema = {
  kind: "network-address-set",
  versions: [
    `CREATE TABLE network_address_sets (
      name TEXT PRIMARY KEY,
      description TEXT NOT NULL,
      config TEXT NOT NULL,
      addresses TEXT NOT NULL
    ) STRICT`,
  ],
  tables: [
    {
      table: "network_address_sets",
      url: (row) => urlOf(ref("network-address-set", String(row.name))),
      columns: { name: name((value) => NetworkAddressSetName.safeParse(value).success), config, addresses },
    },
  ],
};

export interface NetworkAddressSetRecord {
  readonly name: string;
  readonly description: string;
  readonly config: Config;
  readonly addresses: readonly string[];
}

export class NetworkAddressSetStore {
  constructor(private readonly database: Database) {}

  list(): NetworkAddressSetRecord[] {
    return this.database.all("SELECT * FROM network_address_sets ORDER BY name").map(fromRow);
  }

  find(set: string): NetworkAddressSetRecord | undefined {
    const row = this.database.get("SELECT * FROM network_address_sets WHERE name = ?", set);
    return row === undefined ? undefined : fromRow(row);
  }

  insert({ name, description, ...parts }: NetworkAddressSetRecord): void {
    this.database.run(
      "INSERT INTO network_address_sets (name, description, config, addresses) VALUES (?, ?, ?, ?)",
      name,
      description,
      ...columnsOf(parts),
    );
  }

  update({ name, description, ...parts }: NetworkAddressSetRecord): void {
    this.database.run(
      "UPDATE network_address_sets SET description = ?, config = ?, addresses = ? WHERE name = ?",
      description,
      ...columnsOf(parts),
      name,
    );
  }

  rename(from: string, to: string): void {
    this.database.run("UPDATE network_address_sets SET name = ? WHERE name = ?", to, from);
  }

  delete(set: string): void {
    this.database.run("DELETE FROM network_address_sets WHERE name = ?", set);
  }
}

const columnsOf = ({ config, addresses }: Pick<NetworkAddressSetRecord, "config" | "addresses">): string[] =>
  [config, addresses].map((value) => JSON.stringify(value));

const fromRow = (row: Row): NetworkAddressSetRecord => ({
  name: String(row.name),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
  addresses: JSON.parse(String(row.addresses)) as string[],
});
