/** Recovery: what a daemon does about custom volumes when it starts, after whatever ended the last one. */
import { urlOf, volumeRef, volumeSnapshotRef } from "../../core/ref";
import type { Volume } from "../storage-pool/driver";
import { refOf, snapshotVolumeOf, volumeOf } from "./record";
import type { StorageVolumeService } from "./service";

/** Takes away what was half made or half deleted, and brings the pools in line with the database. */
export async function recoverVolumes(volumes: StorageVolumeService): Promise<void> {
  await orLog(volumes, "Cannot remove half made snapshots of volumes", () => volumes.snapshots.recover());
  await orLog(volumes, "Cannot remove half made backups of volumes", () => volumes.home.volumeBackups.recover());
  for (const record of volumes.store.listPending())
    await orLog(volumes, `Cannot remove the half made volume "${record.name}"`, () => volumes.erasePending(record));
  for (const { name } of volumes.home.storagePools.records())
    await orLog(volumes, `Cannot look through the volumes of storage pool "${name}"`, () => reconcile(volumes, name));
}

const mostTold = 10;

async function reconcile(volumes: StorageVolumeService, pool: string): Promise<void> {
  const { home, snapshots, store } = volumes;
  const pending = store.listPending().filter((record) => record.pool === pool);
  const records = [...store.listIn(pool), ...pending];
  const owners = new Map(records.map((record) => [volumeOf(record).name, urlOf(refOf(record))]));
  for (const record of records)
    for (const snapshot of snapshots.names(record)) {
      const ref = volumeSnapshotRef(pool, record.name, snapshot, record.project);
      owners.set(snapshotVolumeOf(record, snapshot).name, urlOf(ref));
    }
  const names = [...owners.keys()];
  const { missing, strays } = await home.volumes.reconcile(pool, {
    custom: names.filter((name) => !name.includes("/")),
    "custom-snapshots": names.filter((name) => name.includes("/")),
  });
  const isPending = ({ name }: Volume) => pending.some((record) => volumeOf(record).name === name.split("/")[0]);
  for (const volume of missing.filter((one) => !isPending(one))) {
    const message = `The volume "${volume.type}/${volume.name}" is not in storage pool "${pool}"`;
    home.warnings.record("volumeMissing", { message, entity: owners.get(volume.name) });
  }
  for (const { type, name } of strays.slice(0, mostTold)) {
    const [owner = "", snapshot] = name.split("/");
    const [, project = "", own = ""] = /^([^_]*)_(.*)$/.exec(owner) ?? ["", "default", owner];
    const ref =
      snapshot === undefined ? volumeRef(pool, own, project) : volumeSnapshotRef(pool, own, snapshot, project);
    const message = `Storage pool "${pool}" holds "${type}/${name}", which belongs to no volume that the database knows. Move it away, or remove it with "bothy-cell remove PATH"`;
    home.warnings.record("volumeStray", { message, entity: urlOf(ref) });
  }
}

/** What fails here must not keep the daemon from starting; what was left is tried again at the next start. */
async function orLog({ home }: StorageVolumeService, message: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    home.log.error(message, { error });
  }
}
