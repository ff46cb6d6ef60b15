/** Group usage: what a container's control groups tell of its processors, memory and processes (cgroup-v1/memory.rst, cgroup-v2.rst). */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type CgroupLayout, controllerDir } from "../../platform/host/cgroups";
import type { FamilyName, Sample } from "./families";

/** Nothing for a file that this kernel lacks, or whose container has just ended. */
export function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

const number = (dir: string, name: string): number => {
  const value = Number(readOrNothing(path.join(dir, name))?.trim() || Number.NaN);
  return Number.isFinite(value) ? value : Number.NaN;
};

const sample = (family: FamilyName, value: number, labels: Sample["labels"] = {}): Sample[] =>
  Number.isFinite(value) ? [{ family, value, labels }] : [];

/** Seconds by processor; of all together, as processor 0, where the kernel counts no single ones (v2), as in LXD. */
export function cpuSamples(layout: CgroupLayout, group: string): Sample[] {
  const v1 = layout.v1.get("cpuacct");
  const of = (cpu: string, mode: string, seconds: number) => sample("lxd_cpu_seconds_total", seconds, { cpu, mode });
  if (v1 !== undefined) {
    const lines = (readOrNothing(path.join(v1, group, "cpuacct.usage_all")) ?? "").split("\n").slice(1);
    return lines.flatMap((line) => {
      const [cpu = "", user, system] = line.split(" ");
      return system === undefined
        ? []
        : [...of(cpu, "system", Number(system) / 1e9), ...of(cpu, "user", Number(user) / 1e9)];
    });
  }
  if (layout.v2 === undefined) return [];
  const stat = keyed(readOrNothing(path.join(layout.v2, group, "cpu.stat")) ?? "");
  return [
    ...of("0", "system", (stat.get("system_usec") ?? Number.NaN) / 1e6),
    ...of("0", "user", (stat.get("user_usec") ?? Number.NaN) / 1e6),
  ];
}

const keyed = (text: string): Map<string, number> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const [key = "", value] = line.split(" ");
      return value === undefined ? [] : [[key, Number(value)] as const];
    }),
  );

/** Names of memory.stat in v1 (with those below, "total_") and v2. */
const statNames = {
  activeAnon: ["total_active_anon", "active_anon"],
  activeFile: ["total_active_file", "active_file"],
  cached: ["total_cache", "file"],
  dirty: ["total_dirty", "file_dirty"],
  inactiveAnon: ["total_inactive_anon", "inactive_anon"],
  inactiveFile: ["total_inactive_file", "inactive_file"],
  mapped: ["total_mapped_file", "file_mapped"],
  rss: ["total_rss", "anon"],
  shmem: ["total_shmem", "shmem"],
  unevictable: ["total_unevictable", "unevictable"],
  writeback: ["total_writeback", "file_writeback"],
} as const;

/** Bytes. What is free is the limit, or the host's memory, without what is used. @param hostBytes memory of the host */
export function memorySamples(layout: CgroupLayout, group: string, hostBytes: number): Sample[] {
  const dir = controllerDir(layout, "memory", group);
  if (dir === undefined) return [];
  const [usageFile, limitFile] =
    dir.version === 1 ? ["memory.usage_in_bytes", "memory.limit_in_bytes"] : ["memory.current", "memory.max"];
  const usage = number(dir.path, usageFile);
  const stat = keyed(readOrNothing(path.join(dir.path, "memory.stat")) ?? "");
  if (Number.isNaN(usage) || stat.size === 0) return [];
  const of = (name: keyof typeof statNames) => stat.get(statNames[name][dir.version - 1] ?? "") ?? 0;
  const limit = number(dir.path, limitFile);
  const total = Number.isNaN(limit) ? hostBytes : Math.min(limit, hostBytes);
  const swap =
    dir.version === 1
      ? Math.max(0, number(dir.path, "memory.memsw.usage_in_bytes") - usage)
      : number(dir.path, "memory.swap.current");
  const free = Math.max(0, total - usage);
  const values: Partial<Record<FamilyName, number>> = {
    lxd_memory_Active_anon_bytes: of("activeAnon"),
    lxd_memory_Active_file_bytes: of("activeFile"),
    lxd_memory_Active_bytes: of("activeAnon") + of("activeFile"),
    lxd_memory_Cached_bytes: of("cached"),
    lxd_memory_Dirty_bytes: of("dirty"),
    lxd_memory_Inactive_anon_bytes: of("inactiveAnon"),
    lxd_memory_Inactive_file_bytes: of("inactiveFile"),
    lxd_memory_Inactive_bytes: of("inactiveAnon") + of("inactiveFile"),
    lxd_memory_Mapped_bytes: of("mapped"),
    lxd_memory_MemAvailable_bytes: Math.min(total, free + of("cached")),
    lxd_memory_MemFree_bytes: free,
    lxd_memory_MemTotal_bytes: total,
    lxd_memory_RSS_bytes: of("rss"),
    lxd_memory_Shmem_bytes: of("shmem"),
    lxd_memory_Swap_bytes: Number.isNaN(swap) ? 0 : swap,
    lxd_memory_Unevictable_bytes: of("unevictable"),
    lxd_memory_Writeback_bytes: of("writeback"),
  };
  return Object.entries(values).flatMap(([family, value]) => sample(family as FamilyName, value));
}

export function processSamples(layout: CgroupLayout, group: string): Sample[] {
  const dir = controllerDir(layout, "pids", group);
  return dir === undefined ? [] : sample("lxd_procs_total", number(dir.path, "pids.current"));
}
