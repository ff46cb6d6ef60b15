/** Below: whether a path lies in a folder, by its text; where symlinks lead is not looked at. */
import path from "node:path";

/** @param folder absolute @param file absolute @returns whether it is the folder itself, or below it */
export function isBelow(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way !== ".." && !way.startsWith("../");
}
