/**
 * overlay: an image is a layer, a volume is an upper folder over one. A clone of an image takes constant time on any file system.
 *
 *     layers/ID                              content of one image, never changed once it is there
 *     images/F/lower -> ID                   which layer the image is
 *     containers/N/{upper,work,rootfs}       what the container changed; rootfs is an empty mount point
 *     containers/N/lower -> ID               which layer it stands on; snapshots likewise
 *
 * A container with a size has upper and work in a file system of its own, or its folder has a project of the pool's (sized.ts): the size bounds what it
 * changed. The image's layer does not count, since all share it.
 *
 * A layer lives as long as any lower names it, so an image may be deleted under its containers. "empty" is the layer of volumes
 * without an image. Uppers are stored 0-based; the native layer mounts (docs/native-protocol.md).
 */
import { chmod, chown, mkdir, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { isThere } from "../../../platform/folders/files";
import type { PoolPlace, StorageDriver, Volume } from "../driver";
import { copyTree } from "./copy";
import {
  addLayer,
  collectLayer,
  emptyLayer,
  layerOf,
  layerOfSync,
  layerRoot,
  layersFolder,
  standOn,
  sweepLayers,
} from "./overlay-layers";
import { overlayUnavailable } from "./overlay-probe";
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

const emptyFolder = path.join(layersFolder, emptyLayer);
const folders = [...volumeTypes, layersFolder, emptyFolder, path.join(emptyFolder, "rootfs")];

export const overlay: StorageDriver = {
  name: "overlay",
  hasSubvolumes: false,
  unavailable: overlayUnavailable,

  async createPool(pool) {
    const config = await createPoolFolder(pool, folders);
    await openProjects(pool);
    return config;
  },

  async mountPool(pool) {
    await requirePoolFolder(pool, folders);
    await openProjects(pool);
    await mountDisks(pool);
  },

  unmountPool: (pool) => unmountDisksBelow(pool.path, false),
  changePool: async () => undefined,

  async deletePool(pool) {
    await deletePoolFolder(pool, folders);
    closeProjects(pool);
  },

  resources: poolResources,

  async sweep(pool) {
    await sweepFolders(pool);
    await mountDisks(pool);
    await sweepLayers(pool);
  },

  async create(pool, volume, fill, size) {
    if (volume.type === "images") return createImage(pool, volume, fill);
    await makeParent(pool, volume);
    const fillUpper = async (partial: string) => {
      await standOn(pool, partial, async () => emptyLayer);
      await makeVolume(pool, partial, size);
      await makeRoot(upperOf(partial));
      await fittingInto(pool, partial, size, () => fill(upperOf(partial)));
    };
    await build(pool, folderOf(pool, volume), fillUpper);
  },

  async clone(pool, from, to, size) {
    await makeParent(pool, to);
    await build(pool, folderOf(pool, to), cloneOf(pool, from, size));
  },

  async restore(pool, snapshot, volume) {
    const target = folderOf(pool, volume);
    const before = await layerOf(target);
    await replace(pool, target, cloneOf(pool, snapshot, await sizeOf(pool, target)));
    if (before !== undefined) await collectLayer(pool, before);
  },

  rename: renameFolder,

  async delete(pool, volume) {
    const target = folderOf(pool, volume);
    const layer = await layerOf(target);
    await discard(pool, target);
    await removeEmptyParent(pool, volume);
    if (layer !== undefined) await collectLayer(pool, layer);
  },

  exists: (pool, volume) => isThere(folderOf(pool, volume)),
  list: listFolders,

  root(pool, volume) {
    const folder = folderOf(pool, volume);
    const lower = layerRoot(pool, layerOfSync(folder));
    if (volume.type === "images") return { type: "dir", path: lower };
    const content = openContentOf(folder, upperName);
    return {
      type: "overlay",
      upper: path.join(content, upperName),
      work: path.join(content, workName),
      lower: [lower],
    };
  },

  usage: (pool, volume) => usageOf(pool, folderOf(pool, volume)),
  cannotBound,
  setSize: (pool, volume, size, isInUse) =>
    resize(pool, volume, size, isInUse, () => cloneOf(pool, volume, roundedSize(size))),
};

const [upperName, workName] = ["upper", "work"];

const upperOf = (folder: string) => path.join(contentOf(folder), upperName);

async function createImage(pool: PoolPlace, image: Volume, fill: (rootPath: string) => Promise<void>): Promise<void> {
  const layer = await addLayer(pool, fill);
  try {
    const refer = async (partial: string) => {
      await standOn(pool, partial, async () => layer);
    };
    await build(pool, folderOf(pool, image), refer);
  } catch (error) {
    await collectLayer(pool, layer);
    throw error;
  }
}

/** Makes a volume on the same layer: over an image with an empty upper, else with a copy of the upper (whiteouts and marks included). */
const cloneOf = (pool: PoolPlace, from: Volume, size: number | undefined) => async (partial: string) => {
  const source = folderOf(pool, from);
  const layer = await standOn(pool, partial, () => layerOf(source));
  await makeVolume(pool, partial, size);
  if (from.type === "images") await makeUpper(layerRoot(pool, layer), upperOf(partial));
  else await fittingInto(pool, partial, size, () => copyTree(pool, upperOf(source), upperOf(partial)));
};

async function makeVolume(pool: PoolPlace, folder: string, size: number | undefined): Promise<void> {
  await makeSized(pool, folder, size);
  await mkdir(path.join(contentOf(folder), workName), { mode: 0o700 });
  await mkdir(path.join(folder, "rootfs"), { mode: 0o755 });
}

/** Makes an empty upper folder. The root of the merged tree shows its owner, mode and times, so they are the layer's. */
async function makeUpper(lower: string, upper: string): Promise<void> {
  const { mode, uid, gid, atime, mtime } = await stat(lower);
  await mkdir(upper, { mode: 0o700 });
  if (uid !== 0 || gid !== 0) await chown(upper, uid, gid);
  await chmod(upper, mode & 0o7777);
  await utimes(upper, atime, mtime);
}
