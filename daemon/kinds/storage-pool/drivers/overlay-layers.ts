/** Overlay layers: content of images, shared by all that stand on it, removed with its last user. */
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { mkdir, readlink, symlink } from "node:fs/promises";
import path from "node:path";
import { notFound } from "../../../../sdk/api/errors";
import { entries, errnoOf, ignoring } from "../../../platform/folders/files";
import { Locks } from "../../../platform/locks";
import type { PoolPlace } from "../driver";
import { build, discard, makeRoot, orTell, sweepPartials } from "./volume-folder";

export const layersFolder = "layers";

/** Layer of volumes that were not made from an image. */
export const emptyLayer = "empty";

/** A reference to a layer appears, or the lack of one is found, one pool's after the other. */
const locks = new Locks();

/** Root folder of a layer. */
export const layerRoot = (pool: PoolPlace, layer: string): string =>
  path.join(pool.path, layersFolder, layer, "rootfs");

/** Name of the layer that a volume's folder stands on, or undefined when there is no such volume. */
export const layerOf = (folder: string): Promise<string | undefined> =>
  ignoring(["ENOENT", "ENOTDIR", "EINVAL"], readlink(path.join(folder, "lower")));

/** @throws ApiError NOT_FOUND when there is no such volume */
export function layerOfSync(folder: string): string {
  try {
    return readlinkSync(path.join(folder, "lower"));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    throw notFound(`Cannot find the root of volume "${path.basename(folder)}": it does not exist.`, { cause: error });
  }
}

/** Fills a new layer. @returns its name */
export async function addLayer(pool: PoolPlace, fill: (rootPath: string) => Promise<void>): Promise<string> {
  const layer = randomBytes(16).toString("hex");
  const fillRoot = async (partial: string) => {
    await mkdir(partial, { mode: 0o700 });
    await makeRoot(path.join(partial, "rootfs"));
    await fill(path.join(partial, "rootfs"));
  };
  await build(pool, path.join(pool.path, layersFolder, layer), fillRoot);
  return layer;
}

/** Makes a volume's folder that stands on a layer. @returns the layer @throws ApiError NOT_FOUND when `find` finds none */
export function standOn(pool: PoolPlace, folder: string, find: () => Promise<string | undefined>): Promise<string> {
  return locks.run(pool.path, async () => {
    const layer = await find();
    if (layer === undefined) throw notFound("Cannot copy a volume: it does not exist.");
    await mkdir(folder, { mode: 0o700 });
    await symlink(layer, path.join(folder, "lower"));
    return layer;
  });
}

/** Removes a layer when no volume stands on it: then none can begin to, since a volume takes its layer from another. */
export async function collectLayer(pool: PoolPlace, layer: string): Promise<void> {
  if (layer === emptyLayer || (await locks.run(pool.path, () => isUsed(pool, layer)))) return;
  await discard(pool, path.join(pool.path, layersFolder, layer));
}

/** Removes unfinished layers and those that a killed daemon left without a user. */
export async function sweepLayers(pool: PoolPlace): Promise<void> {
  const folder = path.join(pool.path, layersFolder);
  await sweepPartials(pool, folder);
  for (const layer of (await entries(folder)).filter(isLayer))
    await orTell(pool, path.join(folder, layer), () => collectLayer(pool, layer));
}

const isLayer = (name: string): boolean => /^[0-9a-f]{32}$/.test(name);

/** Images are looked at first: there are few, and most layers are still an image. Unfinished volumes count as users. */
async function isUsed(pool: PoolPlace, layer: string): Promise<boolean> {
  const snapshots = path.join(pool.path, "containers-snapshots");
  const owners = (await entries(snapshots)).map((name) => path.join(snapshots, name));
  for (const folder of [path.join(pool.path, "images"), path.join(pool.path, "containers"), ...owners])
    for (const name of await entries(folder)) if ((await layerOf(path.join(folder, name))) === layer) return true;
  return false;
}
