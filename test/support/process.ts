/** Process: what the kernel tells of a process that may end while it is looked at (proc(5)). */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A file of /proc/PID. @returns "" when the process is gone: its folder is gone (ENOENT), or it went during the read (ESRCH) */
export function processText(pid: number | string, file: "cmdline" | "stat" | "status"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

/** Whether a process runs no more; whoever started it may not have taken note yet. */
export function hasEnded(pid: number | string): boolean {
  const status = processText(pid, "status");
  return status === "" || /^State:\s+Z/m.test(status);
}

/** Waits until a process runs no more. */
export async function ended(pid: number | string): Promise<void> {
  while (!hasEnded(pid)) await delay(5);
}

/** Pids of all processes whose words are so. */
export const processesWith = (isWanted: (words: readonly string[]) => boolean): string[] =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isWanted(processText(name, "cmdline").split("\0")));
