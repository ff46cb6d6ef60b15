/**
 * Aside: what stands where a folder, a file or a socket of the daemon's belongs keeps it neither from starting nor from going on. It is renamed and stays
 * for whoever put it there; the log tells of it, and each start does as of a stray (strays.ts).
 */
import { lstatSync, mkdirSync, renameSync, type Stats, statSync } from "node:fs";
import type { Log } from "../log";
import { keptName } from "./kept-name";

const mark = ".aside-";

/** Whether a name is one of what was put aside. */
export const isAside = (name: string): boolean => name.includes(mark);

/** Makes a folder, unless there is one or a link to one. What else stands there is put aside. @returns where that is now */
export function ownFolder(log: Log | undefined, folder: string, mode: number): string | undefined {
  if (isFolder(folder)) return undefined;
  const moved = putAside(log, folder, () => false);
  mkdirSync(folder, { recursive: true, mode });
  return moved;
}

/** Puts aside what stands in the place of a file and is none: opening a fifo would never end, and a link may lead anywhere. */
export function ownFile(log: Log, file: string): void {
  putAside(log, file, (found) => found.isFile());
}

/** Puts a folder aside that stands where a name is about to be removed and made anew. */
export function ownName(log: Log, name: string): void {
  putAside(log, name, (found) => !found.isDirectory());
}

/** Whether there is a folder, or a link to one. */
export function isFolder(folder: string): boolean {
  try {
    return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    // A link that leads to itself, or through a file.
    if (["ELOOP", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

function putAside(log: Log | undefined, file: string, isFit: (found: Stats) => boolean): string | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined || isFit(found)) return undefined;
  const moved = keptName(file, mark);
  renameSync(file, moved);
  log?.warning("Something else stood in the place of what is the daemon's, and was put aside", { file, moved });
  return moved;
}
