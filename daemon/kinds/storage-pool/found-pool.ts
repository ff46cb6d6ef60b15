/** Found pool: one that is on disk and not in the database, opened for a look or to be kept. */
import { symlink, unlink } from "node:fs/promises";
import path from "node:path";
import { badRequest, notFound } from "../../../sdk/api/errors";
import { toApiError } from "../../platform/errors";
import { isFolder } from "../../platform/folders/aside";
import { isThere } from "../../platform/folders/files";
import { isMounted, mountsBelow } from "../../platform/host/mounts";
import type { PoolPlace, StorageDriver, Volume } from "./driver";
import { drivers } from "./drivers";

/** @param list names of the volumes of a type @param folder of the pool */
export type PoolScan<T> = (list: (type: Volume["type"]) => Promise<string[]>, folder: string) => Promise<T>;

/** @param isKept whether it stays open after the work @throws ApiError NOT_FOUND "Failed mounting pool", BAD_REQUEST for an unknown driver */
export async function whileFound<T>(
  place: PoolPlace,
  driverName: string,
  work: PoolScan<T>,
  isKept = false,
): Promise<T> {
  const driver = Object.hasOwn(drivers, driverName) ? drivers[driverName] : undefined;
  if (driver === undefined)
    throw badRequest(
      `Cannot open storage pool "${place.name}": unknown driver "${driverName}". Use one of ${Object.keys(drivers).join(", ")}.`,
    );
  const close = await openFound(driver, place);
  let isDone = false;
  try {
    const result = await work((type) => driver.list(place, type), place.path);
    isDone = true;
    return result;
  } finally {
    if (!isDone || !isKept) await close();
  }
}

/** @returns what undoes it; what was open before stays so */
async function openFound(driver: StorageDriver, place: PoolPlace): Promise<() => Promise<void>> {
  const { source } = place.config;
  // Volumes with a file system of their own are mounted one by one.
  const wasMounted =
    (await isMounted(place.path)) || ((await isThere(place.path)) && (await mountsBelow(place.path)).length > 0);
  const isElsewhere = source !== undefined && path.isAbsolute(source) && source !== place.path && isFolder(source);
  const isLinked = isElsewhere && !(await isThere(place.path));
  try {
    if (isLinked) await symlink(source, place.path);
    await driver.mountPool(place);
  } catch (error) {
    if (isLinked) await unlink(place.path).catch(() => undefined);
    throw notFound(`Failed mounting pool "${place.name}": ${toApiError(error).message}`, { cause: error });
  }
  return async () => {
    if (!wasMounted) await driver.unmountPool(place);
    if (isLinked) await unlink(place.path);
  };
}

/** Where a pool is that nobody gives a source: in an image file of the daemon's, or in its own folder. */
export const sourceOfFound = async (place: PoolPlace): Promise<string> =>
  place.config.source || ((await isThere(place.diskImage)) ? place.diskImage : place.path);
