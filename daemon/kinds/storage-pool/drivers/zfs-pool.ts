/** ZFS pools: an image file, a block device, or a pool or data set that is there already. */
import { mkdir, rm, stat, truncate } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { badRequest, unavailable } from "../../../../sdk/api/errors";
import type { StoragePoolResources } from "../../../../sdk/api/storage-pool";
import { ignoring, isThere } from "../../../platform/folders/files";
import { isMounted } from "../../../platform/host/mounts";
import { run } from "../../../platform/processes/run";
import type { PoolPlace } from "../driver";
import { makeImageFile } from "./image-file";
import { makeFolders, ownPoolFolder } from "./pool-folder";
import { volumeTypes } from "./volume-folder";
import { align, unmountAll } from "./zfs-mounts";
import { parentSets, rootSet } from "./zfs-names";
import { createSet, isMissing, isSet, setProperties, survey, zfs } from "./zfs-sets";

type Kind = "file" | "device" | "set";

/** User property of a pool's own data set: the folder of the storage pool that has it. What has another is not ours to destroy. */
const ownerProperty = "bothy:pool";

/** Says that the daemon made the pool of ZFS on a block device, so that it may wipe that again. */
const deviceKey = "volatile.initial_source";

function kindOf({ diskImage, config }: PoolPlace): Kind {
  const set = storagePoolConfig(config);
  const source = set.get("source");
  if (!source || source === diskImage) return "file";
  return set.has(deviceKey) || path.isAbsolute(source) ? "device" : "set";
}

/** What is set of a new pool's own data set: nothing but us mounts what is in it; files have ACLs, and attributes that cost little. */
const setDefaults = ["mountpoint=legacy", "compression=on", "acltype=posix", "xattr=sa"];

/** Makes the pool of ZFS, or takes one that is empty, with the data sets that hold the volumes. @returns the filled-in configuration */
export async function createZfsPool(pool: PoolPlace): Promise<Config> {
  const kind = kindOf(pool);
  const refuse = (cause: string) => badRequest(`Cannot create storage pool "${pool.name}": ${cause}`);
  const set = storagePoolConfig(pool.config);
  if (kind !== "file" && set.has("size"))
    throw refuse('"size" is for the image file of a pool without a source. Leave one of both out.');
  const root = rootSet(pool);
  const named = { ...pool.config, "zfs.pool_name": root };
  if (kind === "set") {
    if (set.get("source") !== root)
      throw refuse(
        `"zfs.pool_name" must be the same as "source", or be left out, for a pool of ZFS that is there already.`,
      );
    await takeSet(pool, root, refuse);
    return open(pool, named);
  }
  if (root.includes("/"))
    throw refuse(
      `"${root}" cannot be the name of a pool of ZFS. Leave "zfs.pool_name" out, or give a name without slashes.`,
    );
  if (await isPool(root))
    throw refuse(`the pool of ZFS "${root}" exists already. Choose another "zfs.pool_name", or give it as the source.`);
  if (kind === "file") {
    const filled = await makeImageFile(pool);
    await makeZpool(pool, root, filled.source, refuse);
    return open(pool, { ...named, ...filled });
  }
  const device = set.get("source") ?? "";
  if ((await ignoring("ENOENT", stat(device)))?.isBlockDevice() !== true)
    throw refuse(`the source "${device}" is no block device. Leave it out for an image file.`);
  await makeZpool(pool, root, device, refuse);
  return open(pool, { ...named, source: root, [deviceKey]: device });
}

async function open(pool: PoolPlace, config: Config): Promise<Config> {
  await mountZfsPool({ ...pool, config });
  return config;
}

type Refuse = (cause: string) => Error;

/** zpool refuses a device that holds something. The host's start does not import the pool: the daemon does. */
async function makeZpool(pool: PoolPlace, name: string, vdev: string, refuse: Refuse): Promise<void> {
  const properties = [...setDefaults, `${ownerProperty}=${pool.path}`].flatMap((each) => ["-O", each]);
  const args = ["create", "-o", "cachefile=none", "-o", "autotrim=on", ...properties, name, vdev];
  const { code, stderr } = await run("zpool", args, { accept: [0, 1, 2] });
  if (code !== 0) throw refuse(`zpool refuses "${vdev}": ${lineOf(stderr)}`);
}

const lineOf = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, "; ");

async function takeSet(pool: PoolPlace, root: string, refuse: Refuse): Promise<void> {
  if (!(await isSet(root))) throw refuse(`there is no pool or data set "${root}" of ZFS.`);
  const { stdout } = await run("zfs", ["list", "-H", "-r", "-t", "all", "-o", "name", root]);
  if (stdout.trim() !== root)
    throw refuse(`the pool or data set "${root}" of ZFS is not empty. See "zfs list -r ${root}".`);
  await setProperties(root, [...setDefaults, `${ownerProperty}=${pool.path}`]);
}

const isPool = (name: string): Promise<boolean> => isImported(name.split("/")[0] ?? "");

