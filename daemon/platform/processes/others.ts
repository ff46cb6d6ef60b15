/** Processes that are not our children, by pid. */
import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A process that has just ended needs no signal. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Words of a command line of the host; none for a process that is gone, a zombie, or one of a guest: a pid may have come to be such a one's, and what
 * is read of its memory may never come (platform/processes/peek.ts).
 */
export const commandOf = (pid: number): string[] =>
  isOfGuest(pid) ? [] : (readProc(`/proc/${pid}/cmdline`) ?? "").split("\0").slice(0, -1);

/** Every guest has a namespace of pids of its own. */
function isOfGuest(pid: number): boolean {
  const namespace = namespaceOf(pid);
  return namespace !== undefined && namespace !== namespaceOf("self");
}

const namespaceOf = (pid: number | "self"): string | undefined => ifThere(() => readlinkSync(`/proc/${pid}/ns/pid`));

/** When the process began, in ticks since boot: tells it from a later one with its pid. */
export const startTimeOf = (pid: number): string | undefined => processState(pid).startTime;

/** Whether a process waits for something that a signal would interrupt, or is gone: it neither runs nor wants to, and writes no file. */
export const isAsleep = (pid: number): boolean => [undefined, "S", "Z", "X"].includes(processState(pid).state);

/** Waits up to a second for the end of a process that began at that time. @returns whether it has ended */
export async function hasEnded(pid: number, startTime: string | undefined): Promise<boolean> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { state, startTime: now } = processState(pid);
    if (state === undefined || "ZX".includes(state) || now !== startTime) return true;
    await delay(2);
  }
  return false;
}

/**
 * State letter and start time (fields 3 and 22 of /proc/PID/stat). A process that ends loses its command line first and its sockets later;
 * only a zombie has neither.
 */
function processState(pid: number): { state?: string; startTime?: string } {
  const fields = readProc(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ");
  return { state: fields?.[0], startTime: fields?.[19] };
}

const readProc = (file: string): string | undefined => ifThere(() => readFileSync(file, "utf8"));

function ifThere(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
