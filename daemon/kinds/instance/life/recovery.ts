/** Recovery: what a daemon does about instances when it starts, after whatever ended the last one. */

import { ref, snapshotRef, urlOf } from "../../../core/ref";
import { entries, readText } from "../../../platform/folders/files";
import { eraseInstance } from "../create/erase";
import type { InstanceHome } from "../home";
import { sweepProfiles } from "../labels/confinement";
import { recoverMoves } from "../moves/pool-move";
import { type InstanceRecord, instanceOfKey, instanceRef, keyOf } from "../record";
import type { InstanceService } from "../service";
import { patienceMs } from "./leftovers";

/** Takes away what was half made or half deleted, and brings the pools in line with the database. */
export async function recoverInstances(instances: InstanceService): Promise<void> {
  const { home } = instances;
  const { backups, book, snapshots, storagePools } = home;
  // Before anything that they may use is taken away.
  await orLog(home, "Cannot end what is left of unknown containers", () => instances.endUnknown());
  await orLog(home, "Cannot remove half made snapshots", () => snapshots.recover());
  await orLog(home, "Cannot remove half made backups", () => backups.recover());
  for (const record of book.store.listPending())
    await orLog(home, `Cannot remove the half made instance "${record.name}"`, () => eraseInstance(home, record));
  await orLog(home, "Cannot remove what moves of instances have left", () => recoverMoves(home));
  await orLog(home, "Cannot look through the AppArmor profiles", () => sweepProfiles(home));
  for (const { name } of storagePools.records())
    await orLog(home, `Cannot look through the storage pool "${name}"`, () => reconcile(home, name));
}

async function reconcile(home: InstanceHome, pool: string): Promise<void> {
  const records = home.book.store.list().filter((record) => record.pool === pool);
  const snapshots = records.flatMap((record) => home.snapshots.names(record).map((name) => `${keyOf(record)}/${name}`));
  const { missing, strays } = await home.volumes.reconcile(pool, {
    containers: records.map(keyOf),
    "containers-snapshots": snapshots,
  });
  for (const volume of missing) {
    const [key = "", snapshot] = volume.name.split("/");
    const instance = instanceOfKey(key);
    const entity = urlOf(
      snapshot === undefined ? instanceRef(instance) : snapshotRef(instance.name, snapshot, instance.project),
    );
    const message = `The volume "${volume.name}" is not in storage pool "${pool}"`;
    home.warnings.record("volumeMissing", { message, entity });
  }
  if (strays.length === 0) return;
  const named = strays.slice(0, 10).map(({ type, name }) => JSON.stringify(`${type}/${name}`));
  const more = strays.length > 10 ? ` and ${strays.length - 10} more` : "";
  const message = `Storage pool "${pool}" holds what belongs to no instance: ${named.join(", ")}${more}. Move it away, or remove it with "bothy-cell remove PATH"`;
  home.warnings.record("volumeStray", { message, entity: urlOf(ref("storage-pool", pool)) });
}

/** What fails here must not keep the daemon from starting; what was left is tried again at the next start. */
async function orLog(home: InstanceHome, message: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    home.log.error(message, { error });
  }
}

/** Tells of containers that run without being in the database, such as after it went back to a copy, and gives their host ids to nobody else. */
export async function tellUnknown({ book, dirs, native, warnings, log }: InstanceHome): Promise<void> {
  const known = new Set(book.store.list().map(keyOf));
  for (const key of await entries(dirs.cells)) {
    if (key.startsWith(".") || known.has(key)) continue;
    try {
      const cell = await native.adopt(key, patienceMs);
      if (cell === undefined) continue;
      cell.forget();
      const [, base] = /^\s*0\s+(\d+)/.exec((await readText(`/proc/${cell.pid}/uid_map`)) ?? "") ?? [];
      book.hostIds.reserve(Number(base ?? 0));
      const message = `A container "${key}" runs that the database does not know. To end it, kill process ${cell.pid}; its volume stays`;
      warnings.record("instanceStray", { message, entity: urlOf(instanceRef(instanceOfKey(key))) });
    } catch (error) {
      log.debug("This is not a run folder of a container", { name: key, error });
    }
  }
}

/** Finds running containers again, and takes note of those that ended meanwhile. @returns those of which nobody knows how they ended */
export async function adoptInstances({ home, lifecycle }: InstanceService): Promise<InstanceRecord[]> {
  const { book, native } = home;
  const lost: InstanceRecord[] = [];
  // One that cannot be told must not keep the daemon from the others.
  for (const record of book.store.list())
    try {
      if (await lifecycle.adopt(record)) continue;
      const exit = native.lastExit(keyOf(record));
      if (exit !== undefined) await lifecycle.noteEnd(record, exit);
      else {
        native.clear(keyOf(record));
        lost.push(record);
      }
    } catch (error) {
      const message = `Cannot find out whether instance "${record.name}" runs`;
      home.warnings.record("instanceUnknown", { message, entity: urlOf(instanceRef(record)), error });
    }
  return lost;
}
