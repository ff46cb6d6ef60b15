/** Storage for tests: pools in a state folder of their own, roots seen as a container would see them, and crashes. */
import assert from "node:assert/strict";
import childProcess, { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import fs from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PoolPlace, StorageDriver, Volume } from "../../daemon/kinds/storage-pool/driver";
import { drivers } from "../../daemon/kinds/storage-pool/drivers";
import { isMounted } from "../../daemon/platform/host/mounts";
import { readFolderProject } from "../../daemon/platform/native/folder-project";
import { requireGone } from "../../daemon/platform/native/removal";
import type { RootSource } from "../../daemon/platform/native/root-source";
import { run } from "../../daemon/platform/processes/run";
import type { Config } from "../../sdk/api/common";
import { cellProgram } from "../../sdk/host/package";
import { requireFeature } from "./require";

export const container = (name: string): Volume => ({ type: "containers", name });
export const snapshot = (name: string): Volume => ({ type: "containers-snapshots", name });
export const custom = (name: string): Volume => ({ type: "custom", name });
export const customSnapshot = (name: string): Volume => ({ type: "custom-snapshots", name });
export const image = (name: string): Volume => ({ type: "images", name });

/** What the contract of storage drivers leaves to each of them. */
export interface Traits {
  /** Of a pool in a test, which is small. */
  readonly config: Config;
  /** Whether the pool counts what a volume holds: then any size counts at once. Else a size is that of a file system. */
  readonly hasQuota: boolean;
  /** Whether each volume has a size, also one that nobody gave one. */
  readonly isAlwaysBounded: boolean;
  /** Whether the file system of a volume with a size is in a file below the pool's folder. */
  readonly hasDiskFiles: boolean;
  /** Keys that only volumes of this driver have, as a volume is made with, and as they are changed while it is used. */
  readonly volumeKeys?: { readonly made: Config; readonly changed: Config };
}

const traits: Readonly<Record<string, Traits>> = {
  btrfs: { config: { size: "512MiB" }, hasQuota: true, isAlwaysBounded: false, hasDiskFiles: false },
  dir: { config: {}, hasQuota: false, isAlwaysBounded: false, hasDiskFiles: true },
  lvm: {
    config: { size: "1GiB" },
    hasQuota: false,
    isAlwaysBounded: true,
    hasDiskFiles: false,
    volumeKeys: {
      made: { "block.filesystem": "ext4", "block.mount_options": "discard" },
      changed: { "block.filesystem": "ext4", "block.mount_options": "noatime,discard" },
    },
  },
  zfs: {
    config: { size: "1GiB" },
    hasQuota: true,
    isAlwaysBounded: false,
    hasDiskFiles: false,
    volumeKeys: {
      made: { "zfs.blocksize": "16KiB", "zfs.use_refquota": "true" },
      changed: { "zfs.blocksize": "32KiB", "zfs.use_refquota": "false", "zfs.reserve_space": "true" },
    },
  },
  overlay: { config: {}, hasQuota: false, isAlwaysBounded: false, hasDiskFiles: true },
};

/** @throws Error for a driver of which nothing is said */
export function traitsOf(driver: string): Traits {
  const found = traits[driver];
  if (found === undefined) throw new Error(`test/support/storage.ts says nothing of the driver "${driver}".`);
  return found.hasDiskFiles && countsProjects() ? { ...found, hasQuota: true, hasDiskFiles: false } : found;
}

/** Whether the file system of pools in tests has project quotas, by which drivers that are folders bound volumes. */
const countsProjects = (): boolean =>
  (JSON.parse(execFileSync(cellProgram, ["project", tmpdir()], { encoding: "utf8" })) as { projects: boolean })
    .projects;

/** Configuration of a small pool. */
export const smallPool = (driver: string): Config => traitsOf(driver).config;

/** Hands of a pool without a daemon: the same program removes trees, and nothing may be left. */
export const hands = {
  removeTree: async (folder: string) => {
    const { stdout } = await run(cellProgram, ["remove", folder]);
    requireGone(folder, JSON.parse(stdout));
  },
  run: async ([program = "", ...args]: readonly string[]) => {
    await run(program, args);
  },
  keysOf: (): Config => ({}),
  folderProject: async (folder: string, change: readonly (string | number)[] = []) => {
    const { stdout } = await run(cellProgram, ["project", folder, ...change.map(String)]);
    return readFolderProject(JSON.parse(stdout));
  },
  onNote: () => undefined,
  onLeft: (folder: string, error: unknown) => {
    throw new Error(`${folder} is left`, { cause: error });
  },
  onClosed: ({ name }: Volume, error: unknown) => {
    throw new Error(`${name} cannot be opened`, { cause: error });
  },
};

const tryRoot = async (root: RootSource) => {
  inRoot(root, "true");
};

