/** ZFS sizes: how a data set is bounded, and what it holds; in LXD's way. */
import type { PoolPlace, Volume, VolumeUsage } from "../driver";
import { configFor } from "./volume-keys";

/** Numbers of a data set, in bytes; 0 where nothing bounds it. */
export interface ZfsUsage {
  /** What it alone takes, with its snapshots. */
  readonly used: number;
  /** What can be seen in it, whoever shares it. */
  readonly referenced: number;
  /** Bounds the first. */
  readonly quota: number;
  /** Bounds the second. */
  readonly refquota: number;
}

export const usageColumns = "used,referenced,quota,refquota";

/** Reads what `zfs list -H -p -o COLUMNS` says of one data set. */
export function parseUsage(text: string): ZfsUsage {
  const numbers = text.trim().split("\t").map(Number);
  const [used = 0, referenced = 0, quota = 0, refquota = 0] = numbers.map((each) => (Number.isFinite(each) ? each : 0));
  return { used, referenced, quota, refquota };
}

/** @returns what is told of a volume: what counts for its bound, or what it alone takes */
export function usageFrom({ used, referenced, quota, refquota }: ZfsUsage): VolumeUsage {
  if (refquota > 0) return { used: referenced, total: refquota };
  return { used, total: quota > 0 ? quota : undefined };
}

/** Properties that bound a data set. @param size in bytes; undefined for no bound */
export function boundsOf(
  pool: Pick<PoolPlace, "config" | "keysOf">,
  volume: Volume,
  size: number | undefined,
): string[] {
  const set = configFor(pool, volume);
  const [name, other] = set.get("volume.zfs.use_refquota") ? ["refquota", "quota"] : ["quota", "refquota"];
  const [reservation, none] = name === "quota" ? ["reservation", "refreservation"] : ["refreservation", "reservation"];
  const reserved = set.get("volume.zfs.reserve_space") ? size : undefined;
  return [`${name}=${size ?? "none"}`, `${other}=none`, `${reservation}=${reserved ?? "none"}`, `${none}=none`];
}

/** The size of a volume's largest blocks, if it or its pool says one. */
export const blocksOf = (pool: Pick<PoolPlace, "config" | "keysOf">, volume: Volume): number | undefined =>
  configFor(pool, volume).get("volume.zfs.blocksize");

/** Properties of a new data set. @param bounds as `boundsOf` says */
export function birthOf(
  pool: Pick<PoolPlace, "config" | "keysOf">,
  volume: Volume,
  bounds: readonly string[],
): string[] {
  const blocks = blocksOf(pool, volume);
  return [...bounds, ...(blocks === undefined ? [] : [`recordsize=${blocks}`])];
}
