/** Pool folders: a pool that is a folder of the host, its own below the state folder or one of the user's that it links to. */
import { mkdir, readlink, stat, statfs, symlink, unlink } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { badRequest, unavailable } from "../../../../sdk/api/errors";
import type { StoragePoolResources } from "../../../../sdk/api/storage-pool";
import { isFolder, ownFolder } from "../../../platform/folders/aside";
import { entries, ignoring } from "../../../platform/folders/files";
import type { PoolPlace } from "../driver";
import { unmountDisksBelow } from "./volume-disk";

/** Folder that holds the pool: the user's, or storage-pools/NAME. */
export const sourceOf = (pool: PoolPlace): string => pool.config.source || pool.path;

/**
 * Makes the pool's folders. A user's folder is linked to once it has proved fit and empty: without the link deletePool touches nothing of it.
 * @throws ApiError BAD_REQUEST when the source is missing, not empty or within the state folder
 */
export async function createPoolFolder(pool: PoolPlace, folders: readonly string[]): Promise<Config> {
  const source = sourceOf(pool);
  if (source === pool.path) await mkdir(pool.path, { mode: 0o711 });
  else {
    await requireSource(pool, source);
    await symlink(source, pool.path);
  }
  await makeFolders(pool.path, folders);
  return { ...pool.config, source };
}

/** Makes the folders of the volume types; nothing to do for those that are there. */
export async function makeFolders(root: string, folders: readonly string[]): Promise<void> {
  for (const name of folders) await mkdir(path.join(root, name), { recursive: true, mode: 0o711 });
}

async function requireSource(pool: PoolPlace, source: string): Promise<void> {
  const refuse = (cause: string) => badRequest(`Cannot create storage pool "${pool.name}": ${cause}`);
  if (!path.isAbsolute(source) || path.normalize(source) !== source || source.includes(":"))
    throw refuse(`the source "${source}" must be an absolute path without "..", colon or doubled slash.`);
  const stateFolder = path.dirname(path.dirname(pool.path));
  const folder = `${source.replace(/\/$/, "")}/`;
  if (folder.startsWith(`${stateFolder}/`) || `${stateFolder}/`.startsWith(folder))
    throw refuse(`the source "${source}" must not be in the state folder, nor hold it. Choose another folder.`);
  const found = await ignoring(["ENOENT", "ENOTDIR"], stat(source));
  if (found === undefined) throw refuse(`the source "${source}" does not exist. Make the folder first.`);
  if (!found.isDirectory()) throw refuse(`the source "${source}" is not a folder.`);
  if ((await entries(source)).length > 0) throw refuse(`the source "${source}" is not empty. Choose an empty folder.`);
}

/**
 * Sees that the pool's folder is reachable. One folder of several that was lost, or has something else in its place, is made anew: it closes no pool.
 * @throws ApiError UNAVAILABLE when all are missing
 */
export async function requirePoolFolder(pool: PoolPlace, folders: readonly string[]): Promise<void> {
  const [first = ""] = folders;
  if (!folders.some((name) => isFolder(path.join(pool.path, name))))
    throw unavailable(
      `Cannot open storage pool "${pool.name}": the folder "${path.join(sourceOf(pool), first)}" is missing. Is its file system mounted?`,
    );
  for (const name of folders) ownPoolFolder(pool, path.join(pool.path, name));
}

/** Makes a folder of the pool's; what else stands there is put aside and told. */
export function ownPoolFolder(pool: PoolPlace, folder: string): void {
  const moved = ownFolder(undefined, folder, 0o711);
  if (moved !== undefined) pool.onLeft(moved, new Error("it stood in the place of a folder of the pool"));
}

/** Removes the pool's folders; of a user's folder only what is the pool's. */
export async function deletePoolFolder(pool: PoolPlace, folders: readonly string[]): Promise<void> {
  await unmountDisksBelow(pool.path, true);
  const isLink = (await ignoring(["ENOENT", "EINVAL"], readlink(pool.path))) !== undefined;
  if (!isLink) return pool.removeTree(pool.path);
  for (const name of folders) await pool.removeTree(path.join(pool.path, name));
  await unlink(pool.path);
}

/** Space and inodes of the file system that the pool is on. */
export async function poolResources(pool: PoolPlace): Promise<StoragePoolResources> {
  const found = await statfs(pool.path);
  return {
    space: { used: (found.blocks - found.bfree) * found.bsize, total: found.blocks * found.bsize },
    inodes: { used: found.files - found.ffree, total: found.files },
  };
}
