/**
 * Root size: how much the root of an instance may hold. Its root disk says so; where that says nothing, `volume.size` of the pool did when the root
 * was made, or when the size was taken away.
 */
import type { Devices } from "../../../sdk/api/common";
import { storagePoolConfig } from "../../../sdk/api/config/storage-pool";
import { diskOptions } from "../../../sdk/api/devices/disk";
import { badRequest } from "../../../sdk/api/errors";
import type { Revert } from "../../core/revert";
import type { InstanceHome } from "./home";
import { type InstanceRecord, rootOf } from "./record";
import { volumeOf } from "./volume";

/** Bytes that the root disk says itself; 0 for no bound, nothing when it says none. */
function saidSize(devices: Devices): number | undefined {
  const root = rootOf(devices);
  return root && diskOptions(root).get("size");
}

/** Bytes that a new root in a pool may hold, or nothing when nothing bounds it. */
export function sizeOfNewRoot({ storagePools }: InstanceHome, pool: string, devices: Devices): number | undefined {
  const size = saidSize(devices) ?? storagePoolConfig(storagePools.record(pool).config).get("volume.size");
  return size === 0 ? undefined : size;
}

/** Which of two sizes lets more in. */
export const isLarger = (size: number | undefined, than: number | undefined): boolean =>
  than !== undefined && (size === undefined || size > than);

/**
 * The root follows a change of what its disk says, also while the instance runs. What cannot be done then is done at its next start.
 * @param undo takes the change back
 * @throws ApiError BAD_REQUEST when the root holds more
 */
export async function followRootSize(
  home: InstanceHome,
  record: InstanceRecord,
  was: Devices,
  is: Devices,
  undo: Revert,
): Promise<void> {
  const [before, after] = [sizeOfNewRoot(home, record.pool, was), sizeOfNewRoot(home, record.pool, is)];
  if (before === after) return;
  const isInUse = home.book.running.has(record);
  const set = (size: number | undefined) => home.volumes.setSize(record.pool, volumeOf(record), size, isInUse);
  if (await set(after)) undo.add(async () => void (await set(before)));
  // A start knows what the disk says, and not what it no longer says.
  else if (saidSize(is) === undefined || after === undefined)
    throw badRequest(
      `Cannot take the size of the root disk away while the instance runs: storage pool "${record.pool}" keeps such a root in a file system of its own. Stop the instance first, or give a larger "size".`,
    );
}

/** Before a start: the root gets the size that its disk says, where that could not be done while it ran. @throws ApiError BAD_REQUEST when it holds more */
export async function settleRootSize(home: InstanceHome, record: InstanceRecord, devices: Devices): Promise<void> {
  const size = saidSize(devices);
  if (size !== undefined && size > 0) await home.volumes.setSize(record.pool, volumeOf(record), size, false);
}
