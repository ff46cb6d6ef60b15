/** btrfs host: what the btrfs driver needs of the machine, and what the file system tells about itself. */
import { readFile, statfs } from "node:fs/promises";
import { findProgram } from "../../../../sdk/host/program";
import { ignoring } from "../../../platform/folders/files";
import { run } from "../../../platform/processes/run";

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
