/** Halt: which signal asks an init to power off, and what raw.lxc says of it. */
import { readlinkSync } from "node:fs";
import os from "node:os";
import { badRequest } from "../../sdk/api/errors";

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
  const executable = readlinkSync(`/proc/${pid}/exe`);
  if (executable.endsWith("/busybox")) return os.constants.signals.SIGUSR1;
  if (executable.endsWith("/systemd")) return realTimeMin + 3;
  return os.constants.signals.SIGPWR;
}
