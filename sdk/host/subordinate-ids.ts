/** Subordinate ids: the ids that root has given to a user for containers (subuid(5)), and what an ordinary user lacks for a daemon. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { findProgram } from "./program";

/** Ids that a container has, as everywhere. */
export const containerIds = 65536;

/** As in uid_map(5): the first id inside, the first outside, and how many. */
export type MapLine = readonly [inner: number, outer: number, count: number];

export interface UserMap {
  readonly uids: readonly MapLine[];
  readonly gids: readonly MapLine[];
}

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Programs that write a map of several ranges for a user, which only root may (newuidmap(1)). */
const mappers = ["newuidmap", "newgidmap"] as const;

export function currentUser(): User {
  const { username: name, uid, gid } = userInfo();
  return { name, uid, gid };
}

interface Range {
  readonly owner: string;
  readonly first: number;
  readonly count: number;
}

function readRanges(file: string): Range[] {
  return read(file)
    .split("\n")
    .flatMap((line) => {
      const [owner = "", first, count] = line.trim().split(":");
      const range = { owner, first: Number(first), count: Number(count) };
      return /^[0-9]+$/.test(first ?? "") && /^[0-9]+$/.test(count ?? "") ? [range] : [];
    });
}

/** Missing and unreadable is the same here: nobody has any. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The user's ranges, one behind the other from 0 on, and the user's own id behind them; nothing when they are too few. */
function linesFor(ranges: readonly Range[], { name, uid }: User, own: number): MapLine[] | undefined {
  const lines: MapLine[] = [];
  let next = 0;
  for (const { owner, first, count } of ranges) {
    if (owner !== name && owner !== String(uid)) continue;
    const taken = Math.min(count, containerIds - next);
    if (taken > 0) lines.push([next, first, taken]);
    next += Math.max(taken, 0);
  }
  return next < containerIds ? undefined : [...lines, [containerIds, own, 1]];
}

/** @param etc folder of subuid and subgid @returns nothing when the user has too few ids */
export function userMap(user: User, etc = "/etc"): UserMap | undefined {
  const uids = linesFor(readRanges(`${etc}/subuid`), user, user.uid);
  const gids = linesFor(readRanges(`${etc}/subgid`), user, user.gid);
  return uids === undefined || gids === undefined ? undefined : { uids, gids };
}

/** The command by which root gives a user ids that nobody has. */
function remedyFor({ name }: User, etc: string): string {
  const all = [...readRanges(`${etc}/subuid`), ...readRanges(`${etc}/subgid`)];
  const first = Math.max(100_000, ...all.map((range) => range.first + range.count));
  const range = `${first}-${first + containerIds - 1}`;
  return `usermod --add-subuids ${range} --add-subgids ${range} ${name}`;
}

/** Switches of the host by which users may make no user namespaces: the file, what it then says, and the setting that mends it. */
const switches = [
  ["/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=65536"],
  ["/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"],
  ["/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"],
] as const;

/** What keeps an ordinary user from having a daemon, with what to do about it; nothing when nothing does. */
export function whatUserLacks(
  user: User,
  { etc = "/etc", searchPath = process.env.PATH ?? "" } = {},
): string | undefined {
  const absent = mappers.filter((name) => findProgram(name, searchPath) === undefined);
  if (absent.length > 0)
    return `a user other than root needs ${absent.join(" and ")}. Have root run: apt-get install uidmap`;
  const off = switches.find(([file, value]) => read(file).trim() === value);
  if (off !== undefined)
    return `this host lets no user but root make user namespaces. Have root run: sysctl -w ${off[2]}`;
  if (userMap(user, etc) === undefined)
    return `user "${user.name}" has fewer than ${containerIds} ids in ${etc}/subuid or ${etc}/subgid. Have root run: ${remedyFor(user, etc)}`;
  return undefined;
}
