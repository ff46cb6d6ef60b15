/** LVM pools: a thin pool in a volume group, which stands on an image file, on a block device, or was there before. */
import { rm, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../../../../sdk/api/common";
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { badRequest, internal, unavailable } from "../../../../sdk/api/errors";
import type { StoragePoolResources } from "../../../../sdk/api/storage-pool";
import { findProgram } from "../../../../sdk/host/program";
import { isThere } from "../../../platform/folders/files";
import { mountsBelow } from "../../../platform/host/mounts";
import { run } from "../../../platform/processes/run";
import type { PoolPlace } from "../driver";
import { attachLoop, makeImageFile } from "./image-file";
import { detachLoops, loopsOf } from "./loops";
import { lvm, lvmWords } from "./lvm-host";
import { isUnfinished, mapped, volumeOfLv, wrongName } from "./lvm-names";
import {
  activate,
  deviceKey,
  findGroup,
  findVg,
  groupOf,
  type LvmPlace,
  lvmPlaceOf,
  madeTag,
  reportOf,
  usedTag,
} from "./lvm-place";
import { type Lv, readFullness } from "./lvm-report";
import { deletePoolFolder, makeFolders, ownPoolFolder } from "./pool-folder";
import { volumeTypes } from "./volume-folder";

/** Makes volume group and thin pool as far as they are not there, and the pool's folders. @returns the filled-in configuration */
export async function createLvmPool(pool: PoolPlace): Promise<Config> {
  const place = await lvmPlaceOf(pool);
  const refuse = (cause: string) => badRequest(`Cannot create storage pool "${pool.name}": ${cause}`);
  const set = storagePoolConfig(pool.config);
  if (!set.get("lvm.use_thinpool"))
    throw refuse('"lvm.use_thinpool" cannot be false: every volume is in a thin pool here. Leave it out.');
  if (place.kind !== "loop" && set.has("size"))
    throw refuse('"size" is for the image file of a pool without a source. Leave one of both out.');
  for (const name of [place.vg, place.thin]) {
    const wrong = wrongName(name);
    if (wrong !== undefined) throw refuse(`${wrong}. Give "lvm.vg_name" and "lvm.thinpool_name" others.`);
  }
  if (place.kind === "group") await claimGroup(pool, place);
  else if ((await findVg(place.vg)) !== undefined)
    throw refuse(
      `a volume group "${place.vg}" is there already. Give "lvm.vg_name" another, or name it as the source.`,
    );
  const filled = await makeGroup(pool, place);
  await makeThinPool(pool, place);
  await makeFolders(pool.path, volumeTypes);
  return { ...pool.config, ...filled, "lvm.vg_name": place.vg, "lvm.thinpool_name": place.thin };
}

async function makeGroup(pool: PoolPlace, { kind, vg }: LvmPlace): Promise<Config> {
  if (kind === "group") return { source: vg };
  const filled = kind === "loop" ? await makeImageFile(pool) : { source: pool.config.source ?? "" };
  const device = kind === "loop" ? await attachLoop(filled.source) : filled.source;
  // Without an answer to its question LVM leaves what holds something already.
  await orRefuse(pool, `on "${filled.source}"`, "vgcreate", [
    ...["--addtag", madeTag(pool), "--addtag", usedTag],
    ...["--", vg, device],
  ]);
  return kind === "loop" ? filled : { source: vg, [deviceKey]: filled.source };
}

/** @throws ApiError BAD_REQUEST with LVM's own words */
async function orRefuse(pool: PoolPlace, where: string, command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await lvm(command, args, { accept: [0, 3, 5] });
  if (code !== 0)
    throw badRequest(`Cannot create storage pool "${pool.name}": LVM refuses to make it ${where}: ${lvmWords(stderr)}`);
}

/** Takes a volume group that is there. @throws ApiError BAD_REQUEST when it is missing, or another pool's */
async function claimGroup(pool: PoolPlace, place: LvmPlace): Promise<void> {
  const refuse = (cause: string) => badRequest(`Cannot create storage pool "${pool.name}": ${cause}`);
  const found = await findVg(place.vg);
  if (found === undefined)
    throw refuse(
      `there is no volume group "${place.vg}", nor a block device of that name. Make it, or leave the source out for an image file.`,
    );
  if (!storagePoolConfig(pool.config).get("lvm.vg.force_reuse")) {
    if (found.tags.includes(usedTag))
      throw refuse(
        `the volume group "${place.vg}" is that of another storage pool. Choose another, or set "lvm.vg.force_reuse" to true.`,
      );
    if (((await findGroup(place))?.lvs.length ?? 0) > 0)
      throw refuse(
        `the thin pool "${place.vg}/${place.thin}" is not empty. Choose another "lvm.thinpool_name", or set "lvm.vg.force_reuse" to true.`,
      );
  }
  await lvm("vgchange", ["--addtag", usedTag, "--addtag", madeTag(pool), "--", place.vg]);
}

const named = (pool: PoolPlace, { vg, thin }: LvmPlace): PoolPlace => ({
  ...pool,
  config: { ...pool.config, "lvm.vg_name": vg, "lvm.thinpool_name": thin },
});

/**
 * Makes the thin pool of all that is free. One that is full fails at once what is written to it: else the kernel holds it for a minute, and whoever
 * writes with it.
 */
async function makeThinPool(pool: PoolPlace, place: LvmPlace): Promise<void> {
  if ((await findGroup(place))?.thin !== undefined) return;
  const set = storagePoolConfig(pool.config);
  const metadata = set.get("lvm.thinpool_metadata_size");
  const stripes = set.get("volume.lvm.stripes");
  const stripeSize = set.get("volume.lvm.stripes.size");
  await orRefuse(pool, `in the volume group "${place.vg}"`, "lvcreate", [
    ...["--yes", "--type", "thin-pool", "--extents", "100%FREE", "--addtag", madeTag(pool)],
    ...(metadata ? ["--poolmetadatasize", `${metadata}b`] : []),
    ...(stripes ? ["--stripes", String(stripes)] : []),
    ...(stripeSize ? ["--stripesize", `${stripeSize}b`] : []),
    ...["--name", place.thin, "--", place.vg],
  ]);
  await lvm("lvchange", ["--errorwhenfull", "y", "--", `${place.vg}/${place.thin}`]);
}

/** Enlarges an image file with all that stands on it. @throws ApiError BAD_REQUEST */
export async function changeLvmPool(pool: PoolPlace, config: Config): Promise<void> {
  const size = storagePoolConfig(config).get("size") ?? 0;
  if (storagePoolConfig(pool.config).get("size") === size || size === 0) return;
  const refuse = (cause: string) => badRequest(`Cannot change "size" of storage pool "${pool.name}": ${cause}`);
  const place = await lvmPlaceOf(pool);
  if (place.kind !== "loop") throw refuse("it is for a pool in an image file. Leave it out.");
  if (size < (await stat(pool.diskImage)).size)
    throw refuse("a pool in an image file can only be made larger. Give a larger size, or create another pool.");
  await truncate(pool.diskImage, size);
  for (const device of await loopsOf(pool.diskImage)) {
    await run("losetup", ["--set-capacity", device]);
    await lvm("pvresize", ["--", device]);
  }
  await lvm("lvextend", ["--extents", "+100%FREE", "--", `${place.vg}/${place.thin}`], { accept: [0, 5] });
}

/** Makes all volumes of the pool devices of the host; mounting them is the driver's. @returns them @throws ApiError UNAVAILABLE */
export async function openLvmPool(pool: PoolPlace): Promise<readonly Lv[]> {
  const place = await lvmPlaceOf(pool);
  if (place.kind === "loop") {
    if (!(await isThere(pool.diskImage)))
      throw unavailable(`Cannot open storage pool "${pool.name}": its source "${pool.diskImage}" is missing.`);
    await attachLoop(pool.diskImage);
  }
  const group = await appearing(() => findGroup(place));
  if (group?.thin === undefined)
    throw unavailable(
      `Cannot open storage pool "${pool.name}": the thin pool "${place.vg}/${place.thin}" is missing. Is its disk there? Look at it with "lvs -a ${place.vg}".`,
    );
  ownPoolFolder(pool, pool.path);
  for (const name of volumeTypes) ownPoolFolder(pool, path.join(pool.path, name));
  try {
    await activate(place.vg, group.lvs);
  } catch (error) {
    throw unavailable(
      `Cannot open storage pool "${pool.name}": LVM cannot activate its volumes: ${(error as Error).message} If its thin pool is damaged, "lvconvert --repair ${place.vg}/${place.thin}" mends it.`,
      { cause: error },
    );
  }
  return group.lvs;
}

const patienceMs = 10_000;
const retryMs = 100;

/** What a new device holds is known when udev has looked at it. */
async function appearing<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
  const found = await find();
  if (found !== undefined || findProgram("udevadm") === undefined) return found;
  await run("udevadm", ["settle", "--timeout", "5"], { accept: [0, 1] });
  return find();
}

