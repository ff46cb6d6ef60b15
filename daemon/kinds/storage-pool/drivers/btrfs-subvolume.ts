/** btrfs subvolumes: every volume's folder is one. They are removed as any tree is (daemon/platform/native/removal.ts). */
import { statfs } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isNoSpace } from "../../../platform/folders/files";
import { run } from "../../../platform/processes/run";
import type { PoolPlace } from "../driver";
import { copyNested, nestedIn } from "./btrfs-nested";

type Hands = Pick<PoolPlace, "run">;

/** Makes an empty subvolume. */
export async function createSubvolume({ run: runs }: Hands, folder: string): Promise<void> {
  await withRoom(path.dirname(folder), () => runs(["btrfs", "-q", "subvolume", "create", "--", folder]));
}

/** Makes a snapshot, with the subvolumes that are within the source. */
export async function snapshotSubvolume(hands: Hands, from: string, to: string, isReadonly: boolean): Promise<void> {
  const nested = await nestedIn(from);
  const isFinal = isReadonly && nested.length === 0;
  const command = ["btrfs", "-q", "subvolume", "snapshot", ...(isFinal ? ["-r"] : []), "--", from, to];
  await withRoom(path.dirname(to), () => hands.run(command));
  if (nested.length === 0) return;
  await copyNested(hands, from, to, nested);
  if (isReadonly) await setReadonly(hands, to, true);
}

/** Makes a subvolume read-only, or writable again. */
export const setReadonly = ({ run: runs }: Hands, folder: string, isReadonly: boolean): Promise<void> =>
  runs(["btrfs", "property", "set", "-t", "subvol", folder, "ro", String(isReadonly)]);

/** Free part below which somebody may wait for space. */
const scarce = 0.02;
const patienceMs = 10_000;
const retryMs = 250;

/**
 * Waits for the space of removed subvolumes where there is little: the kernel gives it back in the background, and whoever deletes on a full
 * file system wants to use it. After some seconds it goes on without.
 * @param below folder of the image file that the file system is in, if it is in one: its holes are room for others, and for what it writes next
 */
export async function giveBack(folder: string, below: string | undefined): Promise<void> {
  const isBelowScarce = below !== undefined && (await isScarce(below));
  if (!isBelowScarce && !(await isScarce(folder))) return;
  const free = [
    btrfs("filesystem", "sync", folder),
    btrfs("subvolume", "sync", folder),
    btrfs("filesystem", "sync", folder),
  ];
  await inSomeSeconds(...free);
  if (isBelowScarce) await trim(folder);
}

/** Makes holes in the image file. On a full file system the kernel may have no room to note even that, and finds it a moment later. */
async function trim(folder: string): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  while (!signal.aborted && !(await isTrimmed(folder, signal))) await delay(retryMs);
}

const isTrimmed = (folder: string, signal: AbortSignal): Promise<boolean> =>
  run("fstrim", [folder], { signal }).then(
    () => true,
    () => false,
  );

async function isScarce(folder: string): Promise<boolean> {
  const { bavail, blocks } = await statfs(folder);
  return bavail <= blocks * scarce;
}

const btrfs = (...args: string[]): string[] => ["btrfs", ...args];

/**
 * Makes something in a folder. Where the file system is full, once more after it has put its house in order: chunks that were given to the
 * content of files and are empty by now are free for metadata only then (btrfs-balance(8)).
 */
async function withRoom(folder: string, make: () => Promise<unknown>): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    await inSomeSeconds(
      btrfs("filesystem", "sync", folder),
      btrfs("subvolume", "sync", folder),
      btrfs("balance", "start", "-dusage=5", folder),
    );
    await make();
  }
}

/** Runs commands that free space, as long as there is time. That one of them fails is no worse than before. */
async function inSomeSeconds(...commands: readonly (readonly string[])[]): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  for (const [program = "", ...args] of commands) await run(program, args, { signal }).catch(() => undefined);
}
