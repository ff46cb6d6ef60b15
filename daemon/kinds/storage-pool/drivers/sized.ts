/** Sized: volumes in folders that have a size, each in a file system of its own; for the drivers without quotas. */
import { badRequest, notFound } from "../../../../sdk/api/errors";
import { isNoSpace, isThere } from "../../../platform/folders/files";
import type { PoolPlace, Volume } from "../driver";
import { canGrow, diskBytes, diskUsage, growDisk, makeDisk, mountDisk } from "./volume-disk";
import { folderOf, listFolders, replace } from "./volume-folder";

/** Types of volumes that may have a size. */
const sizedTypes = ["containers", "custom"] as const satisfies readonly Volume["type"][];

const blockBytes = 4096;

/** The size of a volume's file: whole blocks. */
export const roundedSize = (size: number | undefined): number | undefined =>
  size === undefined ? undefined : Math.ceil(size / blockBytes) * blockBytes;

/** Gives a new volume the file system that its size asks for, before anything is in it. */
export async function makeSized(folder: string, size: number | undefined): Promise<void> {
  const bytes = roundedSize(size);
  if (bytes !== undefined) await makeDisk(folder, bytes);
}

/** Fills a volume. @throws ApiError BAD_REQUEST when its size does not hold that */
export async function fitting(size: number | undefined, fill: () => Promise<void>): Promise<void> {
  try {
    await fill();
  } catch (error) {
    if (size === undefined || !isNoSpace(error)) throw error;
    throw badRequest(`The content does not fit into ${size} bytes, or the host's disk is full. Give a larger "size".`, {
      cause: error,
    });
  }
}

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
  // One that the kernel has closed after an error, as on a full disk below, is opened anew.
  if (!isInUse) await mountDisk(folder);
  const [has, wants] = [await diskBytes(folder), roundedSize(size)];
  if (has === wants) return true;
  if (has !== undefined && wants !== undefined && wants > has && (await canGrow())) {
    await growDisk(folder, wants);
    return true;
  }
  const { used } = (await diskUsage(folder)) ?? { used: 0 };
  if (wants !== undefined && used > wants)
    throw badRequest(
      `Cannot set the size of volume "${volume.name}" to ${wants} bytes: it holds ${used} bytes. Remove something in it, or give a larger "size".`,
    );
  if (isInUse) return false;
  await replace(pool, folder, anew());
  return true;
}
