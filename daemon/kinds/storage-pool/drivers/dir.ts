/** dir: a volume is a folder, a clone is a copy. Works on every file system; blocks are shared where it can do that. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { notFound } from "../../../../sdk/api/errors";
import { isThere } from "../../../platform/folders/files";
import type { PoolPlace, StorageDriver, Volume } from "../driver";
import { copiesWhole, copyTree } from "./copy";
import { createPoolFolder, deletePoolFolder, poolResources, requirePoolFolder } from "./pool-folder";
import { closeProjects, openProjects } from "./project-quota";
import { cannotBound, fittingInto, makeSized, mountDisks, resize, roundedSize, sizeOf, usageOf } from "./sized";
import { contentOf, openContentOf, unmountDisksBelow } from "./volume-disk";
import {
  build,
  discard,
  folderOf,
  listFolders,
  makeParent,
  makeRoot,
  removeEmptyParent,
  renameFolder,
  replace,
  sweepFolders,
  volumeTypes,
} from "./volume-folder";

const rootName = "rootfs";

const rootOf = (folder: string) => path.join(contentOf(folder), rootName);

export const dir: StorageDriver = {
  name: "dir",
  hasSubvolumes: false,
  unavailable: async () => undefined,

  async createPool(pool) {
    const config = await createPoolFolder(pool, volumeTypes);
    await openProjects(pool);
    return config;
  },

  async mountPool(pool) {
    await requirePoolFolder(pool, volumeTypes);
    await openProjects(pool);
    await mountDisks(pool);
  },

  unmountPool: (pool) => unmountDisksBelow(pool.path, false),
  changePool: async () => undefined,

  async deletePool(pool) {
    await deletePoolFolder(pool, volumeTypes);
    closeProjects(pool);
  },

  resources: poolResources,

  async sweep(pool) {
    await sweepFolders(pool);
    await mountDisks(pool);
  },

  async create(pool, volume, fill, size) {
    await makeParent(pool, volume);
    const fillRoot = async (partial: string) => {
      await mkdir(partial, { mode: 0o700 });
      await makeSized(pool, partial, size);
      await makeRoot(rootOf(partial));
      await fittingInto(pool, partial, size, () => fill(rootOf(partial)));
    };
    await build(pool, folderOf(pool, volume), fillRoot);
  },

  async clone(pool, from, to, size) {
    await makeParent(pool, to);
    await build(pool, folderOf(pool, to), copyOf(pool, from, size));
  },

  async restore(pool, snapshot, volume) {
    const target = folderOf(pool, volume);
    await replace(pool, target, copyOf(pool, snapshot, await sizeOf(pool, target)));
  },

  rename: renameFolder,

  async delete(pool, volume) {
    await discard(pool, folderOf(pool, volume));
    await removeEmptyParent(pool, volume);
  },

  copiesWhole,
  exists: (pool, volume) => isThere(folderOf(pool, volume)),
  list: listFolders,
  root: (pool, volume) => ({
    type: "dir",
    path: path.join(openContentOf(folderOf(pool, volume), rootName), rootName),
  }),
  usage: (pool, volume) => usageOf(pool, folderOf(pool, volume)),
  cannotBound,
  setSize: (pool, volume, size, isInUse) =>
    resize(pool, volume, size, isInUse, () => copyOf(pool, volume, roundedSize(size))),
};

const copyOf = (pool: PoolPlace, from: Volume, size: number | undefined) => async (partial: string) => {
  const source = rootOf(folderOf(pool, from));
  if (!(await isThere(source))) throw notFound(`Cannot copy volume "${from.name}": it does not exist.`);
  await mkdir(partial, { mode: 0o700 });
  await makeSized(pool, partial, size);
  await fittingInto(pool, partial, size, () => copyTree(pool, source, rootOf(partial)));
};
