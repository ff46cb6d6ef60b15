/** Network zones and their records in the database. */
import * as z from "zod";
import type { Config } from "../../../sdk/api/common";
import { NetworkZoneName } from "../../../sdk/api/network-zone";
import { NetworkZoneRecordEntry, NetworkZoneRecordName } from "../../../sdk/api/network-zone-record";
import { ref, urlOf, zoneRecordRef } from "../../core/ref";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { config, json, name } from "../../platform/database/rules";

const zoneName = name((value) => NetworkZoneName.safeParse(value).success);

export const networkZoneSchema: Schema = {
  kind: "network-zone",
  versions: [
    `CREATE TABLE network_zones (
      name TEXT PRIMARY KEY,
      description TEXT NOT NULL,
      config TEXT NOT NULL
    ) STRICT;
    CREATE TABLE network_zone_records (
      zone TEXT NOT NULL,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      config TEXT NOT NULL,
      entries TEXT NOT NULL,
      PRIMARY KEY (zone, name)
    ) STRICT`,
  ],
  tables: [
    {
      table: "network_zones",
      url: (row) => urlOf(ref("network-zone", String(row.name))),
      columns: { name: zoneName, config },
    },
    {
      table: "network_zone_records",
      url: (row) => urlOf(zoneRecordRef(String(row.zone), String(row.name))),
      columns: {
        zone: zoneName,
        name: name((value) => NetworkZoneRecordName.safeParse(value).success),
        config,
        entries: json(z.array(NetworkZoneRecordEntry), () => []),
      },
    },
  ],
};

export interface ZoneRow {
  readonly name: string;
  readonly description: string;
  readonly config: Config;
}

export interface RecordRow extends ZoneRow {
  readonly zone: string;
  readonly entries: readonly NetworkZoneRecordEntry[];
}

export class NetworkZoneStore {
  constructor(private readonly database: Database) {}

  list(): ZoneRow[] {
    return this.database.all("SELECT * FROM network_zones ORDER BY name").map(zoneOf);
  }

  find(zone: string): ZoneRow | undefined {
    const row = this.database.get("SELECT * FROM network_zones WHERE name = ?", zone);
    return row === undefined ? undefined : zoneOf(row);
  }

  insert({ name: zone, description, config: own }: ZoneRow): void {
    this.database.run(
      "INSERT INTO network_zones (name, description, config) VALUES (?, ?, ?)",
      zone,
      description,
      JSON.stringify(own),
    );
  }

  update({ name: zone, description, config: own }: ZoneRow): void {
    this.database.run(
      "UPDATE network_zones SET description = ?, config = ? WHERE name = ?",
      description,
      JSON.stringify(own),
      zone,
    );
  }

  /** With its records. */
  delete(zone: string): void {
    this.database.transaction(() => {
      this.database.run("DELETE FROM network_zone_records WHERE zone = ?", zone);
      this.database.run("DELETE FROM network_zones WHERE name = ?", zone);
    });
  }

  records(zone: string): RecordRow[] {
    return this.database.all("SELECT * FROM network_zone_records WHERE zone = ? ORDER BY name", zone).map(recordOf);
  }

  findRecord(zone: string, record: string): RecordRow | undefined {
    const row = this.database.get("SELECT * FROM network_zone_records WHERE zone = ? AND name = ?", zone, record);
    return row === undefined ? undefined : recordOf(row);
  }

  insertRecord({ zone, name: record, description, config: own, entries }: RecordRow): void {
    this.database.run(
      "INSERT INTO network_zone_records (zone, name, description, config, entries) VALUES (?, ?, ?, ?, ?)",
      zone,
      record,
      description,
      JSON.stringify(own),
      JSON.stringify(entries),
    );
  }

  updateRecord({ zone, name: record, description, config: own, entries }: RecordRow): void {
    this.database.run(
      "UPDATE network_zone_records SET description = ?, config = ?, entries = ? WHERE zone = ? AND name = ?",
      description,
      JSON.stringify(own),
      JSON.stringify(entries),
      zone,
      record,
    );
  }

  deleteRecord(zone: string, record: string): void {
    this.database.run("DELETE FROM network_zone_records WHERE zone = ? AND name = ?", zone, record);
  }
}

const zoneOf = (row: Row): ZoneRow => ({
  name: String(row.name),
  description: String(row.description),
  config: JSON.parse(String(row.config)) as Config,
});

const recordOf = (row: Row): RecordRow => ({
  ...zoneOf(row),
  zone: String(row.zone),
  entries: JSON.parse(String(row.entries)) as NetworkZoneRecordEntry[],
});
