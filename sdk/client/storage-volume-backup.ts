/** Storage volume backup: typed calls for backups of custom volumes. */
import type { Readable } from "node:stream";
import type * as z from "zod";
import { BackupPost, VolumeBackup, VolumeBackupsPost } from "../api/backup";
import { listOf } from "./answer";
import { uploadBackup } from "./backup";
import type { CallOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (pool: string, volume: string) => urlOf`/1.0/storage-pools/${pool}/volumes/custom/${volume}/backups`;
const one = (pool: string, volume: string, name: string) =>
  urlOf`/1.0/storage-pools/${pool}/volumes/custom/${volume}/backups/${name}`;

export interface ImportStorageVolumeOptions extends CallOptions {
  /** Of the volume; that of the backup when absent. */
  readonly name?: string;
}

export const storageVolumeBackupCalls = (wire: Wire) => ({
  listStorageVolumeBackups: (pool: string, volume: string, options?: CallOptions): Promise<VolumeBackup[]> =>
    wire.get(`${all(pool, volume)}?recursion=1`, listOf(VolumeBackup), options),

  /** @throws ApiError NOT_FOUND */
  getStorageVolumeBackup: (
    pool: string,
    volume: string,
    name: string,
    options?: CallOptions,
  ): Promise<Tagged<VolumeBackup>> => wire.getTagged(one(pool, volume, name), VolumeBackup, options),

  /** An absent name lets the server choose one; the operation's resources tell it. */
  createStorageVolumeBackup: (
    pool: string,
    volume: string,
    post: z.input<typeof VolumeBackupsPost>,
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", all(pool, volume), { ...options, body: body(VolumeBackupsPost, post) }),

  renameStorageVolumeBackup: (
    pool: string,
    volume: string,
    name: string,
    newName: string,
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", one(pool, volume, name), { ...options, body: body(BackupPost, { name: newName }) }),

  deleteStorageVolumeBackup: (
    pool: string,
    volume: string,
    name: string,
    options?: CallOptions,
  ): Promise<PendingOperation> => wire.start("DELETE", one(pool, volume, name), options),

  /** The file of a backup, as it is read. */
  exportStorageVolumeBackup: async (
    pool: string,
    volume: string,
    name: string,
    options?: CallOptions,
  ): Promise<Readable> =>
    (await wire.send({ method: "GET", path: `${one(pool, volume, name)}/export`, signal: options?.signal })).body,

  /**
   * Makes a custom volume of the file of a backup, which is uploaded as it is read.
   * @param file path of the file, or its bytes as a stream
   */
  importStorageVolume: (
    pool: string,
    file: string | Readable,
    options: ImportStorageVolumeOptions = {},
  ): Promise<PendingOperation> => uploadBackup(wire, urlOf`/1.0/storage-pools/${pool}/volumes/custom`, file, options),
});
