/** btrfs host: what the btrfs driver needs of the machine, and what the file system tells about itself. */
import { readdir, readFile, realpath, statfs } from "node:fs/promises";
import path from "node:path";
import { findProgram } from "../../../../sdk/host/program";
import { ignoring, isThere } from "../../../platform/folders/files";
import { run } from "../../../platform/processes/run";
import { mountOf } from "./mounts";

/** f_type of btrfs in statfs(2). */
const magic = 0x9123683e;

/** Whether a path is on btrfs; not when it is missing. */
export const isOnBtrfs = async (file: string): Promise<boolean> =>
  (await ignoring("ENOENT", statfs(file)))?.type === magic;

/** @returns why the host cannot carry btrfs pools, or nothing when it can */
export async function btrfsUnavailable(): Promise<string | undefined> {
  for (const program of ["btrfs", "mkfs.btrfs"])
    if (findProgram(program) === undefined)
      return `the program "${program}" is missing. Install the package btrfs-progs`;
  if (await isKnownToKernel()) return undefined;
  if (findProgram("modprobe") !== undefined) await run("modprobe", ["btrfs"], { accept: [0, 1] });
  return (await isKnownToKernel()) ? undefined : "the kernel has no btrfs";
}

const isKnownToKernel = async () => /\bbtrfs$/m.test(await readFile("/proc/filesystems", "utf8"));

/** Whether the file system that a path is on counts what each subvolume holds; an administrator may switch that on. */
export async function hasQuota(file: string): Promise<boolean> {
  const mount = await mountOf(await realpath(file));
  if (mount?.type !== "btrfs") return false;
  const device = path.basename(await realpath(mount.source));
  const systems = "/sys/fs/btrfs";
  for (const name of (await ignoring("ENOENT", readdir(systems))) ?? [])
    if (await isThere(path.join(systems, name, "devices", device))) return isThere(path.join(systems, name, "qgroups"));
  return false;
}

/** Bytes that only this subvolume holds. */
export async function exclusiveBytes(folder: string): Promise<number | undefined> {
  const { stdout } = await run("btrfs", ["qgroup", "show", "-f", "--raw", "--", folder]);
  const [, , exclusive] = stdout.trimEnd().split("\n").at(-1)?.trim().split(/\s+/) ?? [];
  return exclusive === undefined || !/^\d+$/.test(exclusive) ? undefined : Number(exclusive);
}
