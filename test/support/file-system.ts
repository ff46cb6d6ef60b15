/** File systems for tests: small ones of their own, which may be filled. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Runs the work with a folder that is a fresh btrfs behind a loop device, and leaves nothing of both. */
export async function onBtrfs(work: (folder: string) => Promise<void>, size = "128M"): Promise<void> {
  const base = mkdtempSync(path.join(tmpdir(), "bothy-btrfs-"));
  const [file, folder] = [path.join(base, "image"), path.join(base, "at")];
  mkdirSync(folder);
  execFileSync("truncate", ["-s", size, file]);
  execFileSync("mkfs.btrfs", ["-q", "-m", "single", file]);
  execFileSync("mount", ["-t", "btrfs", "-o", "loop,user_subvol_rm_allowed", file, folder]);
  try {
    await work(folder);
  } finally {
    execFileSync("umount", ["-R", folder]);
    rmdirSync(folder);
    rmSync(base, { recursive: true });
  }
}
