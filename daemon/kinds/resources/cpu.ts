/** Processors of the host, from /proc/cpuinfo and /sys/devices/system/cpu; whatever is missing is left out. */
import path from "node:path";
import type { Resources } from "../../../sdk/api/resources";
import { hostArchitecture } from "../../../sdk/host/architecture";
import { numberIn, type Roots, readDir, textIn } from "./files";

type Cpu = Resources["cpu"];
type Socket = Cpu["sockets"][number];

interface Processor {
  readonly id: number;
  readonly socket: number;
  readonly core: number;
  readonly isOnline: boolean;
  readonly numaNode: number;
  readonly frequencyMhz: number | undefined;
}

/** Reads processors by socket, core and thread; frequencies in MHz. */
export async function readCpu(roots: Roots): Promise<Cpu> {
  const info = parseCpuinfo((await textIn(roots.proc, "cpuinfo")) ?? "");
  const processors = await listProcessors(roots, info);
  const sockets = groupBy(processors, ({ socket }) => socket).map(([socket, members]) =>
    socketOf(socket, members, info.find((block) => Number(block["physical id"] ?? 0) === socket) ?? info[0] ?? {}),
  );
  const total = processors.filter(({ isOnline }) => isOnline).length;
  return { architecture: hostArchitecture, sockets, total };
}

function socketOf(socket: number, members: readonly Processor[], info: Readonly<Record<string, string>>): Socket {
  return {
    socket,
    ...(info["model name"] === undefined ? {} : { name: info["model name"] }),
    ...(info.vendor_id === undefined ? {} : { vendor: info.vendor_id }),
    cores: groupBy(members, ({ core }) => core).map(([core, threads]) => ({
      core,
      threads: threads.map(({ id, isOnline, numaNode }, thread) => ({
        id,
        thread,
        online: isOnline,
        numa_node: numaNode,
      })),
      ...(threads[0]?.frequencyMhz === undefined ? {} : { frequency: threads[0].frequencyMhz }),
    })),
  };
}

/** From /sys, which knows processors that are switched off too; else from cpuinfo. */
async function listProcessors(roots: Roots, info: readonly Readonly<Record<string, string>>[]): Promise<Processor[]> {
  const folder = path.join(roots.sys, "devices/system/cpu");
  const ids = (await readDir(folder)).flatMap((name) => /^cpu(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  if (ids.length > 0) return Promise.all(ids.sort((a, b) => a - b).map((id) => readProcessor(folder, id, info)));
  return info.map((block, index) => ({
    id: Number(block.processor ?? index),
    socket: Number(block["physical id"] ?? 0),
    core: Number(block["core id"] ?? index),
    isOnline: true,
    numaNode: 0,
    frequencyMhz: mhzOf(block),
  }));
}

async function readProcessor(
  folder: string,
  id: number,
  info: readonly Readonly<Record<string, string>>[],
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
