/** ZFS sizes: how a data set is bounded, and what it holds; in LXD's way. */
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import type { PoolPlace, VolumeUsage } from "../driver";

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
export function boundsOf({ config }: Pick<PoolPlace, "config">, size: number | undefined): string[] {
  const set = storagePoolConfig(config);
  const [name, other] = set.get("volume.zfs.use_refquota") ? ["refquota", "quota"] : ["quota", "refquota"];
  const reservation = name === "quota" ? "reservation" : "refreservation";
  const words = [`${name}=${size ?? "none"}`, `${other}=none`];
  return set.get("volume.zfs.reserve_space") ? [...words, `${reservation}=${size ?? "none"}`] : words;
}

/** Properties of a new data set. @param bounds as `boundsOf` says */
export function birthOf({ config }: Pick<PoolPlace, "config">, bounds: readonly string[], isEmpty: boolean): string[] {
  const blocks = storagePoolConfig(config).get("volume.zfs.blocksize");
  return [...bounds, ...(isEmpty && blocks ? [`recordsize=${blocks}`] : [])];
}
