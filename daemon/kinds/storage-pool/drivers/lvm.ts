/**
 * lvm: a volume is a thin logical volume with a file system of its own, a clone is a thin snapshot. Every volume has a size, LXD's 10 GiB where
 * nobody says one; it takes room in the pool as it fills, and gives it back.
 */
import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { badRequest } from "../../../../sdk/api/errors";
import { run } from "../../../platform/processes/run";
import type { PoolPlace, StorageDriver, Volume } from "../driver";
import { copyTree } from "./copy";
import {
  type FileSystem,
  growMounted,
  isReadonly,
  makeFileSystem,
  mountFileSystem,
  remountFileSystem,
  renewId,
  resizeUnmounted,
  wantedFileSystem,
} from "./lvm-filesystem";
import { lvm as command, lvmUnavailable } from "./lvm-host";
import { deviceOf, lvNameOf, volumeOfLv } from "./lvm-names";
import { activeLvs, groupOf } from "./lvm-place";
import {
  changeLvmPool,
  closeLvmPool,
  createLvmPool,
  deleteLvmPool,
  lvmResources,
  openLvmPool,
  requireRoom,
} from "./lvm-pool";
import { inExtents } from "./lvm-report";
import { sweepLvs } from "./lvm-sweep";
import {
  buildLv,
  fileSystemAt,
  growVolume,
  hasVolume,
  type LvWork,
  lvUsage,
  mountVolumes,
  removeVolume,
  renameVolume,
  reopen,
  replaceLv,
  requireBytes,
  rootFolder,
  rootName,
} from "./lvm-volume";
import { fitting } from "./sized";
import { canGrow, requireLeast } from "./volume-disk";
import { folderOf } from "./volume-folder";

export const lvm: StorageDriver = {
  name: "lvm",
  hasSubvolumes: false,
  isAlwaysBounded: true,
  unavailable: lvmUnavailable,
  createPool: createLvmPool,
  changePool: changeLvmPool,

  async mountPool(pool) {
    await mountVolumes(pool, await openLvmPool(pool));
  },

  unmountPool: (pool) => closeLvmPool(pool),
  deletePool: deleteLvmPool,
  resources: lvmResources,
  sweep: sweepLvs,

  async create(pool, volume, fill, size) {
    await requireRoom(pool);
    const fileSystem = wantedFileSystem(pool, volume);
    await buildLv(pool, volume, fileSystem, filledBy(pool, volume, bytesOf(pool, size), fileSystem, fill, size));
  },

  async clone(pool, from, to, size) {
    const [work, fileSystem] = await copyOf(pool, from, to, size);
    await buildLv(pool, to, fileSystem, work);
  },

  async restore(pool, snapshot, volume) {
    const size = hasVolume(pool, volume) ? await requireBytes(pool, volume, "restore") : undefined;
    const [work, fileSystem] = await copyOf(pool, snapshot, volume, size);
    await replaceLv(pool, volume, fileSystem, work);
  },

  rename: renameVolume,
  delete: removeVolume,
  exists: async (pool, volume) => hasVolume(pool, volume),

  async list(pool, type) {
    const volumes = (await activeLvs(groupOf(pool).vg)).map(volumeOfLv);
    return volumes.flatMap((volume) => (volume?.type === type ? [volume.name] : [])).sort();
  },

  root: (pool, volume) => ({ type: "dir", path: rootFolder(pool, volume) }),
  usage: lvUsage,
  cannotBound: async () => undefined,

  async setSize(pool, volume, size, isInUse) {
    const has = await requireBytes(pool, volume, "set the size of");
    // One that the kernel has closed after an error, as on a full thin pool, is opened anew.
    if (!isInUse) await reopen(pool, volume);
    const bytes = size === undefined ? has : boundedBytes(size);
    if (bytes === has) return true;
    const fileSystem = await fileSystemAt(pool, volume);
    if (bytes > has && (fileSystem !== "ext4" || (await canGrow()))) {
      await growVolume(pool, volume, fileSystem, bytes);
      return true;
    }
    const { used } = (await lvUsage(pool, volume)) ?? { used: 0 };
    if (used > bytes)
      throw badRequest(
        `Cannot set the size of volume "${volume.name}" to ${bytes} bytes: it holds ${used} bytes. Remove something in it, or give a larger "size".`,
      );
    if (isInUse) return false;
    const [work] = await copyOf(pool, volume, volume, bytes);
    await replaceLv(pool, volume, fileSystem, work);
    return true;
  },

  follow: async (pool, volume) =>
    remountFileSystem(pool, folderOf(pool, volume), await fileSystemAt(pool, volume), volume),
};

