/** Instance files: what writes into a container have in common, whether it runs or not. */
import { ApiError } from "../../../sdk/api/errors";
import type { Context } from "../engine/core";
import { isNotFound } from "../engine/failure";

/** Makes the folders above a file that are missing, owned by root. */
export async function makeFolders({ client, signal }: Context, instance: string, file: string): Promise<void> {
  const parts = file.split("/").slice(1, -1);
  for (const [at] of parts.entries()) {
    const folder = `/${parts.slice(0, at + 1).join("/")}`;
    try {
      await client.getFileInfo(instance, folder, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await client.putFile(instance, folder, undefined, { type: "directory", uid: 0, gid: 0, mode: 0o755, signal });
    }
  }
}

/** Removes a file or symlink; a folder that stands in its place was never ours. */
export async function removeFile({ client, signal }: Context, instance: string, file: string): Promise<void> {
  try {
    const { type } = await client.getFileInfo(instance, file, { signal });
    if (type !== "directory") await client.deleteFile(instance, file, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Names the file in whatever goes wrong. */
export async function namingFile<T>(verb: string, instance: string, file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    throw new ApiError(error.code, `Cannot ${verb} file "${file}" of container "${instance}": ${error.message}`);
  }
}
