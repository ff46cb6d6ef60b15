/** On their own: what comes, goes and is looked after when its time has come, and nobody asks. */
import type { Parts } from "./composition";
import { Minutely } from "./core/minutely";
import { deleteExpired as deleteExpiredBackups } from "./kinds/backup/expiry";
import { ImageUpkeep } from "./kinds/image/remote/upkeep";
import { ProjectExpiry } from "./kinds/project/expiry";
import { deleteExpired } from "./kinds/snapshot/expiry";
import { SnapshotSchedule } from "./kinds/snapshot/schedule";
import { deleteExpired as deleteExpiredOfVolumes } from "./kinds/storage-volume/expiry";
import { takeDue as takeDueOfVolumes } from "./kinds/storage-volume/schedule";

/** Looks by itself, now and then, for what is over, due or old. */
export interface Upkeep {
  start(): void;
  stop(): void;
}

export const upkeepOf = (parts: Parts): readonly Upkeep[] => [
  minutely(parts),
  new ImageUpkeep(parts, parts.images),
  new ProjectExpiry(parts, parts.projects),
];

/** Snapshots and backups. */
function minutely(parts: Parts): Minutely {
  const { backups, log, snapshots, storageVolumes, volumeBackups } = parts;
  const schedule = new SnapshotSchedule(parts, snapshots);
  const atStart = true;
  return new Minutely(log, [
    { name: "delete expired snapshots", atStart, run: () => deleteExpired(parts, snapshots) },
    { name: "delete expired snapshots of volumes", atStart, run: () => deleteExpiredOfVolumes(storageVolumes) },
    { name: "delete expired backups", atStart, run: () => deleteExpiredBackups(backups) },
    { name: "delete expired backups of volumes", atStart, run: () => deleteExpiredBackups(volumeBackups) },
    { name: "take scheduled snapshots", atStart: false, run: (now) => schedule.takeDue(now) },
    {
      name: "take scheduled snapshots of volumes",
      atStart: false,
      run: (now) => takeDueOfVolumes(storageVolumes, now),
    },
  ]);
}