async function isImported(name: string): Promise<boolean> {
  try {
    await run("zpool", ["list", "-H", "-o", "name", name]);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Imports the pool where it is not, and mounts its volumes. @throws ApiError UNAVAILABLE */
export async function mountZfsPool(pool: PoolPlace): Promise<void> {
  const root = rootSet(pool);
  if (!(await isPool(root))) await importPool(pool, root);
  if (!(await isSet(root)))
    throw unavailable(`Cannot open storage pool "${pool.name}": the data set "${root}" is missing.`);
  if ((await ownerOf(root)) !== pool.path) await setProperties(root, [`${ownerProperty}=${pool.path}`]);
  const there = new Set((await zfs("list", "-H", "-r", "-d", "2", "-o", "name", root)).split("\n"));
  for (const name of parentSets)
    if (!there.has(`${root}/${name}`)) await createSet(`${root}/${name}`, ["mountpoint=legacy"]);
  await mkdir(pool.path, { recursive: true, mode: 0o711 });
  await makeFolders(pool.path, volumeTypes);
  for (const name of volumeTypes) ownPoolFolder(pool, path.join(pool.path, name));
  await align(pool, await survey(pool));
}

async function importPool(pool: PoolPlace, root: string): Promise<void> {
  const refuse = (cause: string, error?: unknown) =>
    unavailable(`Cannot open storage pool "${pool.name}": ${cause}`, { cause: error });
  const kind = kindOf(pool);
  if (kind === "file" && !(await isThere(pool.diskImage))) throw refuse(`its source "${pool.diskImage}" is missing.`);
  const [name = ""] = root.split("/");
  // An image file is the daemon's own, so whatever host opened it last has no claim.
  const where = kind === "file" ? ["-f", "-d", pool.diskImage] : [];
  try {
    await run("zpool", ["import", "-N", "-o", "cachefile=none", ...where, name]);
  } catch (error) {
    throw refuse((error as Error).message.replaceAll(/\s*\n\s*/g, " "), error);
  }
}

const ownerOf = async (root: string): Promise<string> =>
  (await zfs("get", "-H", "-o", "value", ownerProperty, root)).trim();

/** Unmounts the volumes; what the daemon imported is exported, unless "zfs.export" says otherwise. */
export async function unmountZfsPool(pool: PoolPlace): Promise<void> {
  await unmountAll(pool);
  const root = rootSet(pool);
  if (kindOf(pool) !== "set" && storagePoolConfig(pool.config).get("zfs.export") && (await isPool(root)))
    await run("zpool", ["export", root]);
}

/** Enlarges the image file with the pool in it. */
export async function changeZfsPool(pool: PoolPlace, config: Config): Promise<void> {
  const [was, is] = [storagePoolConfig(pool.config).get("size"), storagePoolConfig(config).get("size") ?? 0];
  if (was === is || (was === undefined && is === 0)) return;
  const refuse = (cause: string) => badRequest(`Cannot change "size" of storage pool "${pool.name}": ${cause}`);
  if (kindOf(pool) !== "file") throw refuse("it is for a pool in an image file. Leave it out.");
  if (is < (await stat(pool.diskImage)).size)
    throw refuse("a pool in an image file can only be made larger. Give a larger size, or create another pool.");
  await truncate(pool.diskImage, is);
  await run("zpool", ["online", "-e", rootSet(pool), pool.diskImage]);
}

/** Removes the pool: image file or what is on the device, or of a pool or data set that was there what is the daemon's. */
export async function deleteZfsPool(pool: PoolPlace): Promise<void> {
  const kind = kindOf(pool);
  const root = rootSet(pool);
  if (kind !== "file" && !(await isPool(root))) await importPool(pool, root).catch(() => undefined);
  const isOurs = (await isPool(root)) && (await isSet(root)) && (await ownerOf(root)) === pool.path;
  if (isOurs) {
    await unmountAll(pool);
    if (kind === "set") await emptySet(root);
    else await run("zpool", ["destroy", root]);
  }
  if (kind === "file") await rm(pool.diskImage, { force: true });
  const device = storagePoolConfig(pool.config).get(deviceKey);
  if (device && isOurs && (await isThere(device))) await run("wipefs", ["--all", "--quiet", device]);
  if (await isMounted(pool.path).catch(() => false)) return;
  await pool.removeTree(pool.path);
}

/** Volumes are clones of one another across the folders, so each folder takes with it what stands on it. */
async function emptySet(root: string): Promise<void> {
  for (const name of parentSets.filter((each) => !each.includes("/")))
    if (await isSet(`${root}/${name}`)) await zfs("destroy", "-R", `${root}/${name}`);
  await zfs("inherit", ownerProperty, root);
}

/** Space of the pool's data set; ZFS makes inodes as they are needed. */
export async function zfsResources(pool: PoolPlace): Promise<StoragePoolResources> {
  const [used = 0, available = 0] = (await zfs("list", "-H", "-p", "-o", "used,available", rootSet(pool)))
    .trim()
    .split("\t")
    .map(Number);
  return { space: { used, total: used + available }, inodes: { used: 0, total: 0 } };
}
