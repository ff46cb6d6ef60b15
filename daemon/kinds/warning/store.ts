/** Warnings in the database. */
import { WarningSeverity, WarningStatus } from "../../../sdk/api/warning";
import { ref, urlOf } from "../../core/ref";
import type { Database, Schema } from "../../platform/database/database";
import type { Row } from "../../platform/database/row";
import { name, time } from "../../platform/database/rules";

export const warningSchema: Schema = {
  kind: "warning",
  versions: [
    `CREATE TABLE warnings (
      uuid TEXT PRIMARY KEY,
      type TEXT NOT NULL,
      severity TEXT NOT NULL,
      status TEXT NOT NULL,
      message TEXT NOT NULL,
      entity TEXT NOT NULL,
      count INTEGER NOT NULL,
      first_seen_at TEXT NOT NULL,
      last_seen_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT`,
  ],
  tables: [
    {
      table: "warnings",
      url: (row) => urlOf(ref("warning", String(row.uuid))),
      columns: {
        severity: name((value) => WarningSeverity.safeParse(value).success),
        status: name((value) => WarningStatus.safeParse(value).success),
        first_seen_at: time,
        last_seen_at: time,
        updated_at: time,
      },
    },
  ],
};

export interface WarningRecord {
  readonly uuid: string;
  /** The type's text: one that a newer Bothy wrote is shown as it is. */
  readonly type: string;
  readonly severity: WarningSeverity;
  readonly status: WarningStatus;
  readonly message: string;
  /** Path of the object, such as "/1.0/instances/web"; "" for the server. */
  readonly entity: string;
  readonly count: number;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  /** Last change of the status, or last sight. */
  readonly updatedAt: string;
}

export class WarningStore {
  constructor(private readonly database: Database) {}

  list(): WarningRecord[] {
    return this.database.all("SELECT * FROM warnings").map(fromRow);
  }

  put(record: WarningRecord): void {
    this.database.run(
      "INSERT OR REPLACE INTO warnings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      record.uuid,
      record.type,
      record.severity,
      record.status,
      record.message,
      record.entity,
      record.count,
      record.firstSeenAt,
      record.lastSeenAt,
      record.updatedAt,
    );
  }

  delete(uuid: string): void {
    this.database.run("DELETE FROM warnings WHERE uuid = ?", uuid);
  }
}

const fromRow = (row: Row): WarningRecord => ({
  uuid: String(row.uuid),
  type: String(row.type),
  severity: String(row.severity) as WarningSeverity,
  status: String(row.status) as WarningStatus,
  message: String(row.message),
  entity: String(row.entity),
  count: Number(row.count),
  firstSeenAt: String(row.first_seen_at),
  lastSeenAt: String(row.last_seen_at),
  updatedAt: String(row.updated_at),
});
