/** Files of /proc and /sys, any of which a machine may lack. */
import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";

/** Where the kernel's file systems are; tests have copies. */
export interface Roots {
  readonly proc: string;
  readonly sys: string;
  readonly dev: string;
  readonly share: string;
}

export const hostRoots: Roots = { proc: "/proc", sys: "/sys", dev: "/dev", share: "/usr/share" };

/** Nothing for whatever the system refuses: a file may be missing, hidden, or one that its driver does not fill. */
export async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}

/** The last part of what a link leads to. */
export async function linkedName(folder: string, name: string): Promise<string | undefined> {
  const target = await orNothing(readlink(path.join(folder, name)));
  return target === undefined ? undefined : path.basename(target);
}

export const textIn = (folder: string, name: string): Promise<string | undefined> =>
  orNothing(readFile(path.join(folder, name), "utf8"));

/** @returns the whole number in the file, or nothing when there is none */
export async function numberIn(folder: string, name: string): Promise<number | undefined> {
  const text = (await textIn(folder, name))?.trim() ?? "";
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Names in a folder; none when it is missing. */
export const readDir = async (folder: string): Promise<string[]> => (await orNothing(readdir(folder))) ?? [];
