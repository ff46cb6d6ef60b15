/** Memory of the host and of its NUMA nodes, from /proc/meminfo and /sys/devices/system. */
import path from "node:path";
import type { Resources } from "../../../sdk/api/resources";
import { numberIn, type Roots, readDir, textIn } from "../../platform/hardware/files";

/** Reads the memory of the host, in bytes. Its total is that of the blocks that are switched on, where the kernel tells them: it keeps some for itself. */
export async function readMemory(roots: Roots): Promise<Resources["memory"]> {
  const memory = memoryOf((await textIn(roots.proc, "meminfo")) ?? "");
  const system = path.join(roots.sys, "devices/system");
  const nodes = await readNodes(path.join(system, "node"), memory.hugepages_size);
  const total = await blockBytes(path.join(system, "memory"), path.join(system, "memory"));
  return { ...(nodes.length === 0 ? {} : { nodes }), ...memory, ...(total === undefined ? {} : { total }) };
}

async function readNodes(folder: string, hugepage: number) {
  const names = (await readDir(folder)).filter((name) => /^node\d+$/.test(name));
  const numbers = names.map((name) => Number(name.slice("node".length))).sort((one, other) => one - other);
  return Promise.all(
    numbers.map(async (numa_node) => {
      const at = path.join(folder, `node${numa_node}`);
      const of = valuesIn(((await textIn(at, "meminfo")) ?? "").replace(/^Node \d+ /gm, ""));
      return {
        numa_node,
        hugepages_used: (of("HugePages_Total") - of("HugePages_Free")) * hugepage,
        hugepages_total: of("HugePages_Total") * hugepage,
        used: of("MemUsed"),
        total: (await blockBytes(path.join(folder, "../memory"), at)) ?? of("MemTotal"),
      };
    }),
  );
}

/** @param folder where the size of a block stands @param blocks folder of the blocks */
async function blockBytes(folder: string, blocks: string): Promise<number | undefined> {
  const size = Number.parseInt((await textIn(folder, "block_size_bytes")) ?? "", 16);
  const names = (await readDir(blocks)).filter((name) => /^memory\d+$/.test(name));
  if (!(size > 0) || names.length === 0) return undefined;
  const online = await Promise.all(names.map((name) => numberIn(path.join(blocks, name), "online")));
  return size * online.filter((value) => value === 1).length || undefined;
}

/** Values in bytes, counts as they are. */
function valuesIn(meminfo: string): (key: string) => number {
  const values = new Map<string, number>();
  for (const [, key = "", number, unit] of meminfo.matchAll(/^(\S+):\s+(\d+)( kB)?$/gm))
    values.set(key, Number(number) * (unit === undefined ? 1 : 1024));
  return (key) => values.get(key) ?? 0;
}

/** All in bytes. Used counts as LXD does: what is neither free nor cache. */
export function memoryOf(meminfo: string): Resources["memory"] & { readonly hugepages_size: number } {
  const of = valuesIn(meminfo);
  const hugepage = of("Hugepagesize");
  const idle = of("MemFree") + of("Cached") + of("Buffers");
  return {
    total: of("MemTotal"),
    used: Math.max(0, of("MemTotal") - idle),
    hugepages_total: of("HugePages_Total") * hugepage,
    hugepages_used: (of("HugePages_Total") - of("HugePages_Free")) * hugepage,
    hugepages_size: hugepage,
  };
}
