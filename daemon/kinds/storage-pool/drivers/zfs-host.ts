/** ZFS host: what the zfs driver needs of the machine. */
import { mkdtemp, rmdir, statfs } from "node:fs/promises";
import path from "node:path";
import { findProgram } from "../../../../sdk/host/program";
import { toApiError } from "../../../platform/errors";
import { readText } from "../../../platform/folders/files";
import { run } from "../../../platform/processes/run";
import type { TryRoot } from "../driver";

/** f_type of ZFS in statfs(2). */
const magic = 0x2fc12fc1;

/** The first version whose mounts can have mapped ids, without which a container would see nobody's files. */
const [leastMajor, leastMinor] = [2, 2];

/** @returns why the host cannot carry pools of ZFS, or nothing when it can @param scratch tried too where it lies on ZFS */
export async function zfsUnavailable(scratch: string, tryRoot: TryRoot): Promise<string | undefined> {
  for (const program of ["zfs", "zpool"])
    if (findProgram(program) === undefined)
      return `the program "${program}" is missing. Install the package zfsutils-linux`;
  if ((await moduleVersion()) === undefined && findProgram("modprobe") !== undefined)
    await run("modprobe", ["zfs"], { accept: [0, 1] });
  const reason = tooOld(await moduleVersion());
  if (reason !== undefined) return reason;
  const { code, stderr } = await run("zpool", ["list", "-H", "-o", "name"], { accept: [0, 1, 2] });
  if (code !== 0) return `the kernel's ZFS does not answer (${stderr.trim()})`;
  return (await statfs(scratch)).type === magic ? cannotMap(scratch, tryRoot) : undefined;
}

/** Version of the kernel's module, such as "2.3.2-2", or nothing when it is not loaded. */
export const moduleVersion = async (): Promise<string | undefined> =>
  (await readText("/sys/module/zfs/version"))?.trim();

/** @returns why a module cannot be used, or nothing when it can */
export function tooOld(version: string | undefined): string | undefined {
  if (version === undefined) return "the kernel has no ZFS. Install its module, such as by the package zfs-dkms";
  const [major = 0, minor = 0] = version.split(".").map(Number.parseFloat);
  const isOld = major < leastMajor || (major === leastMajor && minor < leastMinor);
  return isOld
    ? `the kernel's ZFS is ${version}, whose mounts cannot have mapped ids. Install version ${leastMajor}.${leastMinor} or newer`
    : undefined;
}

async function cannotMap(scratch: string, tryRoot: TryRoot): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(scratch, "zfs-"));
  try {
    await tryRoot({ type: "dir", path: folder });
    return undefined;
  } catch (error) {
    return `mounts with mapped ids do not work on the ZFS of "${scratch}" (${toApiError(error).message})`;
  } finally {
    await rmdir(folder);
  }
}
