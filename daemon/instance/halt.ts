/** Halt: which signal asks an init to power off, and what raw.lxc says of it. */
import { readFileSync, readlinkSync } from "node:fs";
import os from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { badRequest } from "../../sdk/api/errors";
import type { RunningCell } from "../native/index";

const realTimeMin = 34;

/** What Bothy reads in raw.lxc; every other line is refused when it is set. */
export interface RawLxc {
  readonly haltSignal?: number;
  readonly initCommand?: readonly string[];
}

/** @throws ApiError BAD_REQUEST for a line that Bothy does not know */
export function parseRawLxc(value: string | undefined): RawLxc {
  let result: RawLxc = {};
  for (const line of (value ?? "").split("\n").map((text) => text.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [, key, argument] = /^([a-z0-9_.]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key === "lxc.signal.halt" && argument) result = { ...result, haltSignal: parseSignal(argument) };
    else if (key === "lxc.init.cmd" && argument) result = { ...result, initCommand: commandWords(argument, line) };
    else
      throw badRequest(
        `Invalid value for "raw.lxc": cannot use the line "${line}". Only lxc.signal.halt and lxc.init.cmd are read.`,
      );
  }
  return result;
}

/** Splits as LXC does: at blanks, with quotes of either kind around words that hold some. */
function commandWords(text: string, line: string): string[] {
  const words = text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  if (words.join("") !== text.replace(/("[^"]*"|'[^']*')|\s+/g, (_all, quoted: string | undefined) => quoted ?? ""))
    throw badRequest(`Invalid value for "raw.lxc": a quote is not closed in the line "${line}".`);
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, (_all, double, single) => double ?? single));
}

/** @param text such as SIGUSR1, USR1, SIGRTMIN+3 or 10 */
export function parseSignal(text: string): number {
  const realTime = /^(?:SIG)?RTMIN\+(\d+)$/.exec(text);
  const number =
    realTime !== null ? realTimeMin + Number(realTime[1]) : /^\d+$/.test(text) ? Number(text) : namedSignal(text);
  if (number === undefined || number < 1 || number > 64)
    throw badRequest(`Invalid value for "raw.lxc": "${text}" is no signal.`);
  return number;
}

function namedSignal(text: string): number | undefined {
  const signals: Readonly<Record<string, number>> = os.constants.signals;
  return signals[text.startsWith("SIG") ? text : `SIG${text}`];
}

/** busybox init halts on SIGUSR1, systemd on SIGRTMIN+3, others on SIGPWR. @param pid of the init on the host */
export function haltSignal(pid: number, raw: RawLxc): number {
  if (raw.haltSignal !== undefined) return raw.haltSignal;
  // A link of the host's /proc, not a path of the container.
  const executable = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "");
  if (executable.endsWith("/busybox")) return os.constants.signals.SIGUSR1;
  if (executable.endsWith("/systemd")) return realTimeMin + 3;
  return os.constants.signals.SIGPWR;
}

const firstLookMs = 20;
const longestLookMs = 500;

/**
 * Sends the halt signal; sends it once more when the init begins to listen. The kernel drops a signal for a pid 1 that neither
 * catches nor blocks it (pid_namespaces(7)), and an init that was just started does not yet.
 * @param signal aborts when nobody waits any longer
 */
export async function askToHalt(cell: RunningCell, raw: RawLxc, signal: AbortSignal): Promise<void> {
  const halt = haltSignal(cell.pid, raw);
  const wasHeard = isHeard(cell.pid, halt);
  cell.signal(halt);
  if (wasHeard) return;
  for (let pauseMs = firstLookMs; !isHeard(cell.pid, halt); pauseMs = Math.min(longestLookMs, pauseMs * 1.5)) {
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
  }
  cell.signal(halt);
}

/** Whether a process catches a signal, or blocks it and will find it pending (proc_pid_status(5), SigCgt and SigBlk). */
function isHeard(pid: number, signal: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bit = 1n << BigInt(signal - 1);
  return [/^SigCgt:\s+([0-9a-f]+)$/m, /^SigBlk:\s+([0-9a-f]+)$/m].some(
    (line) => (BigInt(`0x${line.exec(status)?.[1] ?? "0"}`) & bit) !== 0n,
  );
}
