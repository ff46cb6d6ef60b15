/** LVM reports: what lvs and vgs say of themselves in JSON (lvmreport(7)), and sizes in whole extents. */
import { internal } from "../../../../sdk/api/errors";

/** A logical volume in a thin pool. */
export interface Lv {
  readonly name: string;
  readonly isActive: boolean;
  readonly tags: readonly string[];
}

/** A thin pool, of which LVM tells what is taken in percent. */
export interface ThinPool {
  readonly bytes: number;
  readonly dataPercent: number;
  readonly metadataPercent: number;
  readonly tags: readonly string[];
}

/** What is in a volume group. */
export interface Group {
  /** Nothing where it is missing. */
  readonly thin: ThinPool | undefined;
  /** Those in the thin pool, unfinished work too. */
  readonly lvs: readonly Lv[];
}

export interface Vg {
  readonly tags: readonly string[];
}

/** Columns that are asked for, which the readers below expect. */
export const lvColumns = "lv_name,lv_size,lv_active,lv_tags,pool_lv,data_percent,metadata_percent";
export const vgColumns = "vg_tags";

type Row = Readonly<Record<string, string>>;

/** Rows of a report. @param kind "lv" or "vg" @throws ApiError INTERNAL when LVM says something else */
function rowsOf(json: string, kind: "lv" | "vg"): readonly Row[] {
  try {
    const { report } = JSON.parse(json) as { report: Readonly<Record<string, readonly Row[]>>[] };
    return report.flatMap((part) => part[kind] ?? []);
  } catch (error) {
    throw internal(`Cannot read what LVM reports: ${json.slice(0, 200)}`, { cause: error });
  }
}

const tagsOf = (text = ""): string[] => text.split(",").filter((tag) => tag !== "");
const numberOf = (text = ""): number => Number(text.replace(/B$/, ""));

/** @param json what lvs says of a volume group @param thin name of the thin pool */
export function readGroup(json: string, thin: string): Group {
  const rows = rowsOf(json, "lv");
  const pool = rows.find((row) => row.lv_name === thin && (row.pool_lv ?? "") === "");
  return {
    thin: pool && {
      bytes: numberOf(pool.lv_size),
      dataPercent: numberOf(pool.data_percent),
      metadataPercent: numberOf(pool.metadata_percent),
      tags: tagsOf(pool.lv_tags),
    },
    lvs: rows
      .filter((row) => row.pool_lv === thin)
      .map((row) => ({
        name: row.lv_name ?? "",
        isActive: row.lv_active === "active",
        tags: tagsOf(row.lv_tags),
      })),
  };
}

/** What of a thin pool is taken, each between 0 and 1. */
export interface Fullness {
  readonly data: number;
  readonly metadata: number;
}

/** @param status as dmsetup(8) tells it: "0 2072576 thin-pool 1 12/1024 100/16192 - rw ..." @returns nothing for that of something else, or of a pool that failed */
export function readFullness(status: string): Fullness | undefined {
  const [, usedMetadata, allMetadata, used, all] = / thin-pool \d+ (\d+)\/(\d+) (\d+)\/(\d+) /.exec(status) ?? [];
  if (all === undefined) return undefined;
  return { data: Number(used) / Number(all), metadata: Number(usedMetadata) / Number(allMetadata) };
}

export function readVg(json: string): Vg | undefined {
  const [row] = rowsOf(json, "vg");
  return row && { tags: tagsOf(row.vg_tags) };
}

/** LVM's own extents, where nobody asked for others; a multiple of all smaller ones. */
const extentBytes = 4 * 2 ** 20;

/** The size of a logical volume that holds so many bytes: whole extents. */
export const inExtents = (bytes: number): number => Math.ceil(bytes / extentBytes) * extentBytes;
