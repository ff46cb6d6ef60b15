/** Host node: a device node that the host has, as a container gets it. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { orNothing, type Roots } from "./files";

export interface HostNode {
  /** Type and numbers, such as "c 226:0". */
  readonly node: string;
  /** Path on the host and in the container, such as "/dev/dri/card0". */
  readonly place: string;
}

/** The numbers in a dev_t (makedev(3)), which are no more than 44 bits here. */
export const majorOf = (rdev: number): number => ((rdev >>> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & 0xfffff000);
export const minorOf = (rdev: number): number => (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);

/**
 * A node below /dev, as a list of one; an empty one when it is not there, as between the kernel's message and udev's work, or is not what was asked for.
 * @param name below /dev @param numbers what the kernel says, such as "226:0"; any when absent
 */
export async function nodeAt(roots: Roots, name: string, letter: "b" | "c", numbers?: string): Promise<HostNode[]> {
  const found = await orNothing(stat(path.join(roots.dev, name)));
  if (found === undefined || !(letter === "c" ? found.isCharacterDevice() : found.isBlockDevice())) return [];
  const own = `${majorOf(found.rdev)}:${minorOf(found.rdev)}`;
  return numbers === undefined || numbers === own
    ? [{ node: `${letter} ${own}`, place: path.posix.join("/dev", name) }]
    : [];
}