/** Unmounts all volumes, and takes their devices from the host. @param isGoing the pool is to be removed: who still uses a volume keeps it to the end */
export async function closeLvmPool(pool: PoolPlace, isGoing = false): Promise<void> {
  const place = await lvmPlaceOf(pool);
  if (await isThere(pool.path))
    for (const { point } of await mountsBelow(pool.path))
      await run("umount", [...(isGoing ? ["--lazy"] : []), "--", point]);
  if ((await findVg(place.vg)) === undefined) return;
  await inTime(() => deactivate(pool, place));
  if (place.kind === "loop") await detachLoops(pool.diskImage);
}

async function deactivate(pool: PoolPlace, { kind, vg }: LvmPlace): Promise<void> {
  if (kind !== "group") await lvm("vgchange", ["--activate", "n", "--", vg]);
  else {
    const active = (await reportOf(pool)).lvs.filter(({ isActive }) => isActive).map(({ name }) => `${vg}/${name}`);
    if (active.length > 0) await lvm("lvchange", ["--activate", "n", "--", ...active]);
  }
}

/** Tries until it is done or the time is over: a device is held for a moment by udev, or by a container that has just ended. */
export async function inTime(work: () => Promise<unknown>, ms = patienceMs): Promise<void> {
  const signal = AbortSignal.timeout(ms);
  for (;;)
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      await delay(retryMs);
    }
}

