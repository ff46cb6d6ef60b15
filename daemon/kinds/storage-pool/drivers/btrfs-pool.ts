/** btrfs pools: an image file behind a loop device, a block device, or a folder that is on btrfs already. */
import { chmod, rm, rmdir, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../../../../sdk/api/common";
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { badRequest, unavailable } from "../../../../sdk/api/errors";
import { ignoring, isThere } from "../../../platform/folders/files";
import { isMounted, mountAt } from "../../../platform/host/mounts";
import { run } from "../../../platform/processes/run";
import type { PoolPlace } from "../driver";
import { isOnBtrfs } from "./btrfs-host";
import { makeImageFile } from "./image-file";
import { detachLoops, loopsOf } from "./loops";
import { createPoolFolder, deletePoolFolder, ownPoolFolder, requirePoolFolder } from "./pool-folder";
import { volumeTypes } from "./volume-folder";

type Kind = "loop" | "device" | "folder";

/** Says that the daemon formatted the block device, so that it may wipe it again. */
const formattedKey = "volatile.initial_source";

async function kindOf({ path: folder, diskImage, config }: PoolPlace): Promise<Kind> {
  const set = storagePoolConfig(config);
  const [source, size] = [set.get("source"), set.has("size")];
  if (!source) return !size && (await isOnBtrfs(path.dirname(folder))) ? "folder" : "loop";
  if (source === diskImage) return "loop";
  if (set.has(formattedKey)) return "device";
  return (await ignoring("ENOENT", stat(source)))?.isBlockDevice() ? "device" : "folder";
}

/** Whether the pool is in an image file of the daemon's. */
export const isImageFile = async (pool: PoolPlace): Promise<boolean> => (await kindOf(pool)) === "loop";

/** Makes the file system, mounts it and makes the folders of the volume types. @returns the filled-in configuration */
export async function createBtrfsPool(pool: PoolPlace): Promise<Config> {
  const kind = await kindOf(pool);
  if (kind !== "loop" && storagePoolConfig(pool.config).has("size"))
    throw badRequest(
      `Cannot create storage pool "${pool.name}": "size" is for the image file of a pool without a source. Leave one of both out.`,
    );
  if (kind === "folder") {
    if (!(await isOnBtrfs(pool.config.source || path.dirname(pool.path))))
      throw badRequest(
        `Cannot create storage pool "${pool.name}": the source "${pool.config.source}" is neither a folder on btrfs nor a block device. Leave it out for an image file.`,
      );
    return createPoolFolder(pool, volumeTypes);
  }
  const filled = kind === "loop" ? await makeImageFile(pool) : { source: pool.config.source ?? "" };
  await format(pool, filled.source);
  const config = { ...pool.config, ...filled, ...(kind === "device" ? { [formattedKey]: filled.source } : {}) };
  await mountBtrfsPool({ ...pool, config });
  return config;
}

/**
 * Formats a blank device or file; mkfs.btrfs refuses one that holds a file system, or that is too small. Metadata is kept twice, as is its
 * default: kept once it gets 8 MiB at first, and where content takes the rest before that grows nothing can be made any more, whatever is deleted.
 */
async function format(pool: PoolPlace, source: string): Promise<void> {
  const { code, stderr } = await run("mkfs.btrfs", ["-q", "-L", pool.name, source], {
    accept: [0, 1],
  });
  if (code !== 0)
    throw badRequest(
      `Cannot create storage pool "${pool.name}": mkfs.btrfs refuses "${source}": ${stderr.trim().replaceAll("\n", "; ")}`,
    );
}

/** Enlarges an image file with the file system in it, and mounts with other options. */
export async function changeBtrfsPool(pool: PoolPlace, config: Config): Promise<void> {
  const [was, is] = [storagePoolConfig(pool.config), storagePoolConfig(config)];
  if (was.get("size") !== is.get("size")) await enlarge(pool, is.get("size") ?? 0);
  const options = is.get("btrfs.mount_options");
  if (was.get("btrfs.mount_options") !== options && (await kindOf(pool)) !== "folder") await remount(pool, options);
}

async function enlarge(pool: PoolPlace, bytes: number): Promise<void> {
  const refuse = (cause: string) => badRequest(`Cannot change "size" of storage pool "${pool.name}": ${cause}`);
  if ((await kindOf(pool)) !== "loop") throw refuse("it is for a pool in an image file. Leave it out.");
  if (bytes < (await stat(pool.diskImage)).size)
    throw refuse("a pool in an image file can only be made larger. Give a larger size, or create another pool.");
  await truncate(pool.diskImage, bytes);
  for (const device of await loopsOf(pool.diskImage)) await run("losetup", ["--set-capacity", device]);
  await run("btrfs", ["filesystem", "resize", "max", pool.path]);
}

/** A remount with words that the file system does not know changes nothing. */
async function remount(pool: PoolPlace, options: string): Promise<void> {
  const { code, stderr } = await run("mount", ["-o", `remount,${options}`, "--", pool.path], { accept: [0, 32] });
  if (code === 0) return;
  throw badRequest(
    `Cannot change "btrfs.mount_options" of storage pool "${pool.name}": ${stderr.trim().replaceAll(/\s*\n\s*/g, " ")}`,
  );
}

/** Mounts the pool where it is not; in the mount namespace of the daemon, from which every container is started. */
export async function mountBtrfsPool(pool: PoolPlace): Promise<void> {
  const kind = await kindOf(pool);
  if (kind !== "folder") {
    const source = pool.config.source ?? pool.diskImage;
    if (!(await isThere(source)))
      throw unavailable(`Cannot open storage pool "${pool.name}": its source "${source}" is missing.`);
    ownPoolFolder(pool, pool.path);
    await unmountBroken(pool);
    if (!(await isMounted(pool.path))) await mount(pool, source, kind);
    for (const name of volumeTypes) ownPoolFolder(pool, path.join(pool.path, name));
  }
  await requirePoolFolder(pool, volumeTypes);
}

/** Unmounts a file system that the kernel has made read-only after an error, such as a full disk below the image file; mounted anew it can be written. */
async function unmountBroken(pool: PoolPlace): Promise<void> {
  const isWanted = /(^|,)ro(,|$)/.test(storagePoolConfig(pool.config).get("btrfs.mount_options"));
  if (isWanted || (await mountAt(pool.path))?.isReadonly !== true) return;
  while (await isMounted(pool.path)) await run("umount", ["--", pool.path]);
}

const retryMs = 1000;

/** @throws ApiError UNAVAILABLE, also while containers hold a file system that the kernel has closed */
async function mount(pool: PoolPlace, source: string, kind: Kind): Promise<void> {
  const options = [kind === "loop" ? "loop" : "rw", storagePoolConfig(pool.config).get("btrfs.mount_options")];
  const attempt = () => run("mount", ["-t", "btrfs", "-o", options.join(","), "--", source, pool.path]);
  try {
    // Of an image file on a full disk the kernel has to write what it had noted, and blocks of what was deleted come back a moment later.
    await attempt().catch(async (error: unknown) => {
      if (kind !== "loop") throw error;
      await delay(retryMs);
      await attempt();
    });
  } catch (error) {
    throw unavailable(
      `Cannot open storage pool "${pool.name}": ${(error as Error).message.replace(/\s*\n\s*/g, " ")}. If the kernel closed its file system after an error, as on a full disk below the image file, make room there, and stop every container of the pool.`,
      { cause: error },
    );
  }
  await chmod(pool.path, 0o711);
}

/** Unmounts the pool; its loop device, also one that an earlier daemon left, is given back. */
export async function unmountBtrfsPool(pool: PoolPlace): Promise<void> {
  const kind = await kindOf(pool);
  if (kind === "folder" || !(await isThere(pool.path))) return;
  while (await isMounted(pool.path)) await run("umount", ["--", pool.path]);
  if (kind === "loop") await detachLoops(pool.diskImage);
}

/** Removes the pool: image file, or what is the pool's on the device or in the folder. */
export async function deleteBtrfsPool(pool: PoolPlace): Promise<void> {
  const kind = await kindOf(pool);
  if (kind === "folder") return deletePoolFolder(pool, volumeTypes);
  await unmountBtrfsPool(pool);
  await ignoring("ENOENT", rmdir(pool.path));
  if (kind === "loop") await rm(pool.diskImage, { force: true });
  else await wipe(storagePoolConfig(pool.config).get(formattedKey));
}

async function wipe(device: string | undefined): Promise<void> {
  if (device && (await isThere(device))) await run("wipefs", ["--all", "--quiet", device]);
}
