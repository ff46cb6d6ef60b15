/** LVM place: where a pool of LVM is: its volume group, its thin pool, and what they stand on. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { unavailable } from "../../../../sdk/api/errors";
import { entries, ignoring } from "../../../platform/folders/files";
import { numberOf } from "../../../platform/host/block-devices";
import type { PoolPlace } from "../driver";
import { lvm, lvmReport } from "./lvm-host";
import { deviceOf, mapped } from "./lvm-names";
import { type Group, type Lv, lvColumns, readGroup, readVg, type Vg, vgColumns } from "./lvm-report";

/** Says that the daemon made the volume group on the block device, so that it may take it away again. */
export const deviceKey = "volatile.initial_source";

/** What a pool stands on: an image file of the daemon's, a block device that it was given, or a volume group that was there. */
export type LvmKind = "loop" | "device" | "group";

export interface LvmPlace {
  readonly kind: LvmKind;
  readonly vg: string;
  readonly thin: string;
}

export async function lvmPlaceOf(pool: PoolPlace): Promise<LvmPlace> {
  const set = storagePoolConfig(pool.config);
  const source = set.get("source");
  const kind = await kindOf(pool, source);
  const vg = set.get("lvm.vg_name") || (kind === "group" ? (source ?? "") : pool.name);
  return { kind, vg, thin: thinOf(pool) };
}

async function kindOf(pool: PoolPlace, source: string | undefined): Promise<LvmKind> {
  if (!source || source === pool.diskImage) return "loop";
  if (storagePoolConfig(pool.config).has(deviceKey)) return "device";
  return path.isAbsolute(source) && (await ignoring("ENOENT", stat(source)))?.isBlockDevice() ? "device" : "group";
}

const thinOf = (pool: PoolPlace): string => storagePoolConfig(pool.config).get("lvm.thinpool_name");

/** The same without a look at the disk. */
export function groupOf(pool: PoolPlace): Pick<LvmPlace, "vg" | "thin"> {
  const set = storagePoolConfig(pool.config);
  const source = set.get("source") ?? "";
  return { vg: set.get("lvm.vg_name") || (path.isAbsolute(source) ? "" : source) || pool.name, thin: thinOf(pool) };
}

/** A mark on what the daemon made for this pool and no other: a pool of another state folder may have the same name. */
export const madeTag = (pool: PoolPlace): string =>
  `bothy.made.${createHash("sha256").update(pool.path).digest("hex").slice(0, 16)}`;

/** A mark on the volume group of each pool. */
export const usedTag = "bothy.pool";

export async function findVg(vg: string): Promise<Vg | undefined> {
  const json = await lvmReport("vgs", ["-o", vgColumns, "--", vg]);
  return json === undefined ? undefined : readVg(json);
}

/** What is in the volume group of a pool, by LVM itself. @throws ApiError UNAVAILABLE when it is missing */
export async function reportOf(pool: PoolPlace): Promise<Group> {
  const found = await findGroup(groupOf(pool));
  if (found !== undefined) return found;
  const { vg } = groupOf(pool);
  throw unavailable(
    `Cannot use storage pool "${pool.name}": its volume group "${vg}" is missing. Is its disk there? Look at it with "vgs".`,
  );
}

export async function findGroup({ vg, thin }: Pick<LvmPlace, "vg" | "thin">): Promise<Group | undefined> {
  const json = await lvmReport("lvs", ["-o", lvColumns, "--", vg]);
  return json === undefined ? undefined : readGroup(json, thin);
}

/** Makes logical volumes active; those of pools are marked to be left out when the host does that for all. */
export async function activate(vg: string, lvs: readonly Lv[]): Promise<void> {
  const inactive = lvs.filter(({ isActive }) => !isActive).map(({ name }) => `${vg}/${name}`);
  if (inactive.length > 0) await lvm("lvchange", ["--activate", "y", "--ignoreactivationskip", "--", ...inactive]);
}

/**
 * Names of the logical volumes of a volume group that are active, as all of an open pool are. The kernel's device mapper tells them without LVM,
 * which reads every disk of the host each time that it is asked.
 */
export async function activeLvs(vg: string): Promise<string[]> {
  const prefix = mapped(vg, "");
  const rests = (await entries("/dev/mapper"))
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  // A single dash is that of another group, or of a part that LVM made for itself.
  return rests.filter((rest) => !rest.replaceAll("--", "").includes("-")).map((rest) => rest.replaceAll("--", "-"));
}

/** Bytes of an active logical volume, or nothing for one that is not there. */
export async function bytesOfLv(vg: string, lv: string): Promise<number | undefined> {
  const found = await ignoring("ENOENT", stat(deviceOf(vg, lv)));
  if (found === undefined) return undefined;
  return Number(await readFile(`/sys/dev/block/${numberOf(found.rdev)}/size`, "utf8")) * 512;
}
