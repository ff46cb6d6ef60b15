/** Container root: which storage pool holds a container's root disk. No server moves it in place. */
import { isMap, type Props, unknownValue } from "../../engine/values";

/** The container's own root disk; it may also come from a profile. */
function rootDisk(devices: unknown): Props | undefined {
  if (!isMap(devices)) return undefined;
  return Object.values(devices)
    .filter(isMap)
    .find(({ type, path }) => type === "disk" && path === "/");
}

/**
 * @returns whether a change of devices moves the root disk into another pool, which needs another container. A pool that is not known yet
 * may be another; so may the one of devices that are not known at all.
 */
export function movesRootDisk(before: unknown, wanted: unknown): boolean {
  const was = rootDisk(before)?.pool;
  if (was === undefined) return false;
  if (wanted === unknownValue) return true;
  const is = rootDisk(wanted)?.pool;
  return is !== undefined && is !== was;
}
