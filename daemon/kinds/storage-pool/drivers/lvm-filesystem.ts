/** LVM file systems: each volume of LVM has one of its own, ext4 where nobody asked for another. What a volume has is a mark on it. */
import { badRequest } from "../../../../sdk/api/errors";
import { findProgram } from "../../../../sdk/host/program";
import { run } from "../../../platform/processes/run";
import { labelFolder } from "../../../platform/selinux/labels";
import type { PoolPlace, Volume } from "../driver";
import type { Lv } from "./lvm-report";
import { makeExt4, requireLeast } from "./volume-disk";
import { configFor } from "./volume-keys";

export type FileSystem = "ext4" | "xfs" | "btrfs";

const mark = "bothy.fs.";

/** Options for lvcreate that mark a volume. */
export const markOf = (fileSystem: FileSystem): string[] =>
  fileSystem === "ext4" ? [] : ["--addtag", mark + fileSystem];

export const fileSystemOf = ({ tags }: Lv): FileSystem =>
  (tags.find((tag) => tag.startsWith(mark))?.slice(mark.length) as FileSystem | undefined) ?? "ext4";

/** File system of a new volume. */
export const wantedFileSystem = (pool: PoolPlace, volume: Volume): FileSystem =>
  configFor(pool, volume).get("volume.block.filesystem") ?? "ext4";

const packages: Readonly<Record<FileSystem, string>> = {
  ext4: "e2fsprogs",
  xfs: "xfsprogs",
  btrfs: "btrfs-progs",
};

/** @throws ApiError BAD_REQUEST for a size that holds no file system, or a file system that this host cannot make */
export async function makeFileSystem(device: string, bytes: number, fileSystem: FileSystem): Promise<void> {
  requireLeast(bytes);
  if (fileSystem === "ext4") return makeExt4(device, bytes);
  const program = `mkfs.${fileSystem}`;
  if (findProgram(program) === undefined)
    throw badRequest(
      `Cannot make a file system "${fileSystem}": the program "${program}" is missing. Install the package ${packages[fileSystem]}, or choose another "block.filesystem".`,
    );
  // What is not used yet is blank.
  const { code, stderr } = await run(program, ["-q", "-K", "--", device], { accept: [0, 1] });
  if (code !== 0)
    throw badRequest(
      `Cannot make a file system "${fileSystem}" of ${bytes} bytes: ${stderr.trim().replace(/\s*\n\s*/g, "; ")}`,
    );
}

/**
 * Mounts a volume's file system. @param volume that it is of, or is to be of; absent for a moment's work on it
 * @throws ApiError BAD_REQUEST for options that the file system does not take
 */
export async function mountFileSystem(
  pool: PoolPlace,
  device: string,
  point: string,
  fileSystem: FileSystem,
  volume: Volume | undefined,
): Promise<void> {
  const options = optionsFor(pool, fileSystem, volume);
  await mount(["-t", fileSystem, "-o", options, "--", device, point], options, volume);
  if (volume === undefined || !isReadonly(volume)) await labelFolder(point);
}

/** Brings the options of a mount in line with what its volume says now. @throws ApiError BAD_REQUEST, with the mount as it was */
export async function remountFileSystem(
  pool: PoolPlace,
  point: string,
  fileSystem: FileSystem,
  volume: Volume,
): Promise<void> {
  const options = optionsFor(pool, fileSystem, volume);
  await mount(["-o", `remount,${options}`, "--", point], options, volume);
}

/** Exit code of mount(8) for a mount that failed, as by a wrong option. */
const mountFailed = 32;

async function mount(args: readonly string[], options: string, volume: Volume | undefined): Promise<void> {
  const { code, stderr } = await run("mount", args, { accept: [0, mountFailed] });
  if (code !== 0)
    throw badRequest(
      `Cannot mount volume "${volume?.name ?? ""}" with the options "${options}": ${lineOf(stderr)}. See its "block.mount_options", or "volume.block.mount_options" of its pool.`,
    );
}

const lineOf = (text: string): string => text.trim().replace(/\s*\n\s*/g, "; ");

/** Mends what an error of the disk left, such as of a full thin pool; of one that is in order it costs little. */
export async function mendFileSystem(device: string, fileSystem: FileSystem): Promise<void> {
  if (fileSystem === "ext4") await run("e2fsck", ["-p", "--", device], { accept: [0, 1] });
}

const readonlyOptions: Readonly<Record<FileSystem, string>> = {
  ext4: "ro,noload",
  xfs: "ro,norecovery,nouuid",
  btrfs: "ro",
};

/** The kernel would write all tables of inodes of a large ext4 in the background, and so take room in the thin pool. */
const writableOptions: Readonly<Record<FileSystem, string>> = { ext4: "noinit_itable", xfs: "rw", btrfs: "rw" };

/** Nothing may change what is in a snapshot or an image, not even a journal. */
function optionsFor(pool: PoolPlace, fileSystem: FileSystem, volume: Volume | undefined): string {
  if (volume === undefined) return writableOptions[fileSystem];
  if (isReadonly(volume)) return readonlyOptions[fileSystem];
  return [writableOptions[fileSystem], configFor(pool, volume).text("volume.block.mount_options") ?? "discard"].join(
    ",",
  );
}

export const isReadonly = ({ type }: Volume): boolean => type !== "containers" && type !== "custom";

/**
 * Gives a copy of a volume an id of its own: the kernel mounts no two file systems of one id, but for ext4. Nobody has the copy mounted.
 * @param at folder to mount it at for a moment
 */
export async function renewId(device: string, fileSystem: FileSystem, at: string): Promise<void> {
  if (fileSystem === "ext4") return;
  if (fileSystem === "btrfs") {
    await run("btrfstune", ["-f", "-u", device]);
    return;
  }
  // What its journal holds has to be in place first.
  await run("mount", ["-t", "xfs", "-o", "nouuid", "--", device, at]);
  await run("umount", ["--", at]);
  await run("xfs_admin", ["-U", "generate", device]);
}

/** Makes a file system as large as its device, which has grown. @param point where it is mounted */
export async function growMounted(device: string, point: string, fileSystem: FileSystem): Promise<void> {
  if (fileSystem === "ext4") await run("resize2fs", [device]);
  else if (fileSystem === "xfs") await run("xfs_growfs", [point]);
  else await run("btrfs", ["filesystem", "resize", "max", point]);
}

/** The same of an ext4 that is mounted nowhere. @param bytes when it shall be smaller than its device @throws ApiError BAD_REQUEST when its content does not fit */
export async function resizeUnmounted(device: string, bytes?: number): Promise<void> {
  await run("e2fsck", ["-f", "-p", "--", device], { accept: [0, 1] });
  const size = bytes === undefined ? [] : [`${Math.floor(bytes / 1024)}K`];
  const { code, stderr } = await run("resize2fs", [device, ...size], { accept: [0, 1] });
  if (code !== 0)
    throw badRequest(
      `The content does not fit into ${bytes} bytes: ${stderr.trim().replace(/\s*\n\s*/g, "; ")}. Give a larger "size".`,
    );
}
