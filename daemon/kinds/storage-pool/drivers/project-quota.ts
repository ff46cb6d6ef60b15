/**
 * Project quota: a bound on a volume's folder by the file system of the pool, where that has project quotas that are switched on (ext4, xfs). What is
 * made in the folder is of the folder's project; nothing is stored beside it, and whoever looks finds id, limit and usage by the folder alone.
 * The kernel moves nothing into such a folder that is of another project (EXDEV): a volume gets its project while it is empty.
 */
import { badRequest } from "../../../../sdk/api/errors";
import { Locks } from "../../../platform/locks";
import type { FolderProject } from "../../../platform/native/index";
import type { PoolPlace } from "../driver";

/** Whether a pool's file system has them, by the pool's path. */
const known = new Map<string, boolean>();

/** Two that look for a free id at the same time could find the same one. */
const locks = new Locks();

/** The least in which a volume has its folders. */
const leastBytes = 64 * 2 ** 10;

/** Asks whether the file system of a pool has project quotas; the answer holds until the pool is opened again. */
export async function openProjects(pool: PoolPlace): Promise<boolean> {
  const found = await pool.folderProject(pool.path);
  // A folder of somebody's project bounds the whole pool: a project of ours would take volumes out of that, and none could be renamed in it.
  const isThere = found !== undefined && found.id === 0;
  known.set(pool.path, isThere);
  pool.onNote(`Volumes with a size are bounded by ${isThere ? "project quotas" : "file systems of their own"}`);
  return isThere;
}

/** Forgets what is known of a pool that goes. */
export const closeProjects = (pool: PoolPlace): boolean => known.delete(pool.path);

/** Whether volumes of a pool can be bounded so. */
export const hasProjects = async (pool: PoolPlace): Promise<boolean> => known.get(pool.path) ?? openProjects(pool);

/** Bounds a volume's folder, which is empty. @throws ApiError BAD_REQUEST for a size that cannot be */
export async function makeProject(pool: PoolPlace, folder: string, bytes: number): Promise<void> {
  requirePossible(bytes);
  await locks.run("make", () => pool.folderProject(folder, ["make", bytes]));
}

/** The project that a volume's folder was given, or undefined when it has none. */
export async function projectOf(pool: PoolPlace, folder: string): Promise<FolderProject | undefined> {
  if (!(await hasProjects(pool))) return undefined;
  const found = await pool.folderProject(folder);
  return found?.isOwn ? found : undefined;
}

/** Changes the bound of a folder that has a project, for whoever uses it as well. @param bytes undefined for none @throws ApiError BAD_REQUEST */
export async function limitProject(pool: PoolPlace, folder: string, bytes: number | undefined): Promise<void> {
  if (bytes !== undefined) requirePossible(bytes);
  await pool.folderProject(folder, ["limit", bytes ?? 0]);
}

/** Takes the limit off a folder that goes: then its id is free, once nothing is of it. Nothing to do for a folder without a project. */
export async function forgetProject(pool: PoolPlace, folder: string): Promise<void> {
  if ((await projectOf(pool, folder))?.limit !== undefined) await limitProject(pool, folder, undefined);
}

function requirePossible(bytes: number): void {
  if (bytes < leastBytes)
    throw badRequest(
      `Cannot bound a volume to ${bytes} bytes: its folders do not fit in that. Give a "size" of at least ${leastBytes / 2 ** 10}KiB.`,
    );
  if (!Number.isSafeInteger(bytes))
    throw badRequest(
      `Cannot bound a volume to ${bytes} bytes: no file of this host is so large. Give a smaller "size".`,
    );
}
