/** Limits: configuration keys as values of control files, for a start and for a change while running. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig, instanceKeys } from "../../../../sdk/api/config/instance";
import { findRow } from "../../../../sdk/api/config/table";
import type { Cpus, MemorySize } from "../../../../sdk/api/config/values";
import { badRequest, internal } from "../../../../sdk/api/errors";
import { isInUserNamespace } from "../../../../sdk/host/user-namespace";
import { type CgroupLayout, controllerDir, guestName } from "../../../platform/host/cgroups";

/** One write into a control file. */
export interface ControlWrite {
  readonly path: string;
  readonly value: string;
  /** What the guest's own group shows instead. */
  readonly shown?: string;
}

/** Whether a running container's control groups have something to follow. */
export const touchesLimits = (changed: readonly string[]): boolean =>
  changed.some((key) => {
    const row = findRow(instanceKeys, key);
    return row?.group === "limits" && row.applies === "now";
  });

/**
 * All writes that bring a group in line with the configuration; an unset limit is written as "none".
 * @param cpus the processors to use, as the scheduler of limits.cpu chose them; all when undefined
 * @param bound what a running container is bound to; nothing for one that starts
 * @throws ApiError BAD_REQUEST when a limit is set that this host has no controller for
 */
export function limitWrites(
  layout: CgroupLayout,
  group: string,
  config: Config,
  cpus: string | undefined,
  bound?: { readonly cpus: string | undefined },
): ControlWrite[] {
  return [
    ...memoryWrites(layout, group, config),
    ...processWrites(layout, group, config),
    ...cpuWrites(layout, group, config),
    ...cpusetWrites(layout, group, cpus, bound),
    ...diskPriorityWrites(layout, group, config),
    ...hugepageWrites(layout, group, config),
  ];
}

/** Sizes of huge pages that keys have, in the words of control files. */
const pageSizes = ["64KB", "1MB", "2MB", "1GB"] as const;

/** What a group has from its beginning. Swappiness is not among them: it is that of the group above. */
const newGroup: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    pageSizes.flatMap((pages) => [
      [`hugetlb.${pages}.max`, "max"],
      [`hugetlb.${pages}.limit_in_bytes`, "-1"],
    ]),
  ),
  "cpu.cfs_period_us": "100000",
  "cpu.cfs_quota_us": "-1",
  "cpu.max": "max 100000",
  "cpu.shares": "1024",
  "cpu.weight": "100",
  "memory.high": "max",
  "memory.limit_in_bytes": "-1",
  "memory.max": "max",
  "memory.memsw.limit_in_bytes": "-1",
  "memory.soft_limit_in_bytes": "-1",
  "memory.swap.max": "max",
};

/** Of the writes those that change something of a group that was just made: with some of them the kernel looks through all groups of the host. */
export const forNewGroup = (writes: readonly ControlWrite[]): ControlWrite[] =>
  writes.filter(({ path: file, value }) => newGroup[path.basename(file)] !== value);

function hugepageWrites(layout: CgroupLayout, group: string, config: Config): ControlWrite[] {
  const set = instanceConfig(config);
  const dir = controllerDir(layout, "hugetlb", group);
  return pageSizes.flatMap((pages) => {
    const limit = set.get(`limits.hugepages.${pages}`);
    const key = `limits.hugepages.${pages}`;
    if (dir === undefined) return need(limit, key, "hugetlb");
    const name = dir.version === 2 ? `hugetlb.${pages}.max` : `hugetlb.${pages}.limit_in_bytes`;
    // The kernel has files for those sizes only that its processors have.
    const isThere = existsSync(path.join(path.dirname(dir.path), name));
    if (!isThere && limit !== undefined)
      throw badRequest(`Cannot apply "${key}": this host has no huge pages of that size. Unset the key.`);
    return isThere
      ? [{ path: path.join(dir.path, name), value: limit?.toString() ?? unlimitedPages(dir.version) }]
      : [];
  });
}

const unlimitedPages = (version: 1 | 2): string => (version === 2 ? "max" : "-1");

/** Files of limits that the guest's own group shows as well, so that programs inside find what they get. The outer group is what bounds. */
const shownInside = new Set([
  // On v1 a group below is not bound by the one above it.
  "blkio.throttle.read_bps_device",
  "blkio.throttle.read_iops_device",
  "blkio.throttle.write_bps_device",
  "blkio.throttle.write_iops_device",
  "cpu.cfs_period_us",
  "cpu.cfs_quota_us",
  "cpu.max",
  "cpuset.cpus",
  "memory.high",
  "memory.limit_in_bytes",
  "memory.max",
  "memory.memsw.limit_in_bytes",
  "memory.soft_limit_in_bytes",
  "memory.swap.max",
  "memory.swappiness",
  "pids.max",
]);

