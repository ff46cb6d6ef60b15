/** raw.lxc: the few lines of LXC's own configuration that Bothy reads (lxc.container.conf(5)). */
import os from "node:os";
import { badRequest } from "../../../sdk/api/errors";

const realTimeMin = 34;

/** Programs that nothing ever calls. */
const idleHooks: ReadonlySet<string> = new Set(["lxc.hook.clone", "lxc.hook.destroy"]);

/** What Bothy reads in raw.lxc; every other line is refused when it is set. */
export interface RawLxc {
  readonly haltSignal?: number;
  /** What a forced stop sends before it kills. */
  readonly stopSignal?: number;
  readonly initCommand?: readonly string[];
  /** No profile of AppArmor. */
  readonly isUnconfined?: true;
  /** Label of SELinux; unconfined_t for none. */
  readonly selinuxContext?: string;
  /** No program gains rights by a setuid bit or file capabilities. */
  readonly hasNoNewPrivileges?: true;
}

/** @throws ApiError BAD_REQUEST for a line that Bothy does not know */
export function parseRawLxc(value: string | undefined): RawLxc {
  let result: RawLxc = {};
  for (const line of (value ?? "").split("\n").map((text) => text.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [, key, argument] = /^([a-z0-9_.]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key === "lxc.signal.halt" && argument) result = { ...result, haltSignal: parseSignal(argument) };
    else if (key === "lxc.signal.stop" && argument) result = { ...result, stopSignal: parseSignal(argument) };
    // LXD restarts by a stop and a start, and so do we: nothing sends this one.
    else if (key === "lxc.signal.reboot" && argument) parseSignal(argument);
    // LXC runs these when lxc-copy or lxc-destroy is called, which neither LXD nor Bothy does.
    else if (key !== undefined && idleHooks.has(key) && argument) continue;
    else if ((key === "lxc.apparmor.profile" || key === "lxc.aa_profile") && argument === "unconfined")
      result = { ...result, isUnconfined: true };
    else if ((key === "lxc.selinux.context" || key === "lxc.se_context") && isSELinuxLabel(argument))
      result = { ...result, selinuxContext: argument };
    else if (key === "lxc.no_new_privs" && argument === "1") result = { ...result, hasNoNewPrivileges: true };
    else if (key === "lxc.init.cmd" && argument) result = { ...result, initCommand: commandWords(argument, line) };
    else
      throw badRequest(
        `Invalid value for "raw.lxc": cannot use the line "${line}". Only lxc.signal.halt, lxc.signal.stop, lxc.signal.reboot, lxc.no_new_privs=1, lxc.selinux.context and lxc.init.cmd are read.`,
      );
  }
  return result;
}

/** A whole one, or the word by which LXC means none. */
const isSELinuxLabel = (text: string | undefined): text is string =>
  text === "unconfined_t" || /^[\w.-]+(:[\w.-]+){2}(:[\w.:,-]+)?$/.test(text ?? "");

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
    throw badRequest(`Invalid value for "raw.lxc": "${text}" is not a signal.`);
  return number;
}

function namedSignal(text: string): number | undefined {
  const signals: Readonly<Record<string, number>> = os.constants.signals;
  return signals[text.startsWith("SIG") ? text : `SIG${text}`];
}
