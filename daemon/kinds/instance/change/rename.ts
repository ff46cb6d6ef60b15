/** Rename: a stopped instance with its snapshots gets another name, or another project. */
import { rename, rm } from "node:fs/promises";
import { badRequest } from "../../../../sdk/api/errors";
import { Revert } from "../../../core/revert";
import { ignoring } from "../../../platform/folders/files";
import type { Volume } from "../../storage-pool/driver";
import { leaveToStart } from "../create/file-templates";
import { makeLinks, removeLinks } from "../create/links";
import { hasPending } from "../create/pending-file-templates";
import { devicesForgotten } from "../devices/devices";
import type { InstanceHome } from "../home";
import { forgetProfile } from "../labels/confinement";
import { type InstanceId, type InstanceRecord, keyOf, rootEntry, rootOf } from "../record";
import { snapshotVolume, volumeOf } from "../volume";
import { checkSettings, nothing } from "./checks";
import { withNewCloudInitId } from "./cloud-init-id";

/** Whether an instance may be in another project: what it comes to there is judged as that of a new one. @throws ApiError */
export function requireMovable(home: InstanceHome, record: InstanceRecord, { project, name }: InstanceId): void {
  if (project === record.project) return;
  home.projects.require(project);
  const there = inProject(home, record, { project, name });
  checkSettings(home, there, { ...nothing, config: record.config, devices: record.devices });
  home.projects.allowInstance(project, { name, ...home.book.expanded(there) }, true);
}

/** The instance in a project: it stays in its pool, and has a root disk of its own where the profiles there say another pool, or none. */
function inProject({ book }: InstanceHome, record: InstanceRecord, { project, name }: InstanceId): InstanceRecord {
  const there = { ...record, project, name };
  const devices = book.expanded(there).devices;
  if (rootOf(devices)?.pool === record.pool) return there;
  const [ownName, own] = rootEntry(book.expanded(record).devices);
  const [root = ownName] = Object.entries(devices).find(([, { type, path }]) => type === "disk" && path === "/") ?? [];
  return { ...there, devices: { ...record.devices, [root]: { ...own, pool: record.pool } } };
}

/** After a crash midway the volumes follow the database (Volumes.reconcile). */
export async function renameInstance(home: InstanceHome, record: InstanceRecord, renamed: InstanceId): Promise<void> {
  const { backups, book, database, dirs, snapshots, volumes } = home;
  requireMovable(home, record, renamed);
  if (book.running.has(record)) throw badRequest("Renaming of running container not allowed");
  book.requireNewName(renamed);
  await home.sftp.leaveRoot(record);
  const there = inProject(home, record, renamed);
  await using undo = new Revert(home.log);
  const move = async (from: Volume, into: Volume) => {
    await volumes.rename(record.pool, from, into);
    undo.add(() => volumes.rename(record.pool, into, from));
  };
  for (const snapshot of snapshots.names(record))
    await move(snapshotVolume(record, snapshot), snapshotVolume(renamed, snapshot));
  await move(volumeOf(record), volumeOf(renamed));
  database.transaction(() => {
    book.store.rename(record, renamed);
    book.store.update(there);
    snapshots.instanceRenamed(record, renamed);
    snapshots.instanceMoved(there);
    backups.instanceRenamed(record, renamed);
  });
  undo.keep();
  await backups.settleRenames();
  await devicesForgotten(home, record);
  forgetProfile(home, record);
  await removeLinks(home, record);
  await makeLinks(home, record.pool, renamed);
  const logs = dirs.logs(keyOf(renamed));
  await rm(logs, { recursive: true, force: true });
  await ignoring("ENOENT", rename(dirs.logs(keyOf(record)), logs));
  book.change(renamed, (record) => ({ ...record, config: withNewCloudInitId(record.config) }));
  const now = book.record(renamed);
  // What is pending is made for the new name.
  if (hasPending(now.config)) return;
  const pending = await leaveToStart(home, now, "rename");
  book.store.update({ ...now, config: { ...now.config, ...pending } });
}
