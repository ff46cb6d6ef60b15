/** Memory: how much of it a process has and has had (proc_pid_status(5)). */
import { readFileSync, writeFileSync } from "node:fs";

const bytesOf = (pid: number | undefined, field: "VmHWM" | "VmRSS"): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

/** Most that a process has had since the mark was set. */
export const peakBytes = (pid: number | undefined): number => bytesOf(pid, "VmHWM");

export const residentBytes = (pid: number | undefined): number => bytesOf(pid, "VmRSS");

export const resetPeak = (pid: number | undefined): void => writeFileSync(`/proc/${pid}/clear_refs`, "5");
