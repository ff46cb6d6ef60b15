/**
 * Room: a file system for the files of one test run. Where the machine's own is ext4 without a journal, as on many virtual machines of CI, the kernel looks at
 * each inode that was deleted in the last minutes before it gives one out (recently_deleted of fs/ext4/ialloc.c): a third of the processor time of a run.
 * It ends with the run, and with it what a test left.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startOf, sweepOrphans } from "../scene/owner";

/** Sparse, so only what is written counts. */
const size = "40G";
const prefix = "bothy-room-";

/** Programs say what is wrong on standard error. */
const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });

/** Makes one, does the work with its folder, and takes it away. Who may not mount has the machine's folder for temporary files instead, and is told so. */
export async function withRoom<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = path.join(tmpdir(), `${prefix}${process.pid}-${startOf(process.pid)}`);
  try {
    await sweep();
    make(folder);
  } catch (error) {
    console.error(`The files of this run are in ${tmpdir()}: ${(error as Error).message}`);
    return work(tmpdir());
  }
  try {
    return await work(folder);
  } finally {
    await remove(folder);
  }
}

function make(folder: string): void {
  const image = `${folder}.img`;
  mkdirSync(folder, { mode: 0o755 });
  try {
    run("truncate", "-s", size, image);
    run("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", image);
    // It has not to outlive a power cut.
    run("mount", "-o", "loop,discard,nobarrier", image, folder);
  } catch (error) {
    rmdirSync(folder);
    throw error;
  } finally {
    // The loop device holds it from here on, and frees it with the mount.
    rmSync(image, { force: true });
  }
  chmodSync(folder, 0o1777);
}

/** What tests left that were ended goes first: without the room nobody would find its processes by their files. */
async function remove(folder: string): Promise<void> {
  try {
    await sweepOrphans(folder);
  } finally {
    // Lazily: a process that a failed test left may have files open.
    if (statSync(folder).dev !== statSync(path.dirname(folder)).dev) run("umount", "--recursive", "--lazy", folder);
    rmdirSync(folder);
  }
}

/** Takes away the rooms of runs that were killed. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const [pid, start] = name.startsWith(prefix) ? name.slice(prefix.length).split("-") : [];
    if (pid === undefined || start === undefined || start.includes(".") || startOf(Number(pid)) === start) continue;
    await remove(path.join(tmpdir(), name));
  }
}
