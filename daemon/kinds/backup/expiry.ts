/** Expiry: a backup whose time is over is deleted, within a minute. */

import { ownCall } from "../../core/call";
import type { Changes } from "../../core/changes";
import { type Ref, urlOf } from "../../core/ref";
import type { Log } from "../../platform/log";
import type { BackupRecord } from "./kept/store";

/** Backups of one sort of object. */
export interface ExpiringBackups<Owner> {
  readonly home: { readonly changes: Changes; readonly log: Log };
  /** Of the event that tells of one that is gone. */
  readonly deletedAction: string;
  expired(): BackupRecord<Owner>[];
  refOf(owner: Owner, name: string): Ref;
  delete(owner: Owner, name: string): Promise<void>;
}

/** Deletes those whose time is over. What cannot be deleted now is tried again the next time. */
export async function deleteExpired<Owner>(backups: ExpiringBackups<Owner>): Promise<void> {
  for (const record of backups.expired()) await deleteOne(backups, record);
}

async function deleteOne<Owner>(backups: ExpiringBackups<Owner>, { owner, name }: BackupRecord<Owner>): Promise<void> {
  const { changes, log } = backups.home;
  const of = backups.refOf(owner, name);
  const isSame = (other: BackupRecord<Owner>) => urlOf(backups.refOf(other.owner, other.name)) === urlOf(of);
  try {
    await changes.run(ownCall(of.project), {
      of: [of],
      work: async () => {
        // It may be gone meanwhile, or be another one of the name.
        if (!backups.expired().some(isSame)) return;
        await backups.delete(owner, name);
        changes.tell(ownCall(), { action: backups.deletedAction, of });
      },
    });
  } catch (error) {
    log.error("Cannot delete an expired backup", { backup: urlOf(of), error });
  }
}
