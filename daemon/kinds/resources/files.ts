/** Files of /proc and /sys, any of which a machine may lack. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** Where the kernel's file systems are; tests have copies. */
export interface Roots {
  readonly proc: string;
  readonly sys: string;
}

export const hostRoots: Roots = { proc: "/proc", sys: "/sys" };

/** Codes of a file that is missing, hidden, or that its driver does not fill. */
const absent = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EINVAL", "EIO", "ENODEV", "ENXIO", "EOPNOTSUPP"]);

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (absent.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
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
