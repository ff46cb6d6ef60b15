/** Block devices: what a path of the host lies on, as control groups count it: whole disks, by number such as "8:0". */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { ignoring, isThere } from "../folders/files";
import { mountOf } from "./mounts";

/**
 * @returns the disks of a file or folder: one, or several below one btrfs; none for a file system without a disk, such as one in memory, and for a path
 * that is not there
 */
export async function blockDevicesOf(file: string): Promise<string[]> {
  const found = await ignoring(["ENOENT", "ENOTDIR"], stat(file));
  if (found === undefined) return [];
  const disk = await wholeDisk(numberOf(found.isBlockDevice() ? found.rdev : found.dev));
  if (disk !== undefined) return [disk];
  // Each subvolume of btrfs has a device number of its own, which is no device's.
  const mount = await mountOf(await realpath(file));
  return mount?.type === "btrfs" ? disksOfBtrfs(path.basename(await realpath(mount.source))) : [];
}

/** Number of a device such as "8:0", as glibc packs it (makedev(3)). */
export function numberOf(dev: number): string {
  const bits = BigInt(dev);
  const major = ((bits >> 8n) & 0xfffn) | ((bits >> 32n) & 0xfffff000n);
  const minor = (bits & 0xffn) | ((bits >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/** The disk that a device is, or is a partition of; nothing for a number that no block device has. */
async function wholeDisk(number: string): Promise<string | undefined> {
  const folder = await ignoring("ENOENT", realpath(`/sys/dev/block/${number}`));
  if (folder === undefined) return undefined;
  const disk = (await isThere(path.join(folder, "partition"))) ? path.dirname(folder) : folder;
  return (await readFile(path.join(disk, "dev"), "utf8")).trim();
}

/** @param device one of its devices, such as "loop3" */
async function disksOfBtrfs(device: string): Promise<string[]> {
  const systems = "/sys/fs/btrfs";
  for (const name of (await ignoring("ENOENT", readdir(systems))) ?? []) {
    const folder = path.join(systems, name, "devices");
    const devices = (await ignoring(["ENOENT", "ENOTDIR"], readdir(folder))) ?? [];
    if (!devices.includes(device)) continue;
    const numbers = devices.map(async (one) => (await readFile(path.join(folder, one, "dev"), "utf8")).trim());
    const disks = await Promise.all((await Promise.all(numbers)).map(wholeDisk));
    return [...new Set(disks.filter((disk) => disk !== undefined))];
  }
  return [];
}
