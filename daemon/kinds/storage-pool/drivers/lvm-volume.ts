/**
 * LVM volumes: the steps by which a logical volume appears, changes and goes, and its mount. LVM changes a name in one step that a crash cannot halve,
 * so work is under a name of its own (lvm-names.ts), and what has the name of a volume is whole. All volumes are mounted while the pool is open:
 *
 *     storage-pools/P/containers/web              the mount of containers_web, with rootfs in it
 *     storage-pools/P/containers/.partial:HEX     that of partial_HEX
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rmdir, statfs } from "node:fs/promises";
import path from "node:path";
import { conflict, notFound, unavailable } from "../../../../sdk/api/errors";
import { errnoOf, ignoring, isThere } from "../../../platform/folders/files";
import { mountAt } from "../../../platform/host/mounts";
import { run } from "../../../platform/processes/run";
import type { PoolPlace, Volume, VolumeUsage } from "../driver";
import {
  type FileSystem,
  fileSystemOf,
  growMounted,
  isReadonly,
  markOf,
  mendFileSystem,
  mountFileSystem,
  resizeUnmounted,
} from "./lvm-filesystem";
import { lvm } from "./lvm-host";
import { deviceOf, lvNameOf, partialLv, readyLv, requireName, volumeOfLv } from "./lvm-names";
import { bytesOfLv, groupOf } from "./lvm-place";
import { inTime, removeLv } from "./lvm-pool";
import type { Lv } from "./lvm-report";
import { folderOf, makeParent, orTell, partialMark, removeEmptyParent } from "./volume-folder";

/** Says which volume's place a ready one is to take. */
export const forTag = "bothy.for.";
/** Says that a volume is larger already, and its file system may not be. */
const growingTag = "bothy.growing";

export const rootName = "rootfs";

/** Whether a pool that is open has a volume. */
export const hasVolume = (pool: PoolPlace, volume: Volume): boolean =>
  existsSync(deviceOf(groupOf(pool).vg, lvNameOf(volume)));

/** Bytes of a volume's logical volume. @throws ApiError NOT_FOUND @param what was to be done with it */
export async function requireBytes(pool: PoolPlace, volume: Volume, what: string): Promise<number> {
  const bytes = await bytesOfLv(groupOf(pool).vg, lvNameOf(volume));
  if (bytes === undefined) throw notFound(`Cannot ${what} volume "${volume.name}": it does not exist.`);
  return bytes;
}

/** File system of a volume, as it is mounted. @throws ApiError UNAVAILABLE */
export async function fileSystemAt(pool: PoolPlace, volume: Volume): Promise<FileSystem> {
  const mount = await ignoring("ENOENT", mountAt(folderOf(pool, volume)));
  if (mount === undefined) throw notMounted(volume);
  return mount.type as FileSystem;
}

/**
 * Work on a logical volume that is made under a name of its own.
 * @param point empty folder to mount it at @param marks options of lvcreate that belong to it
 */
export type LvWork = (lv: string, point: string, marks: readonly string[]) => Promise<void>;

/** Makes a volume: `work` makes it under a temporary name. @throws ApiError CONFLICT when it is there already */
export async function buildLv(pool: PoolPlace, volume: Volume, fileSystem: FileSystem, work: LvWork): Promise<void> {
  const { vg } = groupOf(pool);
  const name = requireName(vg, volume);
  if (hasVolume(pool, volume)) throw conflict(`Cannot create volume "${volume.name}": it exists already.`);
  const make = (lv: string, point: string) => work(lv, point, markOf(fileSystem));
  await underPartial(pool, volume, make, (partial) => lvm("lvrename", ["--", vg, partial, name]));
  try {
    await mountAnew(pool, volume, fileSystem);
  } catch (error) {
    await orTell(pool, deviceOf(vg, name), () => removeVolume(pool, volume));
    throw error;
  }
}

/** Puts a new volume in an existing one's place, if there is one. From the first rename of `settle` on, `sweepLvs` finishes what a crash cut off. */
export async function replaceLv(pool: PoolPlace, volume: Volume, fileSystem: FileSystem, work: LvWork): Promise<void> {
  const { vg } = groupOf(pool);
  const ready = readyLv(newId());
  const marks = [...markOf(fileSystem), "--addtag", forTag + requireName(vg, volume)];
  const make = (lv: string, point: string) => work(lv, point, marks);
  await mountedAgain(pool, volume, async () => {
    await underPartial(pool, volume, make, async (partial) => {
      await unmount(folderOf(pool, volume), false);
      await lvm("lvrename", ["--", vg, partial, ready]);
    });
    await settle(pool, ready, volume);
  });
  await mountAnew(pool, volume, fileSystem);
}

