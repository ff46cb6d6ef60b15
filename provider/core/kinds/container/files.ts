/** Container files: text files that a program keeps in a container, whether it runs or not. */
import { buffer } from "node:stream/consumers";
import type { Context } from "../../engine/core";
import { isNotFound } from "../../engine/failure";
import { same } from "../../engine/values";
import { makeFolders, namingFile, removeFile } from "../instance-files";
import type { ContainerFile } from "./inputs";

export type Files = Readonly<Record<string, ContainerFile>>;

/** Reading back a file that grew beyond this says "changed" without its content, in bytes. */
const readLimitBytes = 4 * 2 ** 20;

/**
 * Writes what is new or changed and removes what is wanted no more. A file whose mode or owner changed is made anew, since the
 * API sets these only for a file that did not exist.
 * @param again writes also what should be there already
 * @throws ApiError that names the file
 */
export async function writeFiles(
  context: Context,
  instance: string,
  before: Files,
  wanted: Files,
  again = false,
): Promise<void> {
  const { client, signal } = context;
  for (const file of Object.keys(before))
    if (wanted[file] === undefined)
      await namingFile("delete", instance, file, () => removeFile(context, instance, file));
  for (const [file, { content, mode, uid, gid }] of Object.entries(wanted)) {
    const old = before[file];
    if (!again && same(old, wanted[file])) continue;
    await namingFile("write", instance, file, async () => {
      await makeFolders(context, instance, file);
      if (old === undefined || old.mode !== mode || old.uid !== uid || old.gid !== gid)
        await removeFile(context, instance, file);
      await client.putFile(instance, file, content, { mode: Number.parseInt(mode, 8), uid, gid, signal });
    });
  }
}

/** Reads the files back to find what somebody changed. @returns the files as they are; a missing one is left out */
export async function readFiles({ client, signal }: Context, instance: string, known: Files): Promise<Files> {
  const found: Record<string, ContainerFile> = {};
  for (const [path, file] of Object.entries(known)) {
    try {
      const live = await client.getFile(instance, path, { signal });
      if (live.type !== "file") continue;
      if ((live.sizeBytes ?? 0) > readLimitBytes) {
        live.body.destroy();
        found[path] = { ...file, content: "" };
        continue;
      }
      const mode = live.mode === Number.parseInt(file.mode, 8) ? file.mode : live.mode.toString(8).padStart(4, "0");
      found[path] = { content: (await buffer(live.body)).toString("utf8"), mode, uid: live.uid, gid: live.gid };
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return found;
}
