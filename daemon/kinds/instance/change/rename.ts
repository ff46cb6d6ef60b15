/** Rename: a stopped instance with its snapshots gets another name. */
import { rename, rm } from "node:fs/promises";
import { badRequest } from "../../../../sdk/api/errors";
import { Revert } from "../../../core/revert";
import { ignoring } from "../../../platform/folders/files";
import type { Volume } from "../../storage-pool/driver";
import { applyUntilStart } from "../create/file-templates";
import { makeLinks, removeLinks } from "../create/links";
import { pendingTemplates } from "../create/pending-file-templates";
import type { InstanceHome } from "../home";
import type { InstanceRecord } from "../record";
import { volumeOf } from "../volume";

/** After a crash midway the volumes follow the database (Volumes.reconcile). */
export async function renameInstance(home: InstanceHome, record: InstanceRecord, to: string): Promise<void> {
  const { book, database, dirs, networks, snapshots, volumes } = home;
  if (book.running.has(record.name)) throw badRequest("Renaming of running instance not allowed");
  book.requireFree(to);
  await using undo = new Revert(home.log);
  const move = async (from: Volume, into: Volume) => {
    await volumes.rename(record.pool, from, into);
    undo.add(() => volumes.rename(record.pool, into, from));
  };
  for (const snapshot of snapshots.names(record.name)) {
    const from: Volume = { type: "containers-snapshots", name: `${record.name}/${snapshot}` };
    await move(from, { ...from, name: `${to}/${snapshot}` });
  }
  await move(volumeOf(record.name), volumeOf(to));
  database.transaction(() => {
    book.store.rename(record.name, to);
    snapshots.instanceRenamed(record.name, to);
  });
  undo.keep();
  await networks.forgetInstance(record.name);
  await removeLinks(home, record.name);
  await makeLinks(home, record.pool, to);
  await rm(dirs.logs(to), { recursive: true, force: true });
  await ignoring("ENOENT", rename(dirs.logs(record.name), dirs.logs(to)));
  const renamed = book.record(to);
  // What is pending is made for the new name.
  if (pendingTemplates(renamed.config) !== undefined) return;
  const pending = await applyUntilStart(home, renamed, "rename");
  book.store.update({ ...renamed, config: { ...renamed.config, ...pending } });
}
