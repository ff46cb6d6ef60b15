/** LVM host: what the lvm driver needs of the machine, and how LVM is called. */
import { readFile } from "node:fs/promises";
import { findProgram } from "../../../../sdk/host/program";
import { ignoring } from "../../../platform/folders/files";
import { type RunOptions, type RunResult, run } from "../../../platform/processes/run";

const programs: readonly (readonly [string, string])[] = [
  ["lvm", "lvm2"],
  ["dmsetup", "dmsetup"],
  ["thin_check", "thin-provisioning-tools"],
  ["mkfs.ext4", "e2fsprogs"],
  ["resize2fs", "e2fsprogs"],
  ["e2fsck", "e2fsprogs"],
  ["losetup", "mount"],
];

/** @returns why the host cannot carry pools of LVM, or nothing when it can */
export async function lvmUnavailable(): Promise<string | undefined> {
  for (const [program, packageName] of programs)
    if (findProgram(program) === undefined)
      return `the program "${program}" is missing. Install the package ${packageName}`;
  if (await hasThinPools()) return undefined;
  if (findProgram("modprobe") !== undefined) await run("modprobe", ["dm-thin-pool"], { accept: [0, 1] });
  return (await hasThinPools()) ? undefined : "the kernel has no device mapper with thin pools (dm-thin-pool)";
}

/** Asks the kernel's device mapper itself, which a container is seldom let to. */
async function hasThinPools(): Promise<boolean> {
  const devices = (await ignoring("ENOENT", readFile("/proc/misc", "utf8"))) ?? "";
  if (!/\bdevice-mapper$/m.test(devices)) return false;
  return run("dmsetup", ["targets"], { env: environment() }).then(
    ({ stdout }) => /^thin-pool\s/m.test(stdout),
    () => false,
  );
}

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: "C", LVM_SUPPRESS_FD_WARNINGS: "1" });

/** Runs a command of LVM, which waits for others that change the same volume group. @throws ApiError INTERNAL with what it said */
export const lvm = (command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  run("lvm", [command, ...args], { ...options, env: environment() });

const report = ["--reportformat", "json", "--units", "b", "--nosuffix"];

/** Exit code of LVM for what is not there, and for anything else that it could not do. */
const failed = 5;

/** Runs lvs or vgs. @returns JSON, or nothing where LVM fails, as for a volume group that is not there */
export async function lvmReport(command: "lvs" | "vgs", args: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await lvm(command, [...report, ...args], { accept: [0, failed] });
  return code === 0 ? stdout : undefined;
}

/** What LVM said of why it failed, in one line, without its warnings. */
export const lvmWords = (stderr: string): string =>
  stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("WARNING"))
    .join("; ");
