/** dir: a volume is a folder, a clone is a copy. Works on every file system; blocks are shared where it can do that. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { notFound } from "../../../../sdk/api/errors";
import { isThere } from "../../../platform/folders/files";
import type { PoolPlace, StorageDriver, Volume } from "../driver";
import { copyTree } from "./copy";
import { createPoolFolder, deletePoolFolder, poolResources, requirePoolFolder } from "./pool-folder";
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
  volumeTypes,
} from "./volume-folder";

const rootOf = (folder: string) => path.join(folder, "rootfs");

export const dir: StorageDriver = {
  name: "dir",
  unavailable: async () => undefined,
  createPool: (pool) => createPoolFolder(pool, volumeTypes),
  mountPool: (pool) => requirePoolFolder(pool, volumeTypes),
  unmountPool: async () => undefined,
  deletePool: (pool) => deletePoolFolder(pool, volumeTypes),
  resources: poolResources,
  sweep: sweepFolders,

  async create(pool, volume, fill) {
    await makeParent(pool, volume);
    const fillRoot = async (partial: string) => {
      await mkdir(partial, { mode: 0o700 });
      await mkdir(rootOf(partial), { mode: 0o755 });
      await fill(rootOf(partial));
    };
    await build(pool, folderOf(pool, volume), fillRoot);
  },

  async clone(pool, from, to) {
    await makeParent(pool, to);
    await build(pool, folderOf(pool, to), copyOf(pool, from));
  },

  restore: (pool, snapshot, volume) => replace(pool, folderOf(pool, volume), copyOf(pool, snapshot)),
  rename: renameFolder,

  async delete(pool, volume) {
    await discard(pool, folderOf(pool, volume));
    await removeEmptyParent(pool, volume);
  },

  exists: (pool, volume) => isThere(folderOf(pool, volume)),
  list: listFolders,
  root: (pool, volume) => ({ type: "dir", path: rootOf(folderOf(pool, volume)) }),
  usage: async () => undefined,
};

const copyOf = (pool: PoolPlace, from: Volume) => async (partial: string) => {
  const source = rootOf(folderOf(pool, from));
  if (!(await isThere(source))) throw notFound(`Cannot copy volume "${from.name}": it does not exist.`);
  await mkdir(partial, { mode: 0o700 });
  await copyTree(source, rootOf(partial));
};
