/** Backup: typed calls for backups of instances. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import type * as z from "zod";
import { Backup, BackupPost, BackupsPost } from "../api/backup";
import { bothFamilies } from "../api/headers";
import { listOf } from "./answer";
import type { CallOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (instance: string) => urlOf`/1.0/instances/${instance}/backups`;
const one = (instance: string, name: string) => urlOf`/1.0/instances/${instance}/backups/${name}`;

export interface ImportBackupOptions extends CallOptions {
  /** Of the instance; that of the backup when absent. */
  readonly name?: string;
  /** Storage pool; that of the backup, or of the default profile, when absent. */
  readonly pool?: string;
}

export const backupCalls = (wire: Wire) => ({
  listBackups: (instance: string, options?: CallOptions): Promise<Backup[]> =>
    wire.get(`${all(instance)}?recursion=1`, listOf(Backup), options),

  /** @throws ApiError NOT_FOUND */
  getBackup: (instance: string, name: string, options?: CallOptions): Promise<Tagged<Backup>> =>
    wire.getTagged(one(instance, name), Backup, options),

  /** An absent name lets the server choose one; the operation's resources tell it. */
  createBackup: (
    instance: string,
    post: z.input<typeof BackupsPost>,
    options?: CallOptions,
  ): Promise<PendingOperation> => wire.start("POST", all(instance), { ...options, body: body(BackupsPost, post) }),

  renameBackup: (instance: string, name: string, newName: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("POST", one(instance, name), { ...options, body: body(BackupPost, { name: newName }) }),

  deleteBackup: (instance: string, name: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("DELETE", one(instance, name), options),

  /** The file of a backup, as it is read. */
  exportBackup: async (instance: string, name: string, options?: CallOptions): Promise<Readable> =>
    (await wire.send({ method: "GET", path: `${one(instance, name)}/export`, signal: options?.signal })).body,

  /**
   * Makes an instance of the file of a backup, which is uploaded as it is read.
   * @param file path of the file, or its bytes as a stream
   */
  importBackup: (file: string | Readable, options: ImportBackupOptions = {}): Promise<PendingOperation> =>
    uploadBackup(wire, "/1.0/instances", file, options),
});

/** Sends the file of a backup, of which the server makes the object again. */
export async function uploadBackup(
  wire: Wire,
  path: string,
  file: string | Readable,
  options: ImportBackupOptions,
): Promise<PendingOperation> {
  const fromPath = typeof file === "string";
  return wire.startRaw({
    method: "POST",
    path,
    headers: {
      "content-type": "application/octet-stream",
      ...(fromPath ? { "content-length": String((await stat(file)).size) } : {}),
      ...bothFamilies({ name: options.name, pool: options.pool }),
    },
    body: fromPath ? createReadStream(file) : file,
    signal: options.signal,
  });
}
