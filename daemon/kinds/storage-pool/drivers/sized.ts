/**
 * Sized: volumes in folders that have a size; for the drivers that are folders. The pool's file system counts them where it has project quotas
 * (project-quota.ts), else each has a file system of its own (volume-disk.ts). One that has the latter keeps it until it is made anew.
 */
import { badRequest, notFound } from "../../../../sdk/api/errors";
import { isNoSpace, isThere } from "../../../platform/folders/files";
import type { PoolPlace, Volume, VolumeUsage } from "../driver";
import { hasProjects, limitProject, makeProject, projectOf } from "./project-quota";
import { canGrow, diskBytes, disksUnavailable, diskUsage, growDisk, makeDisk, mountDisk } from "./volume-disk";
import { folderOf, listFolders, replace } from "./volume-folder";

/** Types of volumes that may have a size. */
const sizedTypes = ["containers", "custom"] as const satisfies readonly Volume["type"][];

const blockBytes = 4096;

/** The size of a volume's file: whole blocks. */
export const roundedSize = (size: number | undefined): number | undefined =>
  size === undefined ? undefined : Math.ceil(size / blockBytes) * blockBytes;

/** Gives a new volume the bound that its size asks for, before anything is in it. */
export async function makeSized(pool: PoolPlace, folder: string, size: number | undefined): Promise<void> {
  const bytes = roundedSize(size);
  if (bytes === undefined) return;
  if (await hasProjects(pool)) await makeProject(pool, folder, bytes);
  else await makeDisk(folder, bytes);
}

/** Why volumes of a pool cannot be bounded on this host, or nothing when they can. */
export const cannotBound = async (pool: PoolPlace): Promise<string | undefined> =>
  (await hasProjects(pool)) ? undefined : disksUnavailable();

/** What a volume's size is: that of its file system, or the limit of its project; undefined when nothing bounds it. */
export const sizeOf = async (pool: PoolPlace, folder: string): Promise<number | undefined> =>
  (await diskBytes(folder)) ?? (await projectOf(pool, folder))?.limit;

/** What a volume with a size holds and can hold, or undefined when nobody counts it. */
export async function usageOf(pool: PoolPlace, folder: string): Promise<VolumeUsage | undefined> {
  const onDisk = await diskUsage(folder);
  if (onDisk !== undefined) return onDisk;
  const project = (await isThere(folder)) ? await projectOf(pool, folder) : undefined;
  return project && { used: project.used, total: project.limit };
}

/** Fills a volume. @throws ApiError BAD_REQUEST when its size does not hold that */
export async function fitting(size: number | undefined, fill: () => Promise<void>): Promise<void> {
  try {
    await fill();
  } catch (error) {
    if (size === undefined || !isNoSpace(error)) throw error;
    throw tooLarge(size, error);
  }
}

/** The same for a volume whose folder may have a project. @throws ApiError BAD_REQUEST */
export async function fittingInto(
  pool: PoolPlace,
  folder: string,
  size: number | undefined,
  fill: () => Promise<void>,
): Promise<void> {
  await fitting(size, fill);
  if (size === undefined) return;
  // ext4 counts what a process with CAP_SYS_RESOURCE writes, and does not stop it at the limit.
  const project = await projectOf(pool, folder);
  if (project?.limit !== undefined && project.used > project.limit) throw tooLarge(size);
}

const tooLarge = (size: number, cause?: unknown) =>
  badRequest(`The content does not fit into ${size} bytes, or the host's disk is full. Give a larger "size".`, {
    cause,
  });

/** Mounts the file systems of all volumes of a pool; one that cannot be mounted is told, and keeps nobody from the rest. */
export async function mountDisks(pool: PoolPlace): Promise<void> {
  for (const type of sizedTypes)
    for (const name of await listFolders(pool, type)) {
      const volume = { type, name };
      try {
        await mountDisk(folderOf(pool, volume));
      } catch (error) {
        pool.onClosed(volume, error);
      }
    }
}

/** StorageDriver.setSize for such volumes. @param anew makes the volume's folder with the new size, at another place */
export async function resize(
  pool: PoolPlace,
  volume: Volume,
  size: number | undefined,
  isInUse: boolean,
  anew: () => (partial: string) => Promise<void>,
): Promise<boolean> {
  const folder = folderOf(pool, volume);
  if (!(await isThere(folder))) throw notFound(`Cannot set the size of volume "${volume.name}": it does not exist.`);
  const project = await projectOf(pool, folder);
  if (project !== undefined) {
    const wants = roundedSize(size);
    requireRoom(volume, project.used, wants);
    if (project.limit !== wants) await limitProject(pool, folder, wants);
    return true;
  }
  // One that the kernel has closed after an error, as on a full disk below, is opened anew.
  if (!isInUse) await mountDisk(folder);
  const [has, wants] = [await diskBytes(folder), roundedSize(size)];
  if (has === wants) return true;
  if (has !== undefined && wants !== undefined && wants > has && (await canGrow())) {
    await growDisk(folder, wants);
    return true;
  }
  const { used } = (await diskUsage(folder)) ?? { used: 0 };
  requireRoom(volume, used, wants);
  if (isInUse) return false;
  await replace(pool, folder, anew());
  return true;
}

function requireRoom({ name }: Volume, used: number, wants: number | undefined): void {
  if (wants !== undefined && used > wants)
    throw badRequest(
      `Cannot set the size of volume "${name}" to ${wants} bytes: it holds ${used} bytes. Remove something in it, or give a larger "size".`,
    );
}