/** Every driver, with the reason why its tests are skipped here. */
export async function driversHere(): Promise<{ driver: StorageDriver; skip: string | false }[]> {
  const root = requireFeature("root", process.getuid?.() === 0);
  const scratch = mkdtempSync(path.join(tmpdir(), "bothy-probe-"));
  try {
    return await Promise.all(
      Object.values(drivers).map(async (driver) => {
        const isThere = root === false && (await driver.unavailable(scratch, tryRoot)) === undefined;
        return { driver, skip: root || requireFeature(driver.name, isThere) };
      }),
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Makes a state folder's part that pools need. */
export function makeState(): string {
  const state = mkdtempSync(path.join(tmpdir(), "bothy-storage-"));
  for (const name of ["storage-pools", "disks", "tmp"]) mkdirSync(path.join(state, name));
  return state;
}

/** Runs the work with a pool of the driver in a state folder of its own, and leaves nothing of both. */
export async function withPool(
  driver: StorageDriver,
  work: (pool: PoolPlace) => Promise<void>,
  config: Config = {},
): Promise<void> {
  const state = makeState();
  const bare = {
    name: "pool",
    path: path.join(state, "storage-pools", "pool"),
    diskImage: path.join(state, "disks", "pool.img"),
    config: { ...smallPool(driver.name), ...config },
    ...hands,
  };
  try {
    await work({ ...bare, config: await driver.createPool(bare) });
  } finally {
    await driver.deletePool(bare);
    rmSync(state, { recursive: true });
  }
}

/** The same with an image "base" in it, and a container "web" that is a clone of that. */
export const withClone = (
  driver: StorageDriver,
  work: (pool: PoolPlace) => Promise<void>,
  config: Config = {},
): Promise<void> =>
  withPool(
    driver,
    async (pool) => {
      await driver.create(pool, image("base"), smallTree);
      await driver.clone(pool, image("base"), container("web"));
      await work(pool);
    },
    config,
  );

/** Runs a shell script in a root folder as the kernel shows it to a container; an overlay is mounted for that. @returns its output */
export function inRoot(root: RootSource, script: string): string {
  if (root.type === "dir") return execFileSync("sh", ["-euc", script], { cwd: root.path, encoding: "utf8" }).trim();
  const options = `lowerdir=${root.lower.join(":")},upperdir=${root.upper},workdir=${root.work}`;
  const mounted = `mount -t overlay -o "$1" overlay "$2"; cd "$2"; ${script}`;
  const at = mkdtempSync(path.join(tmpdir(), "bothy-merged-"));
  try {
    const args = ["--mount", "sh", "-euc", mounted, "sh", options, at];
    return execFileSync("unshare", args, { encoding: "utf8" }).trim();
  } finally {
    rmSync(at, { recursive: true });
  }
}

/** Fills a root by a script. */
export const filledBy = (script: string) => async (rootPath: string) => {
  inRoot({ type: "dir", path: rootPath }, script);
};

/** A small root with what a copy likes to lose. */
export const smallTree = filledBy(`
  mkdir -p etc bin var/spool
  echo image > etc/name
  echo kept > etc/kept
  echo linked > etc/one && ln etc/one etc/two
  ln -s /etc/name etc/link
  echo tool > bin/tool && chmod 4755 bin/tool
  mknod null c 1 3
  mkfifo pipe
  chown 1000:1000 var/spool && chmod 1770 var/spool
  echo noted > etc/noted
  tar --format=pax --pax-option=SCHILY.xattr.user.note:=remember -cf note.tar etc/noted
  tar --xattrs --xattrs-include='*' -xf note.tar && rm note.tar
`);

/** Prints what smallTree made, one line a property. */
export const describeTree = `
  stat -c '%n %F %a %u:%g %h' etc/name etc/one etc/two etc/link bin/tool null pipe var/spool
  [ etc/one -ef etc/two ] && echo hard-linked
  readlink etc/link
  stat -c '%t:%T' null
  tar --xattrs --xattrs-include='user.*' --format=pax -cf - etc/noted | grep -ao 'SCHILY.xattr.user.note=remember'
`;

/** Names below the pool that are of unfinished work. */
export function unfinished(pool: PoolPlace): string[] {
  const all = readdirSync(pool.path, { recursive: true, encoding: "utf8" });
  return all.filter((name) => path.basename(name).includes(":"));
}

/** Every mount, loop device and file that a pool could leave. */
export async function assertNoTrace(pool: PoolPlace): Promise<void> {
  assert.equal(await isMounted(pool.path), false, "no mount");
  assert.deepEqual(readdirSync(path.dirname(pool.path)), [], "no pool folder");
  assert.deepEqual(readdirSync(path.dirname(pool.diskImage)), [], "no image file");
  const loops = readdirSync("/sys/block").filter((name) => name.startsWith("loop"));
  const ours = [pool.diskImage, pool.path];
  for (const name of loops)
    assert.ok(!ours.some((file) => backingFile(name)?.startsWith(file)), `/dev/${name} is free`);
}

function backingFile(loop: string): string | undefined {
  try {
    return readFileSync(`/sys/block/${loop}/loop/backing_file`, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export class Crash extends Error {}

const changers = ["mkdir", "rename", "rm", "rmdir", "symlink", "unlink", "chmod", "chown", "utimes", "open"] as const;

/**
 * Runs the work as if the daemon were killed before its Nth change: from then on nothing reaches the disk, not even the undoing.
 * @returns whether the work came to its end before the crash, and how many programs it started
 */
export async function crashBefore(
  change: number,
  work: () => Promise<void>,
): Promise<{ isDone: boolean; programs: number }> {
  let left = change;
  let programs = 0;
  const guarded = <A extends unknown[], R>(call: (...args: A) => R) =>
    function step(this: unknown, ...args: A): R {
      left -= 1;
      if (left <= 0) throw new Crash("crashed");
      return call.apply(this, args);
    };
  const table = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const before = changers.map((name) => [name, table[name]!] as const);
  const { spawn } = childProcess;
  for (const [name, call] of before) table[name] = guarded(call);
  const counted = (...args: Parameters<typeof spawn>) => {
    programs += 1;
    return spawn(...args);
  };
  childProcess.spawn = guarded(counted as typeof spawn) as typeof spawn;
  try {
    await work();
    return { isDone: true, programs };
  } catch (error) {
    if (left > 0) throw error;
    return { isDone: false, programs };
  } finally {
    for (const [name, call] of before) table[name] = call;
    childProcess.spawn = spawn;
  }
}
