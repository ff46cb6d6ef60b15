/** Open files: how many descriptors the daemon may have. */
import { readFileSync } from "node:fs";

/** The soft limit of this process; infinity when there is none. */
export function mostOpenFiles(): number {
  const limit = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}