/** LXD's size of a volume that nobody gave one. */
const defaultBytes = 10 * 2 ** 30;

/** More than the tools of file systems and thin pools take. */
const mostBytes = 2 ** 47;

/** @throws ApiError BAD_REQUEST for a size that no volume can have */
function boundedBytes(size: number): number {
  requireLeast(size);
  if (size > mostBytes)
    throw badRequest(`Cannot bound a volume to ${size} bytes: no logical volume is so large. Give a smaller "size".`);
  return inExtents(size);
}

const bytesOf = (pool: PoolPlace, size: number | undefined): number =>
  boundedBytes(size ?? (storagePoolConfig(pool.config).get("volume.size") || defaultBytes));

/** Makes a new volume and fills it. */
const filledBy =
  (
    pool: PoolPlace,
    volume: Volume,
    bytes: number,
    fileSystem: FileSystem,
    fill: (rootPath: string) => Promise<void>,
    size: number | undefined,
  ): LvWork =>
  async (lv, point, marks) => {
    const { vg, thin } = groupOf(pool);
    const device = deviceOf(vg, lv);
    await command("lvcreate", [
      ...["--thin", "--virtualsize", `${bytes}b`, "--name", lv, "--wipesignatures", "n", ...hidden, ...marks],
      ...["--", `${vg}/${thin}`],
    ]);
    await makeFileSystem(device, bytes, fileSystem);
    await mountFileSystem(pool, device, point, fileSystem, isReadonly(volume) ? undefined : volume);
    await chmod(point, 0o700);
    const root = path.join(point, rootName);
    await mkdir(root, { mode: 0o755 });
    await fitting(size, async () => {
      await fill(root);
      // What a full thin pool has lost is told of here and nowhere else.
      await run("sync", ["--file-system", point]);
    });
  };

/** The host leaves it out when it makes all logical volumes active; here it is active at once. */
const hidden = ["--setactivationskip", "y", "--ignoreactivationskip"];

/**
 * The work that makes a copy, and the copy's file system: that of the source, unless the copy says another.
 * @param size bytes that it shall hold; as many as the source without @throws ApiError NOT_FOUND, and UNAVAILABLE when the thin pool is full
 */
async function copyOf(
  pool: PoolPlace,
  from: Volume,
  to: Volume,
  size: number | undefined,
): Promise<[LvWork, FileSystem]> {
  const has = await requireBytes(pool, from, "copy");
  const bytes = size === undefined ? has : boundedBytes(size);
  const had = await fileSystemAt(pool, from);
  const fileSystem = (pool.keysOf(to)["block.filesystem"] as FileSystem | undefined) ?? had;
  await requireRoom(pool);
  const isAnew = fileSystem !== had || (bytes < has && !canShrink(fileSystem, bytes));
  const work = isAnew
    ? filledBy(pool, to, bytes, fileSystem, (root) => copyTree(pool, rootFolder(pool, from), root), bytes)
    : snapshotOf(pool, lvNameOf(from), has, bytes, fileSystem);
  return [work, fileSystem];
}

/** A small file system that was a large one has a journal of that: it would be full of it. */
const leastShrunk = 2 ** 30;

const canShrink = (fileSystem: FileSystem, bytes: number) => fileSystem === "ext4" && bytes >= leastShrunk;

/** A thin snapshot; LVM freezes the source for the moment that it takes. */
const snapshotOf =
  (pool: PoolPlace, source: string, has: number, bytes: number, fileSystem: FileSystem): LvWork =>
  async (lv, point, marks) => {
    const { vg } = groupOf(pool);
    const device = deviceOf(vg, lv);
    await command("lvcreate", ["--snapshot", "--name", lv, ...hidden, ...marks, "--", `${vg}/${source}`]);
    await renewId(device, fileSystem, point);
    if (bytes < has) {
      await resizeUnmounted(device, bytes);
      await command("lvreduce", ["--force", "--yes", "--size", `${bytes}b`, "--", `${vg}/${lv}`]);
    }
    if (bytes <= has) return;
    await command("lvextend", ["--size", `${bytes}b`, "--", `${vg}/${lv}`]);
    if (fileSystem === "ext4") return resizeUnmounted(device);
    await mountFileSystem(pool, device, point, fileSystem, undefined);
    await growMounted(device, point, fileSystem);
  };
