/** Memory of processes, as the kernel counts it (proc.rst, smaps_rollup). */
import { readFileSync } from "node:fs";

export interface Memory {
  /** Pages in memory, shared ones included. */
  readonly rssKiB: number;
  /** Likewise, each shared page divided by the number of its users. */
  readonly pssKiB: number;
}

export function memoryOf(pids: readonly number[]): Memory {
  const each = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  const sum = (field: string) =>
    each.reduce((total, text) => total + Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0), 0);
  return { rssKiB: sum("Rss"), pssKiB: sum("Pss") };
}

/**
 * What the host has given out of its memory, but for copies of files: processes, and the kernel's own (proc_meminfo(5)). Other jobs on the host are in it.
 * @returns KiB
 */
export function usedKiB(): number {
  const text = readFileSync("/proc/meminfo", "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
  return of("MemTotal") - of("MemFree") - of("Buffers") - of("Cached") + of("Shmem");
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
