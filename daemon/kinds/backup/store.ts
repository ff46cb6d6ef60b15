/** Tables of the backups of instances. */
import { backupRef, urlOf } from "../../core/ref";
import type { Schema } from "../../platform/database/database";
import { expiry, flag, pathPart, time } from "../../platform/database/rules";
import type { InstanceId } from "../instance/record";
import type { BackupTables } from "./kept/store";

export const backupSchema: Schema = {
  kind: "backup",
  versions: [
    `CREATE TABLE backups (
      project TEXT NOT NULL,
      instance TEXT NOT NULL,
      name TEXT NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      instance_only INTEGER NOT NULL,
      pending INTEGER NOT NULL,
      PRIMARY KEY (project, instance, name)
    ) STRICT;
    CREATE TABLE backup_moves (source TEXT PRIMARY KEY, target TEXT NOT NULL) STRICT`,
  ],
  tables: [
    {
      table: "backups",
      url: ({ project, instance, name }) => urlOf(backupRef(String(instance), String(name), String(project))),
      columns: {
        project: pathPart,
        instance: pathPart,
        name: pathPart,
        created_at: time,
        expires_at: expiry,
        instance_only: flag,
        pending: flag,
      },
    },
    { table: "backup_moves", url: () => "/1.0", columns: { source: pathPart, target: pathPart } },
  ],
};

export const backupTables: BackupTables<InstanceId> = {
  backups: "backups",
  moves: "backup_moves",
  ownerColumns: ["project", "instance"],
  aloneColumn: "instance_only",
  valuesOf: ({ project, name }) => [project, name],
  ownerOf: ({ project, instance }) => ({ project: String(project), name: String(instance) }),
};
