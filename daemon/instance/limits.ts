/** Limits: configuration keys as values of control files, for a start and for a change while running. */
import { readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Config } from "../../sdk/api/common";
import { parseSize } from "../../sdk/api/config/values";
import { badRequest, internal } from "../../sdk/api/errors";
import { type CgroupLayout, controllerDir } from "../host/cgroups";

/** One write into a control file. */
export interface ControlWrite {
  readonly path: string;
  readonly value: string;
}

const limitKeys = [
  "limits.memory",
  "limits.memory.enforce",
  "limits.processes",
  "limits.cpu",
  "limits.cpu.allowance",
  "limits.cpu.priority",
];

export const touchesLimits = (changed: readonly string[]): boolean => changed.some((key) => limitKeys.includes(key));

/**
 * All writes that bring a group in line with the configuration; an unset limit is written as "none".
 * @param cpus the processors to use, as the scheduler of limits.cpu chose them; all when undefined
 * @throws ApiError BAD_REQUEST when a limit is set that this host has no controller for
 */
export function limitWrites(
  layout: CgroupLayout,
  group: string,
  config: Config,
  cpus: string | undefined,
): ControlWrite[] {
  return [
    ...memoryWrites(layout, group, config),
    ...processWrites(layout, group, config),
    ...cpuWrites(layout, group, config),
    ...cpusetWrites(layout, group, cpus),
  ];
}

/** @returns bytes, or undefined for no limit */
export function memoryLimitBytes(value: string | undefined): number | undefined {
  if (!value) return undefined;
  if (value.endsWith("%")) return Math.floor((os.totalmem() * Number(value.slice(0, -1))) / 100);
  return parseSize(value);
}

function memoryWrites(layout: CgroupLayout, group: string, config: Config): ControlWrite[] {
  const bytes = memoryLimitBytes(config["limits.memory"]);
  const dir = controllerDir(layout, "memory", group);
  if (dir === undefined) return need(bytes, "limits.memory", "memory");
  const isSoft = config["limits.memory.enforce"] === "soft";
  const hard = bytes === undefined || isSoft ? undefined : String(bytes);
  const soft = bytes === undefined || !isSoft ? undefined : String(bytes);
  const at = (name: string, value: string) => ({ path: path.join(dir.path, name), value });
  return dir.version === 2
    ? [at("memory.max", hard ?? "max"), at("memory.high", soft ?? "max")]
    : [at("memory.limit_in_bytes", hard ?? "-1"), at("memory.soft_limit_in_bytes", soft ?? "-1")];
}

function processWrites(layout: CgroupLayout, group: string, config: Config): ControlWrite[] {
  const limit = config["limits.processes"];
  const dir = controllerDir(layout, "pids", group);
  if (dir === undefined) return need(limit, "limits.processes", "pids");
  return [{ path: path.join(dir.path, "pids.max"), value: limit ?? "max" }];
}

function cpuWrites(layout: CgroupLayout, group: string, config: Config): ControlWrite[] {
  const allowance = config["limits.cpu.allowance"];
  const dir = controllerDir(layout, "cpu", group);
  if (dir === undefined) return need(allowance, "limits.cpu.allowance", "cpu");
  const slice = /^(\d+)ms\/(\d+)ms$/.exec(allowance ?? "");
  const share = /^(\d+)%$/.exec(allowance ?? "");
  const quotaUs = slice === null ? undefined : Number(slice[1]) * 1000;
  const periodUs = slice === null ? 100_000 : Number(slice[2]) * 1000;
  // LXD's scale: a share of 1024 for v1, and every step of priority below 10 takes one off.
  const percent = share === null ? 100 : Number(share[1]);
  const lower = 10 - Number(config["limits.cpu.priority"] ?? "10");
  const at = (name: string, value: string | number) => ({ path: path.join(dir.path, name), value: String(value) });
  return dir.version === 2
    ? [at("cpu.max", `${quotaUs ?? "max"} ${periodUs}`), at("cpu.weight", Math.max(1, percent - lower))]
    : [
        at("cpu.cfs_period_us", periodUs),
        at("cpu.cfs_quota_us", quotaUs ?? -1),
        at("cpu.shares", Math.max(2, Math.round((percent * 1024) / 100) - lower)),
      ];
}

function cpusetWrites(layout: CgroupLayout, group: string, cpus: string | undefined): ControlWrite[] {
  const dir = controllerDir(layout, "cpuset", group);
  if (dir === undefined) return need(cpus, "limits.cpu", "cpuset");
  const parent = path.dirname(dir.path);
  const effective = dir.version === 2 ? ".effective" : "";
  const all = (file: string) => readFileSync(path.join(parent, `cpuset.${file}${effective}`), "utf8").trim();
  return [
    { path: path.join(dir.path, "cpuset.mems"), value: all("mems") },
    { path: path.join(dir.path, "cpuset.cpus"), value: cpus ?? all("cpus") },
  ];
}

function need(value: unknown, key: string, controller: string): [] {
  if (value === undefined) return [];
  throw badRequest(
    `Cannot apply "${key}": this host has no cgroup controller "${controller}". Mount it, or unset the key; see "bothy doctor".`,
  );
}

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
 * @returns a list such as "0,3", or undefined for all @throws ApiError BAD_REQUEST for a processor that is not there
 */
export function chooseCpus(
  limit: string | undefined,
  online: readonly number[],
  used: ReadonlyMap<number, number>,
): string | undefined {
  if (!limit) return undefined;
  if (/^\d+$/.test(limit)) {
    const count = Number(limit);
    if (count === 0) throw badRequest('Invalid value for "limits.cpu": it must be at least 1.');
    if (count >= online.length) return undefined;
    const ranked = [...online].sort((a, b) => (used.get(a) ?? 0) - (used.get(b) ?? 0) || a - b);
    return ranked
      .slice(0, count)
      .sort((a, b) => a - b)
      .join(",");
  }
  const wanted = parseCpuList(limit);
  const absent = wanted.filter((cpu) => !online.includes(cpu));
  if (absent.length > 0)
    throw badRequest(`Invalid value for "limits.cpu": this host has no processor ${absent.join(", ")}.`);
  return wanted.join(",");
}

/** @param list such as "0-2,5" @returns [0, 1, 2, 5] */
export const parseCpuList = (list: string): number[] =>
  list.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
