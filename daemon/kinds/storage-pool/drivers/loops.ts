/** Loop devices: those that stand on a file. */
import { setTimeout as delay } from "node:timers/promises";
import { isThere } from "../../../platform/folders/files";
import { run } from "../../../platform/processes/run";

/** Loop devices of a file, such as /dev/loop3; none when it is missing. */
export async function loopsOf(file: string): Promise<string[]> {
  if (!(await isThere(file))) return [];
  const { stdout } = await run("losetup", ["--associated", file, "--noheadings", "--output", "NAME"]);
  return stdout.split("\n").filter((device) => device !== "");
}

const longestHeldMs = 5000;

/**
 * Waits until the kernel has given back the loop devices of a file that was unmounted, or for some seconds: a process that has just got mounts of its own
 * may hold a copy of ours for a moment, and a mount meanwhile would be of the same file system in the state that it has.
 */
export async function loopsGone(file: string): Promise<void> {
  for (const end = Date.now() + longestHeldMs; Date.now() < end && (await loopsOf(file)).length > 0; ) await delay(20);
}

/** Gives the loop devices of a file back. */
export async function detachLoops(file: string): Promise<void> {
  // ENXIO (code 1): the kernel gave it back by itself meanwhile.
  for (const device of await loopsOf(file)) await run("losetup", ["--detach", device], { accept: [0, 1] });
}
