/**
 * btrfs quotas: what each subvolume holds, and how much it may (btrfs-quota(8)). A limit counts what the subvolume refers to, as in LXD: what it
 * shares with its image or with snapshots too, so that no snapshot of the host's makes room in it.
 */
import { readdir, realpath } from "node:fs/promises";
import path from "node:path";
import { ignoring, isThere } from "../../../platform/folders/files";
import { mountOf } from "../../../platform/host/mounts";
import { run } from "../../../platform/processes/run";
import type { VolumeUsage } from "../driver";

/** How long the first limit in a pool waits for the count of what is in it; the kernel goes on counting after that. */
const countMs = 60_000;

/** Whether the file system that a path is on counts what each subvolume holds: since the first limit, or as an administrator wants it. */
export async function hasQuota(file: string): Promise<boolean> {
  const mount = await mountOf(await realpath(file));
  if (mount?.type !== "btrfs") return false;
  const device = path.basename(await realpath(mount.source));
  const systems = "/sys/fs/btrfs";
  for (const name of (await ignoring("ENOENT", readdir(systems))) ?? [])
    if (await isThere(path.join(systems, name, "devices", device))) return isThere(path.join(systems, name, "qgroups"));
  return false;
}

/** What a subvolume holds and may hold; undefined where nothing is counted. Without a limit it is what it alone holds, as LXD tells it. */
export async function quotaUsage(folder: string): Promise<VolumeUsage | undefined> {
  if (!(await hasQuota(folder))) return undefined;
  const { stdout } = await run("btrfs", ["qgroup", "show", "-rf", "--raw", "--", folder]);
  const [, referenced, exclusive, limit] = stdout.trimEnd().split("\n").at(-1)?.trim().split(/\s+/) ?? [];
  const isNumber = (text: string | undefined) => text !== undefined && /^\d+$/.test(text);
  if (!isNumber(referenced) || !isNumber(exclusive)) return undefined;
  return isNumber(limit)
    ? { used: Number(referenced), total: Number(limit) }
    : { used: Number(exclusive), total: undefined };
}

/** Bytes that a subvolume may hold, or undefined when nothing bounds it. */
export const quotaOf = async (folder: string): Promise<number | undefined> => (await quotaUsage(folder))?.total;

/**
 * Bounds a subvolume. The first bound in a file system makes it count.
 * @param pool folder of the pool: a request by way of the subvolume itself would need room in it, which a full one has not
 */
export async function setQuota(pool: string, folder: string, size: number | undefined): Promise<void> {
  const isCounted = await hasQuota(pool);
  if (!isCounted && size === undefined) return;
  if (!isCounted) await beginCounting(pool);
  const id = (await run("btrfs", ["inspect-internal", "rootid", folder])).stdout.trim();
  // A subvolume that was made while the kernel began to count may have no group yet.
  await run("btrfs", ["qgroup", "create", `0/${id}`, pool], { accept: [0, 1] });
  await run("btrfs", ["qgroup", "limit", size === undefined ? "none" : String(size), `0/${id}`, pool]);
}

async function beginCounting(pool: string): Promise<void> {
  await run("btrfs", ["quota", "enable", pool]);
  const signal = AbortSignal.timeout(countMs);
  await run("btrfs", ["quota", "rescan", "-w", pool], { signal }).catch(() => undefined);
}

/** Forgets the groups of subvolumes that are gone; an older btrfs does not know how, and they cost little. */
export async function clearQuotas(pool: string): Promise<void> {
  if (await hasQuota(pool)) await run("btrfs", ["qgroup", "clear-stale", pool]).catch(() => undefined);
}
