/** Memory of the host, from /proc/meminfo. */
import type { Resources } from "../../../sdk/api/resources";
import { type Roots, textIn } from "./files";

/** Reads the memory of the host, in bytes. */
export async function readMemory(roots: Roots): Promise<Resources["memory"]> {
  return memoryOf((await textIn(roots.proc, "meminfo")) ?? "");
}

/** All in bytes. Used counts as LXD does: what is neither free nor cache. */
export function memoryOf(meminfo: string): Resources["memory"] {
  const values = new Map<string, number>();
  for (const [, key = "", number, unit] of meminfo.matchAll(/^(\S+):\s+(\d+)( kB)?$/gm))
    values.set(key, Number(number) * (unit === undefined ? 1 : 1024));
  const of = (key: string) => values.get(key) ?? 0;
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
