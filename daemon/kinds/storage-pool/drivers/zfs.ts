/** zfs: a volume is a data set, a clone is one, a snapshot is ZFS's own. Layout and names: zfs-names.ts. */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { conflict, notFound } from "../../../../sdk/api/errors";
import { isNoSpace } from "../../../platform/folders/files";
import type { PoolPlace, StorageDriver, Volume } from "../driver";
import { fitting } from "./sized";
import { areSnapshots, folderOf } from "./volume-folder";
import { bound, boundsOfSet, dropReservation, followKeys, reserves } from "./zfs-bounds";
import { zfsUnavailable } from "./zfs-host";
import { align, mountEntry, unmountEntry, whileMounted } from "./zfs-mounts";
import {
  deletedSet,
  type Entry,
  headOf,
  imageSnapshotOf,
  isOfImage,
  partialSet,
  propertyOf,
  readySetOf,
  rootSet,
  setOf,
  snapshotSetOf,
  volumeOfReady,
  volumeProperty,
} from "./zfs-names";
import { changeZfsPool, createZfsPool, deleteZfsPool, mountZfsPool, unmountZfsPool, zfsResources } from "./zfs-pool";
import {
  ancestorOf,
  cloneSet,
  zfs as command,
  createSet,
  dropNobodys,
  dropSnapshot,
  dropWhole,
  isTaken,
  reap,
  renameSet,
  sendSet,
  setProperties,
  snapshotSet,
  survey,
  usageOf,
} from "./zfs-sets";
import { birthOf, boundsOf, usageFrom } from "./zfs-sizes";

export const zfs: StorageDriver = {
  name: "zfs",
  hasSubvolumes: false,
  unavailable: zfsUnavailable,
  createPool: createZfsPool,
  changePool: changeZfsPool,
  mountPool: mountZfsPool,
  unmountPool: unmountZfsPool,
  deletePool: deleteZfsPool,
  resources: zfsResources,
  cannotBound: async () => undefined,

  async sweep(pool) {
    const before = await survey(pool);
    // Nobody uses what is unfinished.
    await align(pool, before);
    for (const entry of before) await finish(pool, before, entry);
    await dropNobodys(await survey(pool));
    await reap(pool);
    await align(pool, await survey(pool));
  },

  async create(pool, volume, fill, size) {
    requireFree(await survey(pool), volume);
    const fillSet = async (set: string) => {
      await createSet(set, birthOf(pool, volume, boundsOf(pool, volume, size)));
      await whileMounted(pool, set, async (folder) => {
        const root = path.join(folder, "rootfs");
        await mkdir(root, { mode: 0o755 });
        await fitting(size, () => fill(root));
      });
    };
    await build(pool, volume, fillSet);
  },

  async clone(pool, from, to, size) {
    const entries = await survey(pool);
    const source = find(entries, from);
    if (source === undefined) throw notFound(`Cannot copy volume "${from.name}": it does not exist.`);
    requireFree(entries, to);
    if (isSnapshotOf(to, from)) await takeSnapshot(pool, entries, source, to);
    else await build(pool, to, copyOf(pool, source, to, boundsOf(pool, to, size)));
  },

  async restore(pool, snapshot, volume) {
    const entries = await survey(pool);
    const source = find(entries, snapshot);
    if (source === undefined) throw notFound(`Cannot restore volume "${snapshot.name}": it does not exist.`);
    const target = find(entries, volume);
    // The last one of its own needs no copy.
    const last = entries.filter(({ set, snapshot: name }) => set === target?.name && name !== undefined).at(-1);
    if (last !== undefined && last.name === source.name) return void (await command("rollback", source.name));
    const ready = readySetOf(pool, volume);
    const stale = entries.find(({ name }) => name === ready);
    if (stale !== undefined) await putAway(pool, entries, stale);
    const bounds = target === undefined ? [] : await boundsOfSet(target.name);
    await building(pool, copyOf(pool, source, volume, bounds), (partial) => renameSet(partial, ready));
    const now = await survey(pool);
    await finish(pool, now, now.find(({ name }) => name === ready)!);
    await reap(pool);
    // The pool may not have that much for both.
    if (target !== undefined && reserves(pool, volume)) await followKeys(pool, volume);
  },

  async rename(pool, from, to) {
    const entries = await survey(pool);
    const [source, target] = [find(entries, from), find(entries, to)];
    if (source === undefined) {
      // ZFS renames its snapshots with a volume.
      const isDone = target !== undefined && areSnapshots(to.type) && target.name === snapshotSetOf(pool, to);
      if (isDone) return align(pool, entries);
      throw notFound(`Cannot rename volume "${from.name}": it does not exist.`);
    }
    if (target !== undefined) throw taken(`Cannot rename volume "${from.name}" to "${to.name}"`);
    if (areSnapshots(from.type)) await setProperties(source.name, [`${volumeProperty}=${propertyOf(to)}`]);
    else {
      await unmountEntry(pool, source);
      await renameSet(source.name, setOf(pool, to));
    }
    await align(pool, await survey(pool));
  },

  async delete(pool, volume) {
    folderOf(pool, volume);
    const entries = await survey(pool);
    const entry = find(entries, volume);
    if (entry === undefined) return;
    if (areSnapshots(volume.type)) {
      await unmountEntry(pool, entry);
      await removeSnapshot(entry);
    } else await putAway(pool, entries, entry);
    await reap(pool);
  },

  exists: async (pool, volume) => find(await survey(pool), volume) !== undefined,

  async list(pool, type) {
    const volumes = (await survey(pool)).flatMap(({ volume }) => (volume?.type === type ? [volume.name] : []));
    return volumes.sort();
  },

  root: (pool, volume) => ({ type: "dir", path: path.join(folderOf(pool, volume), "rootfs") }),

  async usage(pool, volume) {
    if (areSnapshots(volume.type)) return undefined;
    return usageFrom(await usageOf(setOf(pool, volume)));
  },

  async setSize(pool, volume, size) {
    if (find(await survey(pool), volume) === undefined)
      throw notFound(`Cannot set the size of volume "${volume.name}": it does not exist.`);
    const set = setOf(pool, volume);
    const has = await usageOf(set);
    if (usageFrom(has).total !== size) await bound(pool, volume, size, has);
    return true;
  },

  follow: followKeys,
};