/** The writes once more, for the guest's own group. @param innerOf the guest's group in a container's group, or nothing where it has none */
export const guestCopies = (
  writes: readonly ControlWrite[],
  innerOf: (outer: string) => string | undefined,
): ControlWrite[] =>
  writes.flatMap(({ path: file, value, shown = value }) => {
    const inner = shownInside.has(path.basename(file)) ? innerOf(path.dirname(file)) : undefined;
    return inner === undefined ? [] : [{ path: path.join(inner, path.basename(file)), value: shown }];
  });

/** @returns bytes, or undefined for no limit */
export function memoryLimitBytes(limit: MemorySize | undefined): number | undefined {
  if (limit === undefined) return undefined;
  return "percent" in limit ? Math.floor((os.totalmem() * limit.percent) / 100) : limit.bytes;
}

/** A hard ceiling bounds memory and swap together, as LXD has it: on v1 by their sum, on v2, which knows no sum, by no swap at all. */
function memoryWrites(layout: CgroupLayout, group: string, config: Config): ControlWrite[] {
  const set = instanceConfig(config);
  const bytes = memoryLimitBytes(set.get("limits.memory"));
  const dir = controllerDir(layout, "memory", group);
  if (dir === undefined) return need(bytes, "limits.memory", "memory");
  const isSoft = set.get("limits.memory.enforce") === "soft";
  const hard = bytes === undefined || isSoft ? undefined : String(bytes);
  const soft = bytes === undefined || !isSoft ? undefined : String(bytes);
  const at = (name: string, value: string) => ({ path: path.join(dir.path, name), value });
  // A kernel without swap, or one that does not count it, lacks the files of swap.
  const ifThere = (name: string, value: string) =>
    existsSync(path.join(path.dirname(dir.path), name)) ? [at(name, value)] : [];
  if (dir.version === 2)
    return [
      at("memory.max", hard ?? "max"),
      at("memory.high", soft ?? "max"),
      ...ifThere("memory.swap.max", hard !== undefined || !set.get("limits.memory.swap") ? "0" : "max"),
    ];
  return [
    // The sum is never below the memory: it gives way first.
    ...ifThere("memory.memsw.limit_in_bytes", "-1"),
    at("memory.limit_in_bytes", hard ?? "-1"),
    at("memory.soft_limit_in_bytes", soft ?? "-1"),
    ...(hard === undefined ? [] : ifThere("memory.memsw.limit_in_bytes", hard)),
    ...ifThere("memory.swappiness", swappiness(config)),
  ];
}

/** As LXD counts it: 60, the kernel's default, is the highest priority, 10. */
function swappiness(config: Config): string {
  const set = instanceConfig(config);
  return set.get("limits.memory.swap") ? String(50 + set.get("limits.memory.swap.priority")) : "0";
}

function processWrites(layout: CgroupLayout, group: string, config: Config): ControlWrite[] {
  const limit = instanceConfig(config).get("limits.processes")?.toString();
  const dir = controllerDir(layout, "pids", group);
  if (dir === undefined) return need(limit, "limits.processes", "pids");
  // What nobody has set is nobody's to see.
  return [
    { path: path.join(dir.path, "pids.max"), value: limit ?? String(ordinaryProcesses()), shown: limit ?? "max" },
  ];
}

/** Most processes of a guest that has no limit of its own: a quarter of what the host can have, so that no guest alone leaves the host none. */
function ordinaryProcesses(): number {
  const most = ["pid_max", "threads-max"].map((name) => Number(readFileSync(`/proc/sys/kernel/${name}`, "utf8")));
  return Math.floor(Math.min(...most) / 4);
}

function cpuWrites(layout: CgroupLayout, group: string, config: Config): ControlWrite[] {
  const set = instanceConfig(config);
  const dir = controllerDir(layout, "cpu", group);
  if (dir === undefined) return need(set.has("limits.cpu.allowance") || undefined, "limits.cpu.allowance", "cpu");
  const asked = set.get("limits.cpu.allowance");
  const [slice, percent] = "percent" in asked ? [undefined, asked.percent] : [asked, 100];
  // A slice of less than nothing is none, as with LXD.
  const quotaUs = slice === undefined || slice.quotaMs < 0 ? undefined : slice.quotaMs * 1000;
  const periodUs = slice === undefined ? 100_000 : slice.periodMs * 1000;
  // LXD's scale: a share of 1024 for v1, and every step of priority below 10 takes one off.
  const lower = 10 - set.get("limits.cpu.priority");
  const at = (name: string, value: string | number) => ({ path: path.join(dir.path, name), value: String(value) });
  return dir.version === 2
    ? [
        at("cpu.max", `${quotaUs ?? "max"} ${periodUs}`),
        at("cpu.weight", Math.min(10_000, Math.max(1, percent - lower))),
      ]
    : [
        at("cpu.cfs_period_us", periodUs),
        at("cpu.cfs_quota_us", quotaUs ?? -1),
        at("cpu.shares", Math.max(2, Math.round((percent * 1024) / 100) - lower)),
      ];
}

