/**
 * Own ids: those that this daemon has. On a host they are all there are; a daemon in a container has the container's, counted from 0, and no right to
 * mount anything through an id map. Its containers then all have the same ids, and their files lie on disk by these (docs/kernel.md, Nested containers).
 */
import { readFileSync } from "node:fs";

/** Ids that a container has unless somebody says otherwise. */
export const rangeSize = 65536;

const allIds = 2 ** 32 - 1;

/** How many ids from 0 on a map has without a gap. @param text of /proc/PID/uid_map or gid_map */
export function idsFromZero(text: string): number {
  const lines = text
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .sort(([a = 0], [b = 0]) => a - b);
  let next = 0;
  for (const [inner = -1, , count = 0] of lines) if (inner === next) next += count;
  return next;
}

const ownIds = Math.min(
  ...["uid_map", "gid_map"].map((name) => idsFromZero(readFileSync(`/proc/self/${name}`, "utf8"))),
);

/** Whether the daemon is an ordinary user's, in the namespace that it made for that: one range, and the user behind it (subordinate-ids.ts). */
export const hasUsersIds = ownIds === rangeSize + 1;

/** Whether the daemon runs in a container. */
export const isNested = ownIds < allIds && !hasUsersIds;

/** The id on disk of who is 0 in a container. */
export const diskBase = isNested ? rangeSize : 0;

/** Ids that a nested daemon has for its containers: all of its own but the first range, which is that of the system around it. */
export const nestedIds = Math.max(0, ownIds - rangeSize);