/** Does work that unmounts a volume. When that fails, the volume is mounted as it was. */
async function mountedAgain(pool: PoolPlace, volume: Volume, work: () => Promise<unknown>): Promise<void> {
  const folder = folderOf(pool, volume);
  const before = await ignoring("ENOENT", mountAt(folder));
  try {
    await work();
  } catch (error) {
    const isMissing = before !== undefined && (await ignoring("ENOENT", mountAt(folder))) === undefined;
    if (isMissing) await mountAnew(pool, volume, before.type as FileSystem).catch(() => undefined);
    throw error;
  }
}

/** Mounts a volume that is whole, as it has just been made or has got another name. */
async function mountAnew(pool: PoolPlace, volume: Volume, fileSystem: FileSystem): Promise<void> {
  const folder = folderOf(pool, volume);
  await makeParent(pool, volume);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await mountFileSystem(pool, deviceOf(groupOf(pool).vg, lvNameOf(volume)), folder, fileSystem, volume);
}

const newId = (): string => randomBytes(8).toString("hex");

async function underPartial(
  pool: PoolPlace,
  volume: Volume,
  work: (lv: string, point: string) => Promise<void>,
  finish: (partial: string) => Promise<unknown>,
): Promise<void> {
  const id = newId();
  const partial = partialLv(id);
  await makeParent(pool, volume);
  const point = path.join(path.dirname(folderOf(pool, volume)), partialMark + id);
  try {
    await mkdir(point, { mode: 0o700 });
    await work(partial, point);
    await unmount(point, false);
    await rmdir(point);
    await finish(partial);
  } catch (error) {
    await orTell(pool, point, () => removePartial(pool, partial, point));
    await removeEmptyParent(pool, volume);
    throw error;
  }
}

async function removePartial(pool: PoolPlace, partial: string, point: string): Promise<void> {
  const { vg } = groupOf(pool);
  await unmount(point, true);
  if (existsSync(deviceOf(vg, partial))) await inTime(() => removeLv(vg, partial));
  await ignoring("ENOENT", rmdir(point));
}

/** Puts a ready volume in the place that it was made for. */
export async function settle(pool: PoolPlace, ready: string, volume: Volume): Promise<void> {
  const { vg } = groupOf(pool);
  const target = lvNameOf(volume);
  const old = partialLv(newId());
  await unmount(folderOf(pool, volume), false);
  const isOld = hasVolume(pool, volume);
  if (isOld) await lvm("lvrename", ["--", vg, target, old]);
  await lvm("lvrename", ["--", vg, ready, target]);
  if (isOld) await orTell(pool, deviceOf(vg, old), () => inTime(() => removeLv(vg, old)));
}

/** Removes a volume. One that somebody still uses is out of the way, and goes with the next sweep. */
export async function removeVolume(pool: PoolPlace, volume: Volume): Promise<void> {
  const { vg } = groupOf(pool);
  const folder = folderOf(pool, volume);
  const lv = lvNameOf(volume);
  await unmount(folder, true);
  try {
    await inTime(() => removeLv(vg, lv));
  } catch (error) {
    await lvm("lvrename", ["--", vg, lv, partialLv(newId())]);
    pool.onLeft(deviceOf(vg, lv), error);
  }
  await removePoint(pool, folder);
  await removeEmptyParent(pool, volume);
}

/** Removes a mount point. While nothing was mounted there, such as on damage, something may have been written to it. */
export async function removePoint(pool: PoolPlace, folder: string): Promise<void> {
  try {
    await ignoring(["ENOENT", "ENOTDIR"], rmdir(folder));
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY") throw error;
    await pool.removeTree(folder);
  }
}

/** @throws ApiError NOT_FOUND, CONFLICT */
export async function renameVolume(pool: PoolPlace, from: Volume, to: Volume): Promise<void> {
  const { vg } = groupOf(pool);
  const target = requireName(vg, to);
  await requireBytes(pool, from, "rename");
  if (hasVolume(pool, to))
    throw conflict(`Cannot rename volume "${from.name}" to "${to.name}": that one exists already.`);
  const fileSystem = await fileSystemAt(pool, from);
  await mountedAgain(pool, from, async () => {
    await unmount(folderOf(pool, from), false);
    await lvm("lvrename", ["--", vg, lvNameOf(from), target]);
  });
  await removePoint(pool, folderOf(pool, from));
  await removeEmptyParent(pool, from);
  await mountAnew(pool, to, fileSystem);
}

