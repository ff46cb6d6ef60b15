/** Expiry: a backup whose time is over is deleted, within a minute. */
import { ownCall } from "../../core/call";
import { backupRef } from "../../core/ref";
import { type InstanceId, keyOf } from "../instance/record";
import type { BackupRecord } from "./kept/store";
import type { BackupService } from "./service";

/** Deletes those whose time is over. What cannot be deleted now is tried again the next time. */
export async function deleteExpired(backups: BackupService): Promise<void> {
  for (const record of backups.expired()) await deleteOne(backups, record);
}

async function deleteOne(backups: BackupService, { owner: instance, name }: BackupRecord<InstanceId>): Promise<void> {
  const { changes, log } = backups.home;
  const of = backupRef(instance.name, name, instance.project);
  const isSame = (other: BackupRecord<InstanceId>) => keyOf(other.owner) === keyOf(instance) && other.name === name;
  try {
    await changes.run(ownCall(instance.project), {
      of: [of],
      work: async () => {
        // It may be gone meanwhile, or be another one of the name.
        if (!backups.expired().some(isSame)) return;
        await backups.delete(instance, name);
        changes.tell(ownCall(), { action: "instance-backup-deleted", of });
      },
    });
  } catch (error) {
    log.error("Cannot delete an expired backup", { instance: keyOf(instance), name, error });
  }
}
