/** Processors of the host, from /proc/cpuinfo and /sys/devices/system/cpu; whatever is missing is left out. */
import path from "node:path";
import { parseCpuList } from "../../../sdk/api/config/values";
import type { Resources } from "../../../sdk/api/resources";
import { hostArchitecture } from "../../../sdk/host/architecture";
import { numberIn, type Roots, readDir, textIn } from "../../platform/hardware/files";

type Cpu = Resources["cpu"];
type Socket = Cpu["sockets"][number];

interface Processor {
  readonly id: number;
  readonly socket: number;
  readonly core: number;
  readonly die: number;
  readonly isIsolated: boolean;
  readonly isOnline: boolean;
  readonly numaNode: number;
  readonly frequencyMhz: number | undefined;
}

/** Reads processors by socket, core and thread; frequencies in MHz. */
export async function readCpu(roots: Roots): Promise<Cpu> {
  const info = parseCpuinfo((await textIn(roots.proc, "cpuinfo")) ?? "");
  const processors = await listProcessors(roots, info);
  const sockets = await Promise.all(
    groupBy(processors, ({ socket }) => socket).map(async ([socket, members]) => ({
      ...socketOf(socket, members, info.find((block) => Number(block["physical id"] ?? 0) === socket) ?? info[0] ?? {}),
      ...(await cacheOf(roots, members)),
      ...(await frequenciesOf(roots, members)),
    })),
  );
  const total = processors.filter(({ isOnline }) => isOnline).length;
  return { architecture: hostArchitecture, sockets, total };
}

/** Caches of a socket's first processor, as LXD tells them. */
async function cacheOf(roots: Roots, members: readonly Processor[]) {
  const folder = path.join(roots.sys, `devices/system/cpu/cpu${members[0]?.id ?? 0}/cache`);
  const names = (await readDir(folder)).filter((name) => /^index\d+$/.test(name)).sort();
  const cache = await Promise.all(
    names.map(async (name) => {
      const at = path.join(folder, name);
      const [, count, unit = ""] = /^(\d+)([KMG]?)$/.exec(((await textIn(at, "size")) ?? "").trim()) ?? [];
      const size = Number(count ?? 0) * 1024 ** ["", "K", "M", "G"].indexOf(unit);
      return { level: (await numberIn(at, "level")) ?? 0, type: ((await textIn(at, "type")) ?? "").trim(), size };
    }),
  );
  return cache.length === 0 ? {} : { cache };
}

/** In MHz: the mean of what the cores run at, and what the first one can. */
async function frequenciesOf(roots: Roots, members: readonly Processor[]) {
  const at = path.join(roots.sys, `devices/system/cpu/cpu${members[0]?.id ?? 0}/cpufreq`);
  const [low, high] = [await numberIn(at, "cpuinfo_min_freq"), await numberIn(at, "cpuinfo_max_freq")];
  const known = members.flatMap(({ frequencyMhz }) => frequencyMhz ?? []);
  const mhz = (khz: number) => Math.round(khz / 1000);
  return {
    ...(known.length === 0 ? {} : { frequency: Math.round(known.reduce((sum, one) => sum + one, 0) / known.length) }),
    ...(low === undefined ? {} : { frequency_minimum: mhz(low) }),
    ...(high === undefined ? {} : { frequency_turbo: mhz(high) }),
  };
}

function socketOf(socket: number, members: readonly Processor[], info: Readonly<Record<string, string>>): Socket {
  return {
    socket,
    ...(info["model name"] === undefined ? {} : { name: info["model name"] }),
    ...(info.vendor_id === undefined ? {} : { vendor: info.vendor_id }),
    cores: groupBy(members, ({ core }) => core).map(([core, threads]) => ({
      core,
      die: threads[0]?.die ?? 0,
      threads: threads.map(({ id, isOnline, isIsolated, numaNode }, thread) => ({
        id,
        numa_node: numaNode,
        thread,
        online: isOnline,
        isolated: isIsolated,
      })),
      ...(threads[0]?.frequencyMhz === undefined ? {} : { frequency: threads[0].frequencyMhz }),
    })),
  };
}

/** From /sys, which knows processors that are switched off too; else from cpuinfo. */
async function listProcessors(roots: Roots, info: readonly Readonly<Record<string, string>>[]): Promise<Processor[]> {
  const folder = path.join(roots.sys, "devices/system/cpu");
  const ids = (await readDir(folder)).flatMap((name) => /^cpu(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const list = ((await textIn(folder, "isolated")) ?? "").trim();
  const isolated = new Set(/^\d[\d,-]*$/.test(list) ? parseCpuList(list) : []);
  if (ids.length > 0)
    return Promise.all(ids.sort((a, b) => a - b).map((id) => readProcessor(folder, id, info, isolated.has(id))));
  return info.map((block, index) => ({
    id: Number(block.processor ?? index),
    socket: Number(block["physical id"] ?? 0),
    core: Number(block["core id"] ?? index),
    die: 0,
    isIsolated: false,
    isOnline: true,
    numaNode: 0,
    frequencyMhz: mhzOf(block),
  }));
}

async function readProcessor(
  folder: string,
  id: number,
  info: readonly Readonly<Record<string, string>>[],
  isIsolated: boolean,
): Promise<Processor> {
  const at = path.join(folder, `cpu${id}`);
  const block = info.find(({ processor }) => processor === String(id));
  const frequencyKhz = await numberIn(at, "cpufreq/scaling_cur_freq");
  const node = (await readDir(at)).flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? [])[0];
  return {
    id,
    // A processor that is off, and some virtual machines, tell -1 or nothing.
    socket: Math.max(0, (await numberIn(at, "topology/physical_package_id")) ?? Number(block?.["physical id"] ?? 0)),
    core: Math.max(0, (await numberIn(at, "topology/core_id")) ?? Number(block?.["core id"] ?? id)),
    die: Math.max(0, (await numberIn(at, "topology/die_id")) ?? 0),
    isIsolated,
    // cpu0 often has no such file: it cannot be switched off.
    isOnline: (await numberIn(at, "online")) !== 0,
    numaNode: Number(node ?? 0),
    frequencyMhz: frequencyKhz === undefined ? mhzOf(block ?? {}) : Math.round(frequencyKhz / 1000),
  };
}

const mhzOf = (block: Readonly<Record<string, string>>): number | undefined =>
  block["cpu MHz"] === undefined ? undefined : Math.round(Number(block["cpu MHz"]));

/** One record a processor: "model name" and the like to their text. */
export function parseCpuinfo(text: string): Record<string, string>[] {
  const blocks = text.split(/\n\s*\n/).map((block) =>
    Object.fromEntries(
      block.split("\n").flatMap((line) => {
        const colon = line.indexOf(":");
        return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
      }),
    ),
  );
  return blocks.filter((block) => block.processor !== undefined);
}

function groupBy<T>(items: readonly T[], key: (item: T) => number): [number, T[]][] {
  const groups = new Map<number, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups].sort(([a], [b]) => a - b);
}