const newId = () => randomBytes(8).toString("hex");

const find = (entries: readonly Entry[], { type, name }: Volume): Entry | undefined =>
  entries.find(({ volume }) => volume?.type === type && volume.name === name);

const taken = (what: string, cause?: unknown) => conflict(`${what}: that one exists already.`, { cause });

function requireFree(entries: readonly Entry[], volume: Volume): void {
  if (find(entries, volume) !== undefined) throw taken(`Cannot create volume "${volume.name}"`);
}

/** Whether one is to be a snapshot of the other, and not of something else that it is copied from. */
const isSnapshotOf = (snapshot: Volume, of: Volume): boolean =>
  areSnapshots(snapshot.type) && of.type === headOf(snapshot.type) && snapshot.name.startsWith(`${of.name}/`);

/** A snapshot is its own in one step. Where its usual name is that of a snapshot that was renamed, it gets another. */
async function takeSnapshot(pool: PoolPlace, entries: readonly Entry[], source: Entry, to: Volume): Promise<void> {
  const usual = snapshotSetOf(pool, to);
  const isFree = !entries.some(({ name }) => name === usual);
  if (isFree) await snapshotSet(usual);
  else await snapshotSet(`${source.name}@snapshot-${newId()}`, [`${volumeProperty}=${propertyOf(to)}`]);
  await mountNew(pool, to);
}

async function mountNew(pool: PoolPlace, volume: Volume): Promise<void> {
  const entry = find(await survey(pool), volume);
  if (entry !== undefined) await mountEntry(pool, entry);
}

/** Makes a data set in "partial", and lets it become something. What fails leaves nothing. */
async function building(
  pool: PoolPlace,
  make: (partial: string) => Promise<void>,
  become: (partial: string) => Promise<unknown>,
): Promise<void> {
  const partial = `${rootSet(pool)}/${partialSet}/${newId()}`;
  try {
    await make(partial);
    await become(partial);
  } catch (error) {
    await dropWhole(partial).catch((left: unknown) => pool.onLeft(partial, left));
    throw error;
  }
}

