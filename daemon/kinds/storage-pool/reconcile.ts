/** Reconcile: a pool's volumes against the names that the database knows, after a crash. */
import type { PoolPlace, StorageDriver, Volume } from "./driver";
import type { RenameRecord } from "./store";

/** Names of the volumes that the database has in a pool, by type; of other types nothing is said. */
export type KnownVolumes = Partial<Record<Volume["type"], readonly string[]>>;

export interface Reconciled {
  /** Volumes that belong to nobody. */
  readonly strays: readonly Volume[];
  /** Volumes that the database knows and the pool has not. */
  readonly missing: readonly Volume[];
}

/**
 * Puts volumes whose rename was not committed, or not done, where the database has them, and compares. Volumes of nobody stay: the
 * database knows of each before it is made, so a stray one is somebody's, such as of an instance that a restored database lacks.
 * @param renames what was renamed since the last time, newest first
 */
export async function reconcileVolumes(
  driver: StorageDriver,
  place: PoolPlace,
  known: KnownVolumes,
  renames: readonly RenameRecord[],
): Promise<Reconciled> {
  const wanted = new Map(Object.entries(known).map(([type, names]) => [type, new Set(names)]));
  const isWanted = ({ type, name }: Volume) => wanted.get(type)?.has(name) === true;
  const move = async (from: Volume, to: Volume) => {
    const isStray = !isWanted(from) && (await driver.exists(place, from));
    if (isStray && isWanted(to) && !(await driver.exists(place, to))) await driver.rename(place, from, to);
  };
  for (const { from, to } of renames) {
    await move(to, from);
    await move(from, to);
  }
  const strays: Volume[] = [];
  const missing: Volume[] = [];
  for (const type of Object.keys(known) as Volume["type"][]) {
    const names = wanted.get(type) ?? new Set();
    const onDisk = new Set(await driver.list(place, type));
    missing.push(...[...names].filter((name) => !onDisk.has(name)).map((name) => ({ type, name })));
    strays.push(...[...onDisk].filter((name) => !names.has(name)).map((name) => ({ type, name })));
  }
  return { strays, missing };
}
