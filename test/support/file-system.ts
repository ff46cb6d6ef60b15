/** File systems for tests: small ones of their own, which may be filled. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export type FileSystem = "btrfs" | "ext4" | "tmpfs";

const formats: Readonly<Record<FileSystem, readonly string[] | undefined>> = {
  btrfs: ["mkfs.btrfs", "-q"],
  // No blocks that only root may take, and few inodes.
  ext4: ["mkfs.ext4", "-q", "-m", "0", "-N", "4096"],
  tmpfs: undefined,
};

/** Programs that a file system for tests needs. */
export const programsOf = (type: FileSystem): readonly string[] => [formats[type]?.[0] ?? "mount"];

/** Runs the work with a folder that is a fresh file system of its own, and leaves nothing of it. @param size such as "128M" */
export async function onFileSystem(
  type: FileSystem,
  size: string,
  work: (folder: string) => Promise<void>,
  options: readonly string[] = [],
): Promise<void> {
  const base = mkdtempSync(path.join(tmpdir(), `bothy-${type}-`));
  const [file, folder] = [path.join(base, "image"), path.join(base, "at")];
  mkdirSync(folder);
  const format = formats[type];
  if (format === undefined)
    execFileSync("mount", ["-t", type, "-o", [`size=${size}`, ...options].join(","), type, folder]);
  else {
    const [program = "", ...args] = format;
    execFileSync("truncate", ["-s", size, file]);
    execFileSync(program, [...args, file]);
    execFileSync("mount", ["-t", type, "-o", ["loop", ...options].join(","), file, folder]);
  }
  try {
    await work(folder);
  } finally {
    execFileSync("umount", ["-R", folder]);
    rmdirSync(folder);
    rmSync(base, { recursive: true });
  }
}

/** The same with btrfs, on which users may remove subvolumes of theirs. */
export const onBtrfs = (work: (folder: string) => Promise<void>, size = "128M"): Promise<void> =>
  onFileSystem("btrfs", size, work, ["user_subvol_rm_allowed"]);