/** Makes a volume: what `make` makes is under its name with one step. */
async function build(pool: PoolPlace, volume: Volume, make: (partial: string) => Promise<void>): Promise<void> {
  await building(pool, make, async (partial) => {
    if (areSnapshots(volume.type)) {
      // A snapshot of something that is gone as soon as the snapshot is there.
      await snapshotSet(`${partial}@snapshot-${newId()}`, [`${volumeProperty}=${propertyOf(volume)}`]);
      await renameSet(partial, deletedPlace(pool, volume));
      return;
    }
    if (volume.type === "images") await snapshotSet(imageSnapshotOf(partial));
    try {
      await renameSet(partial, setOf(pool, volume));
    } catch (error) {
      throw isTaken(error) ? taken(`Cannot create volume "${volume.name}"`, error) : error;
    }
  });
  await mountNew(pool, volume);
}

const deletedPlace = (pool: PoolPlace, { type }: Volume): string =>
  `${rootSet(pool)}/${deletedSet}/${headOf(type)}/${newId()}`;

/** Copies a volume into a new data set: as a clone, or byte by byte where the pool wants that. */
const copyOf = (pool: PoolPlace, source: Entry, to: Volume, bounds: readonly string[]) => async (partial: string) => {
  const isPassing = source.snapshot === undefined && source.volume?.type !== "images";
  const snapshot = isPassing
    ? `${source.name}@copy-${newId()}`
    : source.snapshot === undefined
      ? imageSnapshotOf(source.name)
      : source.name;
  const way = source.volume?.type === "images" || storagePoolConfig(pool.config).get("zfs.clone_copy");
  const properties = birthOf(pool, to, bounds);
  if (isPassing) await snapshotSet(snapshot);
  try {
    if (way === true) await cloneSet(snapshot, partial, properties);
    else {
      const base = way === "rebase" ? await ancestorOf(source.set, isOfImage) : undefined;
      await sendSet(snapshot, partial, properties, base);
    }
  } finally {
    // With a clone it stays as long as that does.
    if (isPassing) await dropSnapshot(snapshot);
  }
};

/** Removes a snapshot, or its name alone while something was cloned from it. */
async function removeSnapshot({ name, set, hasClones }: Entry): Promise<void> {
  if (!hasClones) return dropSnapshot(name);
  const nameless = `${set}@deleted-${newId()}`;
  await renameSet(name, nameless);
  await dropSnapshot(nameless);
}

/** Takes a data set from under its name. Its snapshots stay whose they are; the next `reap` removes what nobody needs. */
async function putAway(pool: PoolPlace, entries: readonly Entry[], entry: Entry): Promise<void> {
  const snapshots = entries.filter(
    ({ set, volume }) => set === entry.name && volume !== undefined && areSnapshots(volume.type),
  );
  for (const { name, volume } of snapshots) await setProperties(name, [`${volumeProperty}=${propertyOf(volume!)}`]);
  await unmountEntry(pool, entry);
  const place = deletedPlace(pool, entry.volume ?? volumeOfReady(entry) ?? { type: "containers", name: "" });
  try {
    await renameSet(entry.name, place);
  } catch (error) {
    // Even a name may be too much for a full pool.
    if (!isNoSpace(error) || snapshots.length > 0) throw error;
    return dropWhole(entry.name);
  }
  if (entry.volume !== undefined && reserves(pool, entry.volume)) await dropReservation(place);
  // What it held since its last snapshot, whoever needs that, is nobody's.
  const last = entries.filter(({ set, snapshot }) => set === entry.name && snapshot !== undefined).at(-1)?.snapshot;
  if (snapshots.length > 0) await command("rollback", `${place}@${last}`).catch(() => undefined);
}

/** Brings an unfinished data set to its end: it takes the place of what it was made for, or goes. */
async function finish(pool: PoolPlace, entries: readonly Entry[], entry: Entry): Promise<void> {
  const [folder, , ...more] = entry.place.split("/");
  if (folder !== partialSet || entry.snapshot !== undefined || entry.place === partialSet || more.length > 0) return;
  const volume = volumeOfReady(entry);
  if (volume === undefined) return putAway(pool, entries, entry);
  const old = find(entries, volume);
  if (old !== undefined) await putAway(pool, entries, old);
  await renameSet(entry.name, setOf(pool, volume));
  await mountNew(pool, volume);
}
