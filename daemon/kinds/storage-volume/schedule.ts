/** Schedule: snapshots of volumes that are made on their own, by snapshots.schedule. */
import { storageVolumeConfig } from "../../../sdk/api/config/storage-volume";
import { ownCall } from "../../core/call";
import { urlOf } from "../../core/ref";
import { isDue } from "../../core/schedule";
import { refOf, type VolumeId } from "./record";
import type { StorageVolumeService } from "./service";
import { snapshotRefOf } from "./snapshot/store";

/** Takes the snapshots that are due in a minute. */
export async function takeDue(volumes: StorageVolumeService, now: Date): Promise<void> {
  for (const record of volumes.store.list()) {
    const schedule = storageVolumeConfig(record.config).get("snapshots.schedule");
    if (schedule !== undefined && isDue(schedule, urlOf(refOf(record)), now)) await take(volumes, record);
  }
}

/** Never rejects. */
async function take(volumes: StorageVolumeService, id: VolumeId): Promise<void> {
  const { changes, log } = volumes.home;
  const call = ownCall(id.project);
  try {
    await changes.run(call, {
      of: volumes.lockedWith(id),
      work: async () => {
        const name = volumes.snapshots.freeName(id);
        volumes.snapshots.requirePossible(id, name);
        await volumes.snapshots.create(id, name, {});
        const of = snapshotRefOf(id, name);
        changes.tell(call, { action: "storage-volume-snapshot-created", of, context: { type: "custom" } });
      },
    });
  } catch (error) {
    log.error("Cannot take a scheduled snapshot of a volume", { volume: urlOf(refOf(id)), error });
  }
}
