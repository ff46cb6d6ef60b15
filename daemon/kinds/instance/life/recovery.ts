/** Recovery: what a daemon does about instances when it starts, after whatever ended the last one. */
import type { Context } from "../../../context";
import { entries, readText } from "../../../platform/folders/files";
import type { InstanceRecord } from "../record";
import { patienceMs } from "./leftovers";

/** Takes away what was half made or half deleted, and brings the pools in line with the database. */
export async function recoverInstances(context: Context): Promise<void> {
  const { instances, snapshots, storagePools } = context;
  // Before anything that they may use is taken away.
  await orLog(context, "Cannot end what is left of unknown containers", () => instances.endUnknown());
  await orLog(context, "Cannot remove half made snapshots", () => snapshots.recover());
  for (const record of instances.store.listPending())
    await orLog(context, `Cannot remove the half made instance "${record.name}"`, () => instances.erase(record));
  for (const { name } of storagePools.records())
    await orLog(context, `Cannot look through the storage pool "${name}"`, () => reconcile(context, name));
}

async function reconcile(context: Context, pool: string): Promise<void> {
  const names = context.instances.store
    .list()
    .filter((record) => record.pool === pool)
    .map((record) => record.name);
  const snapshots = names.flatMap((name) => context.snapshots.names(name).map((snapshot) => `${name}/${snapshot}`));
  const { missing, strays } = await context.volumes.reconcile(pool, { instances: names, snapshots });
  for (const volume of missing) {
    const [name = "", snapshot] = volume.name.split("/");
    const entity = `/1.0/instances/${name}${snapshot === undefined ? "" : `/snapshots/${encodeURIComponent(snapshot)}`}`;
    const message = `The volume "${volume.name}" is not in storage pool "${pool}"`;
    context.warnings.record("volumeMissing", { message, entity });
  }
  if (strays.length === 0) return;
  const named = strays.slice(0, 10).map(({ type, name }) => JSON.stringify(`${type}/${name}`));
  const more = strays.length > 10 ? ` and ${strays.length - 10} more` : "";
  const message = `Storage pool "${pool}" holds what belongs to no instance: ${named.join(", ")}${more}. Move it away, or remove it with "bothy-cell remove PATH"`;
  context.warnings.record("volumeStray", { message, entity: `/1.0/storage-pools/${encodeURIComponent(pool)}` });
}

/** What fails here must not keep the daemon from starting; what was left is tried again at the next start. */
async function orLog(context: Context, message: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    context.log.error(message, { error });
  }
}

/** Tells of containers that run without being in the database, such as after it went back to a copy, and gives their host ids to nobody else. */
export async function tellUnknown({ dirs, instances, native, warnings, log }: Context): Promise<void> {
  const known = new Set(instances.store.list().map(({ name }) => name));
  for (const name of await entries(dirs.cells)) {
    if (name.startsWith(".") || known.has(name)) continue;
    try {
      const cell = await native.adopt(name, patienceMs);
      if (cell === undefined) continue;
      cell.forget();
      const [, base] = /^\s*0\s+(\d+)/.exec((await readText(`/proc/${cell.pid}/uid_map`)) ?? "") ?? [];
      instances.reserveIds(Number(base ?? 0));
      const message = `A container "${name}" runs that the database does not know. To end it, kill process ${cell.pid}; its volume stays`;
      warnings.record("instanceStray", { message, entity: `/1.0/instances/${name}` });
    } catch (error) {
      log.debug("This is no run folder of a container", { name, error });
    }
  }
}

/** Finds running containers again, and takes note of those that ended meanwhile. @returns those of which nobody knows how they ended */
export async function adoptInstances(context: Context): Promise<InstanceRecord[]> {
  const { instances, native } = context;
  const lost: InstanceRecord[] = [];
  // One that cannot be told must not keep the daemon from the others.
  for (const record of instances.store.list())
    try {
      if (await instances.lifecycle.adopt(record)) continue;
      const exit = native.lastExit(record.name);
      if (exit !== undefined) await instances.lifecycle.noteEnd(record.name, exit);
      else {
        native.clear(record.name);
        lost.push(record);
      }
    } catch (error) {
      const message = `Cannot find out whether instance "${record.name}" runs`;
      context.warnings.record("instanceUnknown", { message, entity: `/1.0/instances/${record.name}`, error });
    }
  return lost;
}