/** Mounts a volume where it is not, and finishes its growth. One that the kernel has closed after an error, as on a full thin pool, is mounted anew. */
export async function mountVolume(pool: PoolPlace, volume: Volume, lv: Lv): Promise<void> {
  const { vg } = groupOf(pool);
  const device = deviceOf(vg, lv.name);
  const fileSystem = fileSystemOf(lv);
  const folder = folderOf(pool, volume);
  const isGrowing = lv.tags.includes(growingTag);
  await reopen(pool, volume);
  if ((await ignoring("ENOENT", mountAt(folder))) === undefined) {
    if (!isReadonly(volume)) await mendFileSystem(device, fileSystem);
    // One that could not be enlarged while it was mounted is so now.
    if (isGrowing && fileSystem === "ext4") await resizeUnmounted(device);
    await mountAnew(pool, volume, fileSystem);
  }
  if (isGrowing) await finishGrowth(pool, volume, fileSystem);
}

/** Unmounts a file system that the kernel has made read-only; mounted anew it can be written, once it is mended. */
export async function reopen(pool: PoolPlace, volume: Volume): Promise<void> {
  const folder = folderOf(pool, volume);
  const mount = await ignoring("ENOENT", mountAt(folder));
  if (isReadonly(volume) || mount?.isReadonly !== true) return;
  await unmount(folder, false);
  await mendFileSystem(deviceOf(groupOf(pool).vg, lvNameOf(volume)), mount.type as FileSystem);
  await mountAnew(pool, volume, mount.type as FileSystem);
}

/** Makes a volume larger in its place, also while it is used; its file system follows. */
export async function growVolume(
  pool: PoolPlace,
  volume: Volume,
  fileSystem: FileSystem,
  bytes: number,
): Promise<void> {
  const lv = `${groupOf(pool).vg}/${lvNameOf(volume)}`;
  await lvm("lvchange", ["--addtag", growingTag, "--", lv]);
  await lvm("lvextend", ["--size", `${bytes}b`, "--", lv]);
  await finishGrowth(pool, volume, fileSystem);
}

async function finishGrowth(pool: PoolPlace, volume: Volume, fileSystem: FileSystem): Promise<void> {
  const { vg } = groupOf(pool);
  const lv = lvNameOf(volume);
  await growMounted(deviceOf(vg, lv), folderOf(pool, volume), fileSystem);
  await lvm("lvchange", ["--deltag", growingTag, "--", `${vg}/${lv}`]);
}

/** Unmounts what is mounted at a folder. @param isGoing it is to be removed: who still uses it keeps it to the end */
export async function unmount(folder: string, isGoing: boolean): Promise<void> {
  while ((await ignoring("ENOENT", mountAt(folder))) !== undefined)
    await run("umount", [...(isGoing ? ["--lazy"] : []), "--", folder]);
}

/** Mounts all volumes of a pool; one that cannot be mounted is told, and keeps nobody from the rest. */
export async function mountVolumes(pool: PoolPlace, lvs: readonly Lv[]): Promise<void> {
  for (const lv of lvs) {
    const volume = volumeOfLv(lv.name);
    if (volume === undefined) continue;
    try {
      await mountVolume(pool, volume, lv);
    } catch (error) {
      pool.onClosed(volume, error);
    }
  }
}

/** Folder of the root of a volume. @throws ApiError UNAVAILABLE when its file system could not be mounted */
export function rootFolder(pool: PoolPlace, volume: Volume): string {
  const folder = folderOf(pool, volume);
  const root = path.join(folder, rootName);
  if (existsSync(folder) && !existsSync(root)) throw notMounted(volume);
  return root;
}

const notMounted = ({ name }: Volume) =>
  unavailable(`Cannot use volume "${name}": its file system is not mounted. See "bothy warning list".`);

/** What a volume holds and can hold, or undefined while it is not mounted. */
export async function lvUsage(pool: PoolPlace, volume: Volume): Promise<VolumeUsage | undefined> {
  const folder = folderOf(pool, volume);
  if (!(await isThere(folder)) || (await mountAt(folder)) === undefined) return undefined;
  const { blocks, bfree, bsize } = await statfs(folder);
  return { used: (blocks - bfree) * bsize, total: blocks * bsize };
}
