/** Tables of the backups of custom volumes. */
import { urlOf, volumeBackupRef } from "../../../core/ref";
import type { Schema } from "../../../platform/database/database";
import { expiry, flag, name, pathPart, time } from "../../../platform/database/rules";
import type { VolumeId } from "../../storage-volume/record";
import type { BackupTables } from "../kept/store";

/** "POOL/PROJECT_VOLUME". */
const folderKey = name((value) => value.split("/").length === 2 && value.split("/").every(pathPart.isGood));

export const volumeBackupSchema: Schema = {
  kind: "volume-backup",
  versions: [
    `CREATE TABLE volume_backups (
      project TEXT NOT NULL,
      pool TEXT NOT NULL,
      volume TEXT NOT NULL,
      name TEXT NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      volume_only INTEGER NOT NULL,
      pending INTEGER NOT NULL,
      PRIMARY KEY (project, pool, volume, name)
    ) STRICT;
    CREATE TABLE volume_backup_moves (source TEXT PRIMARY KEY, target TEXT NOT NULL) STRICT`,
  ],
  tables: [
    {
      table: "volume_backups",
      url: ({ project, pool, volume, name: own }) =>
        urlOf(volumeBackupRef(String(pool), String(volume), String(own), String(project))),
      columns: {
        project: pathPart,
        pool: pathPart,
        volume: pathPart,
        name: pathPart,
        created_at: time,
        expires_at: expiry,
        volume_only: flag,
        pending: flag,
      },
    },
    { table: "volume_backup_moves", url: () => "/1.0", columns: { source: folderKey, target: folderKey } },
  ],
};

export const volumeBackupTables: BackupTables<VolumeId> = {
  backups: "volume_backups",
  moves: "volume_backup_moves",
  ownerColumns: ["project", "pool", "volume"],
  aloneColumn: "volume_only",
  valuesOf: ({ project, pool, name: volume }) => [project, pool, volume],
  ownerOf: ({ project, pool, volume }) => ({ project: String(project), pool: String(pool), name: String(volume) }),
};
