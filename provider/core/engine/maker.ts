/** Maker: who is making an object. One whose maker has died before it could tell its engine is nobody's, and the next up takes it over. */
import { readFileSync } from "node:fs";

const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** When a process was started, in ticks since boot: another process of the same number has another. Nothing for one that is gone. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may hold anything; what follows is field 3 and on (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

let ownWord: string | undefined;

/** This process, so that others can tell whether it lives. */
export function thisMaker(): string {
  ownWord ??= `${bootId()}/${process.pid}/${startOf(process.pid)}`;
  return ownWord;
}

/** Whether the process that a text names is alive on this host. One of another host or boot counts as dead: the stack's lock keeps two apart. */
export function isAlive(maker: string): boolean {
  const [boot, pid, start] = maker.split("/");
  return boot === bootId() && start !== undefined && startOf(Number(pid)) === start;
}

/** The number of a maker's process. */
export const pidOf = (maker: string): string => maker.split("/")[1] ?? "?";
