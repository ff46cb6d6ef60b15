/** Erase: what an instance has on disk and in its networks goes, for good. */
import { rm } from "node:fs/promises";
import type { Volume } from "../../storage-pool/driver";
import { devicesDeleted, devicesForgotten } from "../devices/devices";
import type { InstanceHome } from "../home";
import { forgetProfile } from "../labels/confinement";
import { requireEnded } from "../life/leftovers";
import { type InstanceRecord, keyOf } from "../record";
import { snapshotVolume, volumeOf } from "../volume";
import { removeLinks } from "./links";

/**
 * Removes an instance whose row is marked pending, with all it has. Beside its volumes nothing is worth keeping an instance for.
 * @throws ApiError while a process of it lives or a volume stays
 */
export async function eraseInstance(home: InstanceHome, record: InstanceRecord): Promise<void> {
  await requireEnded(home, record);
  await home.sftp.leaveRoot(record);
  await removeBelongings(home, record);
  home.database.transaction(() => {
    home.snapshots.forgetAll(record);
    home.book.store.delete(record);
  });
  home.book.hostIds.release(record.config);
}

async function removeBelongings(home: InstanceHome, record: InstanceRecord): Promise<void> {
  const { backups, dirs, log, snapshots } = home;
  for (const snapshot of snapshots.names(record))
    await deleteVolume(home, record.pool, snapshotVolume(record, snapshot));
  await deleteVolume(home, record.pool, volumeOf(record));
  const rest: readonly [string, () => Promise<void>][] = [
    ["Cannot forget the addresses of a deleted instance", () => devicesForgotten(home, record)],
    ["Cannot remove what the devices of a deleted instance have kept", () => devicesDeleted(home, record)],
    ["Cannot remove the backups of a deleted instance", () => backups.eraseAll(record)],
    ["Cannot unload the AppArmor profile of a deleted instance", async () => forgetProfile(home, record)],
    ["Cannot remove the links of a deleted instance", () => removeLinks(home, record)],
    [
      "Cannot remove the logs of a deleted instance",
      () => rm(dirs.logs(keyOf(record)), { recursive: true, force: true }),
    ],
  ];
  await Promise.all(
    rest.map(([message, remove]) =>
      remove().catch((error: unknown) => log.error(message, { name: record.name, error })),
    ),
  );
}

async function deleteVolume(home: InstanceHome, pool: string, volume: Volume): Promise<void> {
  if (isPoolKnown(home, pool)) await home.volumes.delete(pool, volume);
}

/** Whether the database still has a pool; one that it has not holds no volume to remove. */
export const isPoolKnown = ({ storagePools }: InstanceHome, pool: string): boolean =>
  storagePools.records().some(({ name }) => name === pool);
