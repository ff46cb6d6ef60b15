/** Upload: the file of a backup on its way in, bounded, in a scratch folder of its own. */
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import path from "node:path";
import type { Readable } from "node:stream";
import { badRequest } from "../../../sdk/api/errors";
import { storeChecked } from "../image/archive/early-check";
import { beyond, type ImageLimits } from "../image/archive/limits";
import type { BackupJob } from "./archive/check-backup-process";
import { type BackupFile, beginBackupCheck, inWordsOfBackups } from "./archive/inspect";

/** All scratch folders of imports begin so; start-up removes those that a killed daemon left. */
export const importPrefix = "backup-";

/** @throws ApiError BAD_REQUEST for a body that is said to be something else */
export function requireUpload(headers: IncomingHttpHeaders): void {
  if (!/^application\/octet-stream/i.test(headers["content-type"] ?? ""))
    throw badRequest(
      "Invalid request: it needs a JSON body, or a backup with the Content-Type application/octet-stream.",
    );
}

/** The file of an upload, until it is disposed of. */
export interface Upload extends BackupFile, AsyncDisposable {}

/** Takes a body to the disk. @param of what the backup shall be @throws ApiError BAD_REQUEST for one without content or past the limit of images */
export async function receiveBackup(
  body: Readable,
  of: BackupJob["of"],
  scratch: string,
  limits: ImageLimits,
): Promise<Upload> {
  const folder = path.join(scratch, `${importPrefix}${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  const file = path.join(folder, "file");
  let check: Upload["check"];
  const dispose = async () => {
    await check?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  let total = 0;
  const count = (chunk: Buffer) => {
    total += chunk.length;
    if (total > limits.size.value) throw beyond(limits, "size", "it has more bytes");
  };
  try {
    // The refusal is still to be sent on its connection.
    const chunks = body.iterator({ destroyOnReturn: false });
    check = await storeChecked(chunks, file, count, () => beginBackupCheck(file, of, limits));
    if (total === 0)
      throw badRequest("Cannot import backup: the request has no content. Send the file that an export gave.");
  } catch (error) {
    await dispose();
    throw inWordsOfBackups(error);
  }
  return { path: file, check, [Symbol.asyncDispose]: dispose };
}
