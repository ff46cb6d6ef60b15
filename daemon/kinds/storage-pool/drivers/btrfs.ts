/** btrfs: a volume is a subvolume, a clone is a snapshot. Snapshots and images are read-only. */
import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { notFound } from "../../../../sdk/api/errors";
import { isThere } from "../../../platform/folders/files";
import type { PoolPlace, StorageDriver, Volume } from "../driver";
import { btrfsUnavailable } from "./btrfs-host";
import {
  changeBtrfsPool,
  createBtrfsPool,
  deleteBtrfsPool,
  isImageFile,
  mountBtrfsPool,
  unmountBtrfsPool,
} from "./btrfs-pool";
import { clearQuotas, quotaOf, quotaUsage, setQuota } from "./btrfs-quota";
import { createSubvolume, giveBack, setReadonly, snapshotSubvolume } from "./btrfs-subvolume";
import { poolResources } from "./pool-folder";
import { fitting } from "./sized";
import {
  build,
  discard,
  folderOf,
  listFolders,
  makeParent,
  removeEmptyParent,
  renameFolder,
  replace,
  sweepFolders,
} from "./volume-folder";

const isReadonly = ({ type }: Volume) => type !== "containers" && type !== "custom";

export const btrfs: StorageDriver = {
  name: "btrfs",
  hasSubvolumes: true,
  unavailable: btrfsUnavailable,
  createPool: createBtrfsPool,
  changePool: changeBtrfsPool,
  mountPool: mountBtrfsPool,
  unmountPool: unmountBtrfsPool,
  deletePool: deleteBtrfsPool,
  resources: poolResources,

  async sweep(pool) {
    await sweepFolders(pool);
    await clearQuotas(pool.path);
  },

  async create(pool, volume, fill, size) {
    await makeParent(pool, volume);
    const fillRoot = async (partial: string) => {
      await createSubvolume(pool, partial);
      if (size !== undefined) await setQuota(pool.path, partial, size);
      await chmod(partial, 0o700);
      const root = path.join(partial, "rootfs");
      await mkdir(root, { mode: 0o755 });
      await fitting(size, () => fill(root));
      if (isReadonly(volume)) await setReadonly(pool, partial, true);
    };
    await build(pool, folderOf(pool, volume), fillRoot);
  },

  async clone(pool, from, to, size) {
    await makeParent(pool, to);
    await build(pool, folderOf(pool, to), snapshotOf(pool, from, isReadonly(to), size));
  },

  async restore(pool, snapshot, volume) {
    const target = folderOf(pool, volume);
    const size = (await isThere(target)) ? await quotaOf(target) : undefined;
    await replace(pool, target, snapshotOf(pool, snapshot, false, size));
  },

  async rename(pool, from, to) {
    // The kernel writes ".." into a folder that gets another parent, so a read-only subvolume cannot move.
    const isMove = isReadonly(from) && path.dirname(from.name) !== path.dirname(to.name);
    if (isMove && (await isThere(folderOf(pool, from)))) await setReadonly(pool, folderOf(pool, from), false);
    await renameFolder(pool, from, to);
    if (isMove) await setReadonly(pool, folderOf(pool, to), true);
  },

  async delete(pool, volume) {
    await discard(pool, folderOf(pool, volume));
    await removeEmptyParent(pool, volume);
    await giveBack(pool.path, (await isImageFile(pool)) ? path.dirname(pool.diskImage) : undefined);
  },

  exists: (pool, volume) => isThere(folderOf(pool, volume)),
  list: listFolders,
  root: (pool, volume) => ({ type: "dir", path: path.join(folderOf(pool, volume), "rootfs") }),

  usage: (pool, volume) => quotaUsage(folderOf(pool, volume)),
  cannotBound: async () => undefined,

  async setSize(pool, volume, size) {
    const folder = folderOf(pool, volume);
    if (!(await isThere(folder))) throw notFound(`Cannot set the size of volume "${volume.name}": it does not exist.`);
    if ((await quotaOf(folder)) !== size) await setQuota(pool.path, folder, size);
    return true;
  },
};

const snapshotOf =
  (pool: PoolPlace, from: Volume, isReadonlyCopy: boolean, size: number | undefined) => async (partial: string) => {
    const source = folderOf(pool, from);
    if (!(await isThere(source))) throw notFound(`Cannot copy volume "${from.name}": it does not exist.`);
    await snapshotSubvolume(pool, source, partial, isReadonlyCopy);
    // A snapshot inherits what bounds its source.
    if ((await quotaOf(partial)) !== size) await setQuota(pool.path, partial, size);
  };
