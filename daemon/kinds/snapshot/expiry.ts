/** Expiry: a snapshot whose time is over is deleted, within a minute as in LXD. */
import { ownCall } from "../../core/call";
import { snapshotRef } from "../../core/ref";
import { type InstanceId, instanceRef, keyOf } from "../instance/record";
import type { SnapshotHome } from "./home";
import type { SnapshotService } from "./service";

/** Deletes those whose time is over. What cannot be deleted now is tried again the next time. */
export async function deleteExpired(home: SnapshotHome, snapshots: SnapshotService): Promise<void> {
  for (const { instance, name } of snapshots.expired()) await deleteOne(home, snapshots, instance, name);
}

async function deleteOne(
  { changes, instances, log }: SnapshotHome,
  snapshots: SnapshotService,
  instance: InstanceId,
  name: string,
): Promise<void> {
  const of = snapshotRef(instance.name, name, instance.project);
  const isOver = () =>
    snapshots.expired().some((other) => keyOf(other.instance) === keyOf(instance) && other.name === name);
  try {
    await changes.run(ownCall(), {
      of: [of],
      content: [instanceRef(instance)],
      work: async () => {
        // It may be gone meanwhile, or have got more time.
        if (!isOver()) return;
        await snapshots.delete(instances.home.book.record(instance), name);
        changes.tell(ownCall(), { action: "instance-snapshot-deleted", of });
      },
    });
  } catch (error) {
    log.error("Cannot delete an expired snapshot", { instance: keyOf(instance), name, error });
  }
}
