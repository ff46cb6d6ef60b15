/**
 * Volume disk: a file system of its own for a volume whose size is bounded, where the driver has no quotas. It works on every file system.
 *
 *     containers/N/disk.img      ext4, as large as the volume may get; takes space as it fills, and gives it back
 *     containers/N/disk/         where it is mounted while the pool is open; the volume's content is in it
 *     containers/N/disk.growing  there while it grows: the file is larger already, its file system may not be
 *
 * It grows in place, also under a running container. Any other change makes the volume anew beside the old one (`replace`): a crash in the
 * middle of a shrinking file system would lose it.
 */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm, stat, statfs, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { badRequest, unavailable } from "../../../../sdk/api/errors";
import { findProgram } from "../../../../sdk/host/program";
import { errnoOf, ignoring, isThere } from "../../../platform/folders/files";
import { mountAt, mountsBelow } from "../../../platform/host/mounts";
import { run } from "../../../platform/processes/run";
import { labelFolder } from "../../../platform/selinux/labels";
import type { VolumeUsage } from "../driver";
import { loopsGone, loopsOf } from "./loops";

const imageOf = (folder: string) => path.join(folder, "disk.img");
const pointOf = (folder: string) => path.join(folder, "disk");
const growingOf = (folder: string) => path.join(folder, "disk.growing");

/** The least that holds a file system worth the name. */
const leastBytes = 2 * 2 ** 20;
/** From here on blocks have 4 KiB; smaller file systems waste less with 1 KiB. */
const largeBytes = 64 * 2 ** 20;

const programs = ["mkfs.ext4", "resize2fs", "e2fsck"];

/** Why this host cannot bound volumes so, or nothing when it can. */
export function disksUnavailable(): string | undefined {
  const missing = programs.find((program) => findProgram(program) === undefined);
  return missing && `the program "${missing}" is missing. Install the package e2fsprogs`;
}

const hasDisk = (folder: string): boolean => existsSync(imageOf(folder));

/** Folder that holds the content of a volume: its own, or its file system. */
export const contentOf = (folder: string): string => (hasDisk(folder) ? pointOf(folder) : folder);

/**
 * The same, for a volume that is to be used.
 * @param part what is in the content of every volume @throws ApiError UNAVAILABLE when its file system could not be mounted
 */
export function openContentOf(folder: string, part: string): string {
  const content = contentOf(folder);
  if (content !== folder && !existsSync(path.join(content, part)))
    throw unavailable(
      `Cannot use volume "${path.basename(folder)}": its file system in "${imageOf(folder)}" is not mounted. See "bothy warning list".`,
    );
  return content;
}

/** Bytes that a volume's file system may take, or undefined when it has none. */
export const diskBytes = async (folder: string): Promise<number | undefined> =>
  (await ignoring(["ENOENT", "ENOTDIR"], stat(imageOf(folder))))?.size;

/** Gives a new volume a file system of its own, mounted. @throws ApiError BAD_REQUEST for a size that holds none, UNAVAILABLE */
export async function makeDisk(folder: string, bytes: number): Promise<void> {
  const reason = disksUnavailable();
  if (reason !== undefined) throw unavailable(`Cannot bound a volume to ${bytes} bytes: ${reason}.`);
  requireLeast(bytes);
  const file = await open(imageOf(folder), "wx", 0o600);
  await file.close();
  await setBytes(imageOf(folder), bytes);
  await makeExt4(imageOf(folder), bytes);
  await mountDisk(folder);
}

/** @throws ApiError BAD_REQUEST for a size that holds no file system */
export function requireLeast(bytes: number): void {
  if (bytes < leastBytes)
    throw badRequest(
      `Cannot bound a volume to ${bytes} bytes: no file system fits in that. Give a "size" of at least ${leastBytes / 2 ** 20}MiB.`,
    );
}

/** Makes an ext4 for a volume of so many bytes. @param target file or device */
export async function makeExt4(target: string, bytes: number): Promise<void> {
  const { blockBytes, journal, growth } = shapeOf(bytes);
  // Nothing is reserved for a root that is the guest's anyway.
  await run("mkfs.ext4", [
    ...["-q", "-F", "-m", "0", "-b", String(blockBytes), "-I", "256", "-J", `size=${journal}`],
    ...["-E", ["lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0", ...growth].join(), "--", target],
  ]);
}

/**
 * Blocks, journal and room to grow of an ext4. The journal is a part of the size, so a small one gets little of it. A quarter of its blocks is the most
 * that one change may write, and to grow a mounted file system writes every block that is set aside for descriptors of groups to come: mkfs.ext4
 * alone would set aside more. Past that bound the kernel keeps descriptors elsewhere (meta_bg).
 * @returns journal in MiB; growth as extended options
 */
