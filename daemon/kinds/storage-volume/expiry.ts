/** Expiry: a snapshot of a volume whose time is over is deleted. */
import { ownCall } from "../../core/call";
import { urlOf } from "../../core/ref";
import { refOf } from "./record";
import type { StorageVolumeService } from "./service";
import { snapshotRefOf } from "./snapshot/store";

/** Deletes those whose time is over. What cannot be deleted now is tried again the next time. */
export async function deleteExpired({ home, snapshots }: StorageVolumeService): Promise<void> {
  const { changes, log } = home;
  for (const { volume, name } of snapshots.expired()) {
    const of = snapshotRefOf(volume, name);
    const isOver = () =>
      snapshots.expired().some((other) => urlOf(snapshotRefOf(other.volume, other.name)) === urlOf(of));
    const work = async () => {
      // It may be gone meanwhile, or have got more time.
      if (!isOver()) return;
      await snapshots.delete(volume, name);
      changes.tell(ownCall(), { action: "storage-volume-snapshot-deleted", of });
    };
    try {
      await changes.run(ownCall(), { of: [of], content: [refOf(volume)], work });
    } catch (error) {
      log.error("Cannot delete an expired snapshot of a volume", { snapshot: urlOf(of), error });
    }
  }
}