/** Removes what the daemon made; of a volume group that was there only what is the pool's. */
export async function deleteLvmPool(pool: PoolPlace): Promise<void> {
  const place = await lvmPlaceOf(pool);
  await closeFolders(pool);
  if (place.kind === "group") await leaveGroup(named(pool, place), place);
  else await removeGroup(pool, place);
  if (await isThere(pool.path)) await deletePoolFolder(pool, volumeTypes);
  if (place.kind === "loop") {
    await detachLoops(pool.diskImage);
    await rm(pool.diskImage, { force: true });
  }
}

async function closeFolders(pool: PoolPlace): Promise<void> {
  if (!(await isThere(pool.path))) return;
  for (const { point } of await mountsBelow(pool.path)) await run("umount", ["--lazy", "--", point]);
}

async function removeGroup(pool: PoolPlace, { kind, vg }: LvmPlace): Promise<void> {
  if (kind === "loop" && (await isThere(pool.diskImage))) await attachLoop(pool.diskImage);
  if ((await appearing(() => findVg(vg)))?.tags.includes(madeTag(pool)) !== true) return;
  await inTime(() => lvm("vgremove", ["--force", "--force", "--yes", "--", vg]));
  const device = storagePoolConfig(pool.config).get(deviceKey) || pool.config.source;
  if (kind === "device" && device) await lvm("pvremove", ["--force", "--yes", "--", device], { accept: [0, 5] });
}

async function leaveGroup(pool: PoolPlace, place: LvmPlace): Promise<void> {
  const found = await findVg(place.vg);
  if (found?.tags.includes(madeTag(pool)) !== true) return;
  const { thin, lvs } = await reportOf(pool);
  const ours = lvs.filter(({ name }) => volumeOfLv(name) !== undefined || isUnfinished(name));
  for (const { name } of ours) await inTime(() => removeLv(place.vg, name));
  if (thin?.tags.includes(madeTag(pool)) && ours.length === lvs.length) await removeLv(place.vg, place.thin);
  await lvm("vgchange", ["--deltag", usedTag, "--deltag", madeTag(pool), "--", place.vg]);
}

/** Removes a logical volume; a missing one is not an error. */
export async function removeLv(vg: string, lv: string): Promise<void> {
  const { code, stderr } = await lvm("lvremove", ["--force", "--yes", "--", `${vg}/${lv}`], { accept: [0, 5] });
  if (code !== 0 && !/Failed to find|not found/.test(stderr))
    throw internal(`Cannot remove the logical volume "${vg}/${lv}": ${lvmWords(stderr)}`);
}

/** Space of the thin pool; LVM counts no inodes. */
export async function lvmResources(pool: PoolPlace): Promise<StoragePoolResources> {
  const { thin } = await reportOf(pool);
  if (thin === undefined)
    throw unavailable(`Cannot tell what storage pool "${pool.name}" holds: its thin pool is missing.`);
  const { bytes, dataPercent } = thin;
  return { space: { used: Math.round((bytes * dataPercent) / 100), total: bytes }, inodes: { used: 0, total: 0 } };
}

/** From here on the metadata of a thin pool, which are a fraction of it, may run out within an operation. */
const fullMetadata = 0.95;
const fullData = 0.995;

/** @throws ApiError UNAVAILABLE for a thin pool in which nothing can be made: what is written to a full one is lost */
export async function requireRoom(pool: PoolPlace): Promise<void> {
  const { vg, thin } = groupOf(pool);
  // The kernel's own word: LVM would read every disk of the host for it.
  const { stdout } = await run("dmsetup", ["status", `${mapped(vg, thin)}-tpool`], { accept: [0, 1] });
  const taken = readFullness(stdout);
  if (taken === undefined) return;
  const full = taken.data >= fullData ? "space" : taken.metadata >= fullMetadata ? "metadata" : undefined;
  if (full !== undefined)
    throw unavailable(
      `No space left in storage pool "${pool.name}": the ${full} of its thin pool "${vg}/${thin}" is used up. Remove instances, snapshots or files, or enlarge it ("lvextend ${full === "metadata" ? "--poolmetadatasize +64M" : "--size +10G"} ${vg}/${thin}").`,
    );
}