export function shapeOf(bytes: number): { blockBytes: number; journal: number; growth: readonly string[] } {
  if (bytes < largeBytes) return { blockBytes: 1024, journal: 1, growth: [`resize=${(16 * 2 ** 30) / 1024}`] };
  const blockBytes = 4096;
  // The default, 1024 times the size, is little enough.
  if (bytes < 2 ** 30) return { blockBytes, journal: 4, growth: [] };
  if (bytes < 2 ** 41) return { blockBytes, journal: 16, growth: [`resize=${2 ** 42 / blockBytes}`] };
  return { blockBytes, journal: 64, growth: [] };
}

/** @throws ApiError BAD_REQUEST for more than a file of the host can have */
async function setBytes(file: string, bytes: number): Promise<void> {
  try {
    await truncate(file, bytes);
  } catch (error) {
    // Node takes no number that it cannot count by one.
    if (!["EFBIG", "ERR_OUT_OF_RANGE"].includes(errnoOf(error))) throw error;
    throw badRequest(
      `Cannot bound a volume to ${bytes} bytes: no file of this host is so large. Give a smaller "size".`,
      {
        cause: error,
      },
    );
  }
}

/** Mounts a volume's file system where it is not, and finishes its growth. Nothing to do for a volume without one. */
export async function mountDisk(folder: string): Promise<void> {
  if (!hasDisk(folder)) return;
  const [image, point] = [imageOf(folder), pointOf(folder)];
  await mkdir(point, { recursive: true, mode: 0o700 });
  // The kernel makes it read-only after an error, such as a full disk below the file; mounted anew it can be written.
  if ((await mountAt(point))?.isReadonly) {
    await unmountDisk(folder);
    await loopsGone(image);
  }
  if ((await mountAt(point)) === undefined) {
    // With a loop device it is in use still, such as by a container in whose mounts it is: then mount(8) takes that device again.
    if ((await loopsOf(image)).length === 0) await run("e2fsck", ["-p", "--", image], { accept: [0, 1] });
    await run("mount", ["-t", "ext4", "-o", "loop,discard", "--", image, point]);
    await labelFolder(point);
  }
  if (await isThere(growingOf(folder))) await growDisk(folder, (await diskBytes(folder)) ?? 0);
}

/** Unmounts a volume's file system; its loop device goes with the mount. @param isGoing it is to be removed: who still uses it keeps it to the end */
export async function unmountDisk(folder: string, isGoing = false): Promise<void> {
  if (!hasDisk(folder)) return;
  const point = pointOf(folder);
  while ((await ignoring("ENOENT", mountAt(point))) !== undefined) await unmount(point, isGoing);
}

async function unmount(point: string, isGoing: boolean): Promise<void> {
  if (isGoing) await run("umount", ["--lazy", "--", point]);
  else await run("umount", ["--", point]);
}

/** Unmounts the file systems of all volumes below a folder, such as of a pool that is closed. */
export async function unmountDisksBelow(folder: string, isGoing: boolean): Promise<void> {
  if (!(await isThere(folder))) return;
  for (const { point, source } of await mountsBelow(folder))
    if (path.basename(point) === "disk" && source.startsWith("/dev/loop")) await unmount(point, isGoing);
}

/** CAP_SYS_RESOURCE, which ext4 asks of who enlarges it while it is mounted. */
const resourceBit = 24n;

/** Whether a mounted file system can be enlarged; a daemon in a container of some other kind may lack the capability. */
export async function canGrow(): Promise<boolean> {
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile("/proc/self/status", "utf8")) ?? [];
  return ((BigInt(`0x${effective ?? "0"}`) >> resourceBit) & 1n) === 1n;
}

/** Makes a volume's file system larger, also while it is used. Asks for `canGrow`. */
export async function growDisk(folder: string, bytes: number): Promise<void> {
  const image = imageOf(folder);
  await writeFile(growingOf(folder), "");
  await setBytes(image, bytes);
  const [device] = await loopsOf(image);
  if (device === undefined) throw unavailable(`Cannot grow the file system in "${image}": it is not mounted.`);
  await run("losetup", ["--set-capacity", device]);
  await run("resize2fs", [device]);
  await rm(growingOf(folder), { force: true });
}

/** What a volume's file system holds and can hold, or undefined when it has none. */
export async function diskUsage(folder: string): Promise<VolumeUsage | undefined> {
  if (!hasDisk(folder) || (await mountAt(pointOf(folder))) === undefined) return undefined;
  const { blocks, bfree, bsize } = await statfs(pointOf(folder));
  return { used: (blocks - bfree) * bsize, total: blocks * bsize };
}
