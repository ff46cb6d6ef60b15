/** ZFS bounds: the properties by which a volume that is there is bounded, brought in line with its size and its keys. */
import { badRequest } from "../../../../sdk/api/errors";
import type { PoolPlace, Volume } from "../driver";
import { configFor } from "./volume-keys";
import { setOf } from "./zfs-names";
import { zfs as command, setProperties, usageOf } from "./zfs-sets";
import { blocksOf, boundsOf, usageFrom, type ZfsUsage } from "./zfs-sizes";

/** @param has what the volume has now @throws ApiError BAD_REQUEST when the volume holds more, or the pool has not that much to reserve; it stays as it was */
export async function bound(pool: PoolPlace, volume: Volume, size: number | undefined, has: ZfsUsage): Promise<void> {
  try {
    await setProperties(setOf(pool, volume), boundsOf(pool, volume, size));
  } catch (error) {
    // Of several properties ZFS sets those that it can.
    await setProperties(setOf(pool, volume), quotasOf(has)).catch(() => undefined);
    const { message } = error as Error;
    const refuse = (cause: string) =>
      badRequest(`Cannot set the size of volume "${volume.name}" to ${size} bytes: ${cause}`, { cause: error });
    if (/less than current used/.test(message))
      throw refuse(`it holds ${usageFrom(has).used} bytes. Remove something in it, or give a larger "size".`);
    if (/greater than available space/.test(message))
      throw refuse(`the pool has not that much free. Give a smaller "size", or unset "zfs.reserve_space".`);
    throw error;
  }
}

/** StorageDriver.follow. @throws ApiError BAD_REQUEST as `bound` */
export async function followKeys(pool: PoolPlace, volume: Volume): Promise<void> {
  const set = setOf(pool, volume);
  const has = await usageOf(set);
  await bound(pool, volume, usageFrom(has).total, has);
  const blocks = blocksOf(pool, volume);
  if (blocks === undefined) await command("inherit", "recordsize", set);
  else await setProperties(set, [`recordsize=${blocks}`]);
}

/** Whether a volume with a size has that much of the pool for itself. */
export const reserves = (pool: PoolPlace, volume: Volume): boolean =>
  configFor(pool, volume).get("volume.zfs.reserve_space") === true;

/** What is out of use has nothing of the pool for itself. */
export const dropReservation = (set: string) => setProperties(set, ["reservation=none", "refreservation=none"]);

/** What bounds a data set, as properties for the one that takes its place. */
export const boundsOfSet = async (set: string): Promise<string[]> => quotasOf(await usageOf(set));

const quotasOf = ({ quota, refquota }: ZfsUsage): string[] => [
  `quota=${quota || "none"}`,
  `refquota=${refquota || "none"}`,
];