/** As few as can be: with each the kernel plans anew which processors share their work, on the whole host. A new group has what the one above it has. */
export function cpusetWrites(
  layout: CgroupLayout,
  group: string,
  cpus: string | undefined,
  bound?: { readonly cpus: string | undefined },
): ControlWrite[] {
  const dir = controllerDir(layout, "cpuset", group);
  if (dir === undefined) return need(cpus, "limits.cpu", "cpuset");
  if (cpus === bound?.cpus) return [];
  // On v2 an empty line hands the bound back to the group above.
  const all = () => (dir.version === 2 ? "\n" : cpusetOf(path.dirname(dir.path)));
  return [{ path: path.join(dir.path, "cpuset.cpus"), value: cpus ?? all() }];
}

/** What a group of either version has. */
export function cpusetOf(dir: string): string {
  const effective = path.join(dir, "cpuset.cpus.effective");
  return readFileSync(existsSync(effective) ? effective : path.join(dir, "cpuset.cpus"), "utf8").trim();
}

/** The weight of a group that nobody gave one. */
const ordinaryWeight = 100;

/** As LXD counts it, in hundreds; 0 is the least that the kernel knows. The file is that of the scheduler in use. */
function diskPriorityWrites(layout: CgroupLayout, group: string, config: Config): ControlWrite[] {
  const priority = instanceConfig(config).get("limits.disk.priority");
  const dir = controllerDir(layout, "blkio", group) ?? controllerDir(layout, "io", group);
  const names = dir?.version === 1 ? ["blkio.weight", "blkio.bfq.weight"] : ["io.weight", "io.bfq.weight"];
  const parent = path.dirname(dir?.path ?? "");
  const name = dir && names.find((one) => existsSync(path.join(parent, one)));
  if (dir === undefined || name === undefined)
    return need(priority, "limits.disk.priority", dir?.version === 1 ? "blkio.weight" : "io");
  const weight = priority === undefined ? ordinaryWeight : Math.max(10, priority * 100);
  return [{ path: path.join(dir.path, name), value: dir.version === 1 ? String(weight) : `default ${weight}` }];
}

/** A daemon that is not the host's root has the controllers that it was given: a limit that takes another is not enforced, as a warning says once. */
function need(value: unknown, key: string, controller: string): [] {
  if (value === undefined || isInUserNamespace()) return [];
  throw badRequest(
    `Cannot apply "${key}": this host has no cgroup controller "${controller}". Mount it, or unset the key; see "bothy doctor".`,
  );
}

/**
 * The writes for a running container, in an order that v1 takes: of its processors and its processor time no group may have more than the one above it, so
 * the guest's group gives way before the outer one shrinks.
 * @param writes of limitWrites
 */
export function liveWrites(writes: readonly ControlWrite[]): ControlWrite[] {
  const copies = liveCopies(writes);
  const isOf = (name: string) => (item: ControlWrite) => path.basename(item.path) === name;
  const processors = copies.filter(isOf("cpuset.cpus"));
  const widened = processors.map(({ path: file }) => {
    const outer = path.dirname(path.dirname(file));
    return { path: path.join(outer, "cpuset.cpus"), value: cpusetOf(path.dirname(outer)) };
  });
  const loosened = copies.filter(isOf("cpu.cfs_quota_us")).map((item) => ({ ...item, value: "-1" }));
  return [...loosened, ...widened, ...processors, ...writes, ...copies];
}

/** The writes once more, for the own groups of the guest of a running container. */
export const liveCopies = (writes: readonly ControlWrite[]): ControlWrite[] =>
  guestCopies(writes, (outer) => (existsSync(path.join(outer, guestName)) ? path.join(outer, guestName) : undefined));

/** Writes them to a running container's group. @throws ApiError INTERNAL that names the file the kernel refused */
export function applyWrites(writes: readonly ControlWrite[]): void {
  for (const { path: file, value } of writes) {
    try {
      writeFileSync(file, value);
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? String(error);
      const hint = why === "EBUSY" ? " The container uses more than that now; stop something in it first." : "";
      throw internal(`Cannot write "${value}" to ${path.basename(file)}: ${why}.${hint}`, { cause: error });
    }
  }
}

/**
 * Chooses processors for limits.cpu: a set as it is, a number as the least used ones.
 * @param online the processors of the host @param used how many containers are bound to each
 * @returns a list such as "0,3", or undefined for all
 */
export function chooseCpus(
  limit: Cpus | undefined,
  online: readonly number[],
  used: ReadonlyMap<number, number>,
): string | undefined {
  if (limit === undefined) return undefined;
  if ("count" in limit) {
    const { count } = limit;
    if (count === 0 || count >= online.length) return undefined;
    const ranked = [...online].sort((a, b) => (used.get(a) ?? 0) - (used.get(b) ?? 0) || a - b);
    return ranked
      .slice(0, count)
      .sort((a, b) => a - b)
      .join(",");
  }
  // As with LXD: what this host lacks is left out, and where nothing is left there is no bound.
  const wanted = limit.set.filter((cpu) => online.includes(cpu));
  return wanted.length === 0 ? undefined : wanted.sort((a, b) => a - b).join(",");
}
