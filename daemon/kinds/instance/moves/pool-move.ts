/** Pool move: a stopped instance with its snapshots goes to another storage pool. */
import { badRequest } from "../../../../sdk/api/errors";
import { Revert } from "../../../core/revert";
import { checkSettings } from "../change/checks";
import { makeLinks } from "../create/links";
import type { InstanceHome } from "../home";
import { type InstanceRecord, rootEntry } from "../record";
import { sizeOfNewRoot } from "../root-size";
import { snapshotVolume, volumeOf } from "../volume";

/** What the instance is in the other pool: its root disk says that pool, as its own device where a profile gave it. @throws ApiError */
export function planPoolMove(home: InstanceHome, record: InstanceRecord, pool: string): InstanceRecord {
  const { book, storagePools } = home;
  if (book.running.isActive(record)) throw badRequest("Instance must be stopped to move it to another storage pool");
  if (pool === record.pool) throw badRequest(`Instance "${record.name}" is in storage pool "${pool}" already.`);
  storagePools.record(pool);
  const [name, root] = rootEntry(book.expanded(record).devices);
  const next = { ...record, pool, devices: { ...record.devices, [name]: { ...root, pool } } };
  checkSettings(home, next, record);
  home.projects.allowInstance(record.project, { name: record.name, ...book.expanded(next) }, false);
  return next;
}

/** Copies the volumes, then the instance is in the other pool, then the old volumes go. After a crash midway recoverMoves() removes the half that does not count. */
export async function moveToPool(home: InstanceHome, record: InstanceRecord, pool: string): Promise<void> {
  const { book, database, volumes } = home;
  const next = planPoolMove(home, record, pool);
  await volumes.requireThere(record.pool, volumeOf(record));
  await home.sftp.leaveRoot(record);
  await using undo = new Revert(home.log);
  book.store.moves.add(record, record.pool, pool);
  undo.add(() => removeVolumes(home, record, pool));
  const size = sizeOfNewRoot(home, pool, book.expanded(next).devices);
  for (const volume of volumesOf(home, record))
    await volumes.clone(
      { pool: record.pool, volume },
      { pool, volume },
      volume.type === "containers" ? size : undefined,
    );
  // The old ones go then: after a power cut these must be whole.
  await volumes.flush(pool, volumeOf(next));
  database.transaction(() => {
    book.store.moveToPool(next);
    home.snapshots.instanceMoved(next);
  });
  undo.keep();
  await makeLinks(home, pool, next);
  await removeVolumes(home, record, record.pool).catch((error: unknown) =>
    home.log.error("Cannot remove the old volumes of a moved instance; the next start does", {
      name: record.name,
      error,
    }),
  );
}

/** After a crash: removes the half of a move that does not count. */
export async function recoverMoves(home: InstanceHome): Promise<void> {
  const { store } = home.book;
  for (const { instance, from, to } of store.moves.list()) {
    const record = store.findAny(instance);
    if (record === undefined) store.moves.delete(instance);
    else {
      await makeLinks(home, record.pool, record);
      await removeVolumes(home, record, record.pool === to ? from : to);
    }
  }
}

const volumesOf = ({ snapshots }: InstanceHome, record: InstanceRecord) => [
  ...snapshots.names(record).map((name) => snapshotVolume(record, name)),
  volumeOf(record),
];

/** Removes an instance's volumes from a pool that it is not in, and forgets the move. */
async function removeVolumes(home: InstanceHome, record: InstanceRecord, pool: string): Promise<void> {
  const isThere = home.storagePools.records().some(({ name }) => name === pool);
  if (isThere) for (const volume of volumesOf(home, record)) await home.volumes.delete(pool, volume);
  home.book.store.moves.delete(record);
}
