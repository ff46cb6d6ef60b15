/** Forwards of networks in the database. */
import { isIP } from "node:net";
import * as z from "zod";
import { type Config, NetworkName } from "../../../../sdk/api/common";
import { NetworkForwardPort } from "../../../../sdk/api/network-forward";
import { forwardRef, urlOf } from "../../../core/ref";
import type { Database, Schema } from "../../../platform/database/database";
import type { Row } from "../../../platform/database/row";
import { config, json, name } from "../../../platform/database/rules";

export const networkForwardSchema: Schema = {
  kind: "network-forward",
  versions: [
    `CREATE TABLE network_forwards (
      network TEXT NOT NULL,
      listen_address TEXT NOT NULL,
      description TEXT NOT NULL,
      config TEXT NOT NULL,
      ports TEXT NOT NULL,
      PRIMARY KEY (network, listen_address)
    ) STRICT`,
  ],
  tables: [
    {
      table: "network_forwards",
      url: (row) => urlOf(forwardRef(String(row.network), String(row.listen_address))),
      columns: {
        network: name((value) => NetworkName.safeParse(value).success),
        listen_address: name((value) => isIP(value) !== 0),
        config,
        ports: json(z.array(NetworkForwardPort), () => []),
      },
    },
  ],
};

export interface ForwardRecord {
  readonly network: string;
  /** As the kernel writes it. */
  readonly listen_address: string;
  readonly description: string;
  readonly config: Config;
  readonly ports: readonly NetworkForwardPort[];
}

export class NetworkForwardStore {
  constructor(private readonly database: Database) {}

  /** Those of a network, or of all. */
  list(network?: string): ForwardRecord[] {
    const rows =
      network === undefined
        ? this.database.all("SELECT * FROM network_forwards ORDER BY network, listen_address")
        : this.database.all("SELECT * FROM network_forwards WHERE network = ? ORDER BY listen_address", network);
    return rows.map(fromRow);
  }

  find(network: string, address: string): ForwardRecord | undefined {
    const row = this.database.get(
      "SELECT * FROM network_forwards WHERE network = ? AND listen_address = ?",
      network,
      address,
    );
    return row === undefined ? undefined : fromRow(row);
  }

  insert({ network, listen_address, description, config: own, ports }: ForwardRecord): void {
    this.database.run(
      "INSERT INTO network_forwards (network, listen_address, description, config, ports) VALUES (?, ?, ?, ?, ?)",
      network,
      listen_address,
      description,
      JSON.stringify(own),
      JSON.stringify(ports),
    );
  }

  update({ network, listen_address, description, config: own, ports }: ForwardRecord): void {
    this.database.run(
      "UPDATE network_forwards SET description = ?, config = ?, ports = ? WHERE network = ? AND listen_address = ?",
      description,
      JSON.stringify(own),
      JSON.stringify(ports),
      network,
      listen_address,
    );
  }

  delete(network: string, address: string): void {
    this.database.run("DELETE FROM network_forwards WHERE network = ? AND listen_address = ?", network, address);
  }

  /** With their network. */
  deleteAll(network: string): void {
    this.database.run("DELETE FROM network_forwards WHERE network = ?", network);
  }

  /** With their network. */
  moveAll(from: string, to: string): void {
    this.database.run("UPDATE network_forwards SET network = ? WHERE network = ?", to, from);
  }
}

const fromRow = (row: Row): ForwardRecord => ({
  network: String(row.network),
  listen_address: String(row.listen_address),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
  ports: JSON.parse(String(row.ports)) as NetworkForwardPort[],
});
