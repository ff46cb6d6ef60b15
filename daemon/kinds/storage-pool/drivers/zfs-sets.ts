/** ZFS data sets: the commands by which they are looked at, appear, change and go (zfs(8)). */
import { run } from "../../../platform/processes/run";
import type { PoolPlace } from "../driver";
import { deletedSet, type Entry, isNobodys, listColumns, parseList, rootSet } from "./zfs-names";
import { parseUsage, usageColumns, type ZfsUsage } from "./zfs-sizes";

/** Runs zfs(8). @returns what it says on its standard output @throws ApiError INTERNAL */
export const zfs = async (...args: readonly string[]): Promise<string> => (await run("zfs", args)).stdout;

/** Whether a command failed since what it is about is not there. */
export const isMissing = (error: unknown): boolean =>
  /does not exist|no such pool|could not find any snapshots/.test((error as Error).message);

/** Whether a command failed since something of that name is there. */
export const isTaken = (error: unknown): boolean => /already exists/.test((error as Error).message);

/** Everything below the pool's own data set. */
export async function survey(pool: PoolPlace): Promise<Entry[]> {
  const root = rootSet(pool);
  return parseList(root, await zfs("list", "-H", "-p", "-r", "-t", "filesystem,snapshot", "-o", listColumns, root));
}

/** Whether there is a data set, or a snapshot, of a name. */
export async function isSet(name: string): Promise<boolean> {
  try {
    await zfs("list", "-H", "-o", "name", "-t", "filesystem,snapshot", name);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** What a data set holds and what bounds it. @throws ApiError INTERNAL when it is missing */
export const usageOf = async (set: string): Promise<ZfsUsage> =>
  parseUsage(await zfs("list", "-H", "-p", "-o", usageColumns, set));

/** Words that give a new data set its properties. */
const propertyWords = (properties: readonly string[]): string[] => properties.flatMap((each) => ["-o", each]);

export const createSet = (set: string, properties: readonly string[]) =>
  zfs("create", ...propertyWords(properties), set);

export const cloneSet = (snapshot: string, set: string, properties: readonly string[]) =>
  zfs("clone", ...propertyWords(properties), snapshot, set);

/** Makes a snapshot together with its properties. */
export const snapshotSet = (snapshot: string, properties: readonly string[] = []) =>
  zfs("snapshot", ...propertyWords(properties), snapshot);

/** Gives a data set or a snapshot another name in the same pool; what is mounted stays so. */
export const renameSet = (from: string, to: string) => zfs("rename", from, to);

export const setProperties = (set: string, properties: readonly string[]) => zfs("set", ...properties, set);

/** Removes a snapshot as soon as no clone needs it. A missing one is no error. */
export const dropSnapshot = (snapshot: string): Promise<void> => ignoreMissing(zfs("destroy", "-d", snapshot));

/** Removes a data set that has no snapshots. A missing one is no error. */
export const dropSet = (set: string): Promise<void> => ignoreMissing(zfs("destroy", set));

/** Removes a data set with its snapshots, of which nothing was cloned. */
export const dropWhole = (set: string): Promise<void> => ignoreMissing(zfs("destroy", "-r", set));

async function ignoreMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/**
 * Makes a data set from what is sent of another. A pipe of the shell, whose words are all ours: the daemon needs not carry the bytes.
 * @param snapshot of the source @param base snapshot that both share, such as of their image; nothing is shared without one
 * @throws ApiError INTERNAL with what either side said
 */
export async function sendSet(
  snapshot: string,
  set: string,
  properties: readonly string[],
  base?: string,
): Promise<void> {
  const from = base === undefined ? 'zfs send "$1"' : 'zfs send -i "$2" "$1"';
  const script = `${from} | { shift 2; zfs receive -u "$@"; }`;
  const words = propertyWords(base === undefined ? properties : [...properties, `origin=${base}`]);
  await run("sh", ["-c", script, "sh", snapshot, base ?? "", ...words, set]);
}

/** The snapshot that a data set is a clone of, or that what it is a clone of is, and so on, as far as one fits. */
export async function ancestorOf(set: string, fits: (snapshot: string) => boolean): Promise<string | undefined> {
  for (let at = set; ; ) {
    const origin = (await zfs("get", "-H", "-o", "value", "origin", at)).trim();
    if (origin === "-" || origin === "") return undefined;
    if (fits(origin)) return origin;
    at = origin.split("@")[0] ?? "";
  }
}

/** Removes what lies in "deleted" and is needed by nobody any more, until nothing more goes. What cannot go is told, and tried again later. */
export async function reap(pool: PoolPlace, entries?: readonly Entry[]): Promise<void> {
  const told = new Set<string>();
  const attempt = async (name: string, drop: (name: string) => Promise<void>) => {
    try {
      await drop(name);
      return true;
    } catch (error) {
      if (!told.has(name)) pool.onLeft(name, error);
      told.add(name);
      return false;
    }
  };
  for (let found = entries ?? (await survey(pool)), goesOn = true; goesOn; found = await survey(pool)) {
    goesOn = false;
    const gone = found.filter(({ place }) => place.startsWith(`${deletedSet}/`) && place.split("/").length > 2);
    for (const entry of gone.filter(isNobodys))
      if (!entry.isGoing && (await attempt(entry.name, dropSnapshot))) goesOn = true;
    const kept = new Set(gone.filter(({ snapshot }) => snapshot !== undefined).map(({ set }) => set));
    for (const { name, set, snapshot } of gone)
      if (snapshot === undefined && !kept.has(set) && !told.has(name) && (await attempt(name, dropSet))) goesOn = true;
  }
}

/** Drops the snapshots that were made for a copy, or that clones needed when their volume went. */
export async function dropNobodys(entries: readonly Entry[]): Promise<void> {
  for (const entry of entries.filter(isNobodys)) if (!entry.isGoing) await dropSnapshot(entry.name);
}
