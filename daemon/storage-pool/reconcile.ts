/** Reconcile: a pool's volumes against the names that the database knows, after a crash. */
import type { PoolPlace, StorageDriver, Volume } from "./driver";
import type { RenameRecord } from "./store";

export interface KnownVolumes {
  readonly instances: readonly string[];
  /** As "web/snap0". */
  readonly snapshots: readonly string[];
}

export interface Reconciled {
  /** Volumes that belonged to nobody. */
  readonly removed: readonly Volume[];
  /** Volumes that seem to belong to nobody, of a type of which one is missing. */
  readonly kept: readonly Volume[];
  /** Volumes that the database knows and the pool has not. */
  readonly missing: readonly Volume[];
}

/**
 * First puts volumes whose rename was not committed, or not done, where the database has them; then removes the volumes of nobody,
 * unless one is missing that such a volume may be.
 * @param renames what was renamed since the last time, newest first
 */
export async function reconcileVolumes(
  driver: StorageDriver,
  place: PoolPlace,
  known: KnownVolumes,
  renames: readonly RenameRecord[],
): Promise<Reconciled> {
  const wanted = {
    containers: new Set(known.instances),
    "containers-snapshots": new Set(known.snapshots),
    images: new Set(),
  };
  const isWanted = ({ type, name }: Volume) => wanted[type].has(name);
  const move = async (from: Volume, to: Volume) => {
    const isStray = !isWanted(from) && (await driver.exists(place, from));
    if (isStray && isWanted(to) && !(await driver.exists(place, to))) await driver.rename(place, from, to);
  };
  for (const { from, to } of renames) {
    await move(to, from);
    await move(from, to);
  }
  const removed: Volume[] = [];
  const kept: Volume[] = [];
  const missing: Volume[] = [];
  for (const type of ["containers", "containers-snapshots"] as const) {
    const onDisk = new Set(await driver.list(place, type));
    const lost = [...wanted[type]].filter((name) => !onDisk.has(name));
    const strays = [...onDisk].filter((name) => !wanted[type].has(name));
    missing.push(...lost.map((name) => ({ type, name })));
    (lost.length === 0 ? removed : kept).push(...strays.map((name) => ({ type, name })));
  }
  for (const volume of removed) await driver.delete(place, volume);
  return { removed, kept, missing };
}
