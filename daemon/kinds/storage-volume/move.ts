/** Move: a volume goes to another pool with its snapshots, or to another project. */

import { carryOutCopy } from "./copy";
import type { VolumeId, VolumeRecord } from "./record";
import type { StorageVolumeService } from "./service";

/** What is wrong with a move, as far as that can be known before it begins. @throws ApiError NOT_FOUND, CONFLICT, BAD_REQUEST */
export async function requireMovable(volumes: StorageVolumeService, from: VolumeId, to: VolumeId): Promise<void> {
  volumes.record(from);
  volumes.home.storagePools.record(to.pool);
  await volumes.requireFree(to);
  volumes.requireAtRest(from);
  // Those who have it are of its project.
  if (from.project !== to.project) volumes.requireUnused(from);
}

/** Under the locks of both and of those who have it. Devices that name it follow. @param isAlone whether its snapshots are left behind, and go */
export async function moveVolume(
  volumes: StorageVolumeService,
  from: VolumeId,
  to: VolumeId,
  isAlone: boolean,
): Promise<void> {
  await requireMovable(volumes, from, to);
  if (from.pool === to.pool) return volumes.rename(from, to);
  const source = volumes.record(from);
  const record: VolumeRecord = {
    ...source,
    ...to,
    config: volumes.configOfCopy(to.pool, source.contentType, source.config),
  };
  const copy = { source, snapshot: undefined, record, withSnapshots: !isAlone, isRefresh: false };
  // Those who have it have the new one from then on; the old one is nobody's and goes, by the next start if need be.
  await carryOutCopy(volumes, copy, () => {
    volumes.home.volumeUsers.moved(from, to);
    volumes.store.markPending(from);
  });
  await volumes.erasePending(source);
}
