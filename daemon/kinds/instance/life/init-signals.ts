/** Init signals: which one an init takes as the wish to power off, seen from what it is and from what it listens to. */
import { closeSync, opendirSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const realTimeMin = 34;
const { SIGPWR, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGXCPU, SIGVTALRM, SIGPROF } = os.constants.signals;
const powerOffOfSystemd = realTimeMin + 3;

/** Inits whose signals are their own. Names of executables; sources: each program's manual. */
const known: readonly (readonly [name: RegExp, signal: number])[] = [
  [/^systemd$/, powerOffOfSystemd],
  [/^runit(-init)?$/, SIGCONT],
  [/^finit$/, SIGUSR2],
  [/^procd$/, SIGUSR1],
];

/** One file for many commands; its init halts on SIGUSR1, and its shell may run an init that is a script. */
const multiCall = /^(busybox|toybox)/;
const initName = /^(init|linuxrc)$/;

/** In this order: an init that listens to several is asked by the first. Not by SIGINT, which shells catch for themselves and sysvinit takes for a reboot. */
const preferred = [powerOffOfSystemd, SIGPWR, SIGTERM, SIGUSR1, SIGUSR2];

/** Sets of signals as bit masks: bit n - 1 is signal n. */
interface Ears {
  /** By a handler. */
  readonly caught: bigint;
  /** By a handler, or waited for: by signalfd, or in a call of sigwait. */
  readonly heard: bigint;
  /** Kept pending: heard later, or never. */
  readonly blocked: bigint;
  readonly ignored: bigint;
}

const has = (mask: bigint, signal: number): boolean => ((mask >> BigInt(signal - 1)) & 1n) !== 0n;

/** @param pid of the init on the host @returns the signal that asks it to power off; SIGPWR, as in LXC, when nothing tells @throws Error when it is gone */
export function powerOffSignal(pid: number): number {
  const { executable, words } = commandOf(pid);
  const signal = known.find(([name]) => name.test(executable))?.[1];
  if (signal !== undefined) return signal;
  if (multiCall.test(executable)) {
    const applet = multiCall.test(words[0] ?? "") ? words[1] : words[0];
    if (initName.test(applet ?? "")) return SIGUSR1;
  }
  const ears = earsOf(pid);
  if (hearsAll(ears.heard | ears.blocked)) return signalThrough(pid, ears);
  // A copy of busybox under the name of init: SIGTERM would make it reboot.
  const isLikeBusybox = [SIGUSR1, SIGUSR2, SIGTERM].every((number) => has(ears.heard | ears.blocked, number));
  if (isLikeBusybox && initName.test(words[0] ?? "") && !has(ears.heard, SIGPWR)) return SIGUSR1;
  return first(ears.heard) ?? first(ears.blocked) ?? SIGPWR;
}

const first = (mask: bigint): number | undefined => preferred.find((signal) => has(mask, signal));

/** Whether a process catches a signal, waits for it, or blocks it and will find it pending. */
export function isHeard(pid: number, signal: number): boolean {
  const { heard, blocked } = earsOf(pid);
  return has(heard | blocked, signal);
}

/** Nobody listens to these but who takes all there are, most to pass them on: tini, dumb-init, our own reaper, Go's runtime. */
const hearsAll = (mask: bigint): boolean => [SIGXCPU, SIGVTALRM, SIGPROF].every((signal) => has(mask, signal));

/** For who takes all signals: what its one child listens to, else SIGTERM, which ends a command by custom. */
function signalThrough(pid: number, { caught }: Ears): number {
  // openrc-init blocks all but the two that it catches.
  if (has(caught, SIGTERM) && !hearsAll(caught)) return SIGTERM;
  const [child, ...others] = childrenOf(pid);
  if (child === undefined || others.length > 0) return SIGTERM;
  const ears = earsOf(child);
  if (hearsAll(ears.heard | ears.blocked)) return SIGTERM;
  return has(ears.heard, SIGPWR) || has(ears.ignored, SIGTERM) ? SIGPWR : SIGTERM;
}

/** Of what a guest can make as long as it likes: its command line is a piece of its memory, and may have terabytes. */
const most = { commandBytes: 4096, descriptors: 1024 };

/** Links and files of the host's /proc, no path of the container. */
function commandOf(pid: number): { executable: string; words: string[] } {
  const executable = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "");
  const words = beginningOf(`/proc/${pid}/cmdline`, most.commandBytes).split("\0");
  return { executable: path.basename(executable), words: words.slice(0, 2).map((word) => path.basename(word)) };
}

function beginningOf(file: string, bytes: number): string {
  const fd = openSync(file, "r");
  try {
    const text = Buffer.alloc(bytes);
    return text.toString("utf8", 0, readSync(fd, text));
  } finally {
    closeSync(fd);
  }
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

/** proc_pid_status(5). */
function earsOf(pid: number): Ears {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mask = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s+([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
  const caught = mask("SigCgt");
  return {
    caught,
    heard: caught | signalfdMask(pid) | awaitedMask(pid),
    blocked: mask("SigBlk"),
    ignored: mask("SigIgn"),
  };
}

/** proc_pid_fdinfo(5): what is read through signalfd, such as by systemd and s6. An init opens it early, so that its number is a low one. */
function signalfdMask(pid: number): bigint {
  return lowDescriptorsOf(pid).reduce((mask, name) => {
    if (read(() => readlinkSync(`/proc/${pid}/fd/${name}`)) !== "anon_inode:[signalfd]") return mask;
    const info = read(() => readFileSync(`/proc/${pid}/fdinfo/${name}`, "utf8"));
    return mask | BigInt(`0x${/^sigmask:\s+([0-9a-f]+)$/m.exec(info)?.[1] ?? "0"}`);
  }, 0n);
}

/** Lowest first, as the kernel lists them. */
function lowDescriptorsOf(pid: number): string[] {
  const folder = opendirSync(`/proc/${pid}/fd`);
  try {
    const names: string[] = [];
    for (let entry = folder.readSync(); entry !== null && names.length < most.descriptors; entry = folder.readSync())
      names.push(entry.name);
    return names;
  } finally {
    folder.closeSync();
  }
}

/** Numbers of rt_sigtimedwait, those of 32-bit processes included. */
const waitCalls = new Set(process.arch === "arm64" ? ["137", "177", "421"] : ["128", "177", "421"]);

/** What is waited for this moment: while it waits the kernel shows it neither as blocked nor as caught. */
function awaitedMask(pid: number): bigint {
  const [number = "", address = ""] = read(() => readFileSync(`/proc/${pid}/syscall`, "utf8")).split(" ");
  if (!waitCalls.has(number)) return 0n;
  const set = Buffer.alloc(8);
  read(() => {
    const memory = openSync(`/proc/${pid}/mem`, "r");
    try {
      readSync(memory, set, 0, set.length, BigInt(address));
    } finally {
      closeSync(memory);
    }
    return "";
  });
  return set.readBigUInt64LE();
}

/** A descriptor may be closed, and a call return, while we look; and some kernels do not show calls. */
function read(look: () => string): string {
  try {
    return look();
  } catch {
    return "";
  }
}
