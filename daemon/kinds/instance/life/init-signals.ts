/** Init signals: which one an init takes as the wish to power off, seen from what it is and from what it listens to. */
import { opendirSync, readFileSync, readlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { peek } from "../../../platform/processes/peek";

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

/**
 * What is asked of the kernel without peek() is at hand there: no guest can hold it up.
 * @param pid of the init on the host @returns the signal that asks it to power off; SIGPWR, as in LXC, when nothing tells @throws Error when it is gone
 */
export async function powerOffSignal(pid: number): Promise<number> {
  const executable = path.basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
  const signal = known.find(([name]) => name.test(executable))?.[1];
  if (signal !== undefined) return signal;
  if (multiCall.test(executable)) {
    const words = await commandOf(pid);
    const applet = multiCall.test(words[0] ?? "") ? words[1] : words[0];
    if (initName.test(applet ?? "")) return SIGUSR1;
  }
  const ears = await earsOf(pid);
  if (hearsAll(ears.heard | ears.blocked)) return await signalThrough(pid, ears);
  // A copy of busybox under the name of init: SIGTERM would make it reboot.
  const isLikeBusybox = [SIGUSR1, SIGUSR2, SIGTERM].every((number) => has(ears.heard | ears.blocked, number));
  if (isLikeBusybox && !has(ears.heard, SIGPWR) && initName.test((await commandOf(pid))[0] ?? "")) return SIGUSR1;
  return first(ears.heard) ?? first(ears.blocked) ?? SIGPWR;
}

const first = (mask: bigint): number | undefined => preferred.find((signal) => has(mask, signal));

/** Whether a process catches a signal, waits for it, or blocks it and will find it pending. */
export async function isHeard(pid: number, signal: number): Promise<boolean> {
  const { heard, blocked } = quickEarsOf(pid);
  return has(heard | blocked, signal) || has(await awaitedMask(pid), signal);
}

/** Nobody listens to these but who takes all there are, most to pass them on: tini, dumb-init, our own reaper, Go's runtime. */
const hearsAll = (mask: bigint): boolean => [SIGXCPU, SIGVTALRM, SIGPROF].every((signal) => has(mask, signal));

/** For who takes all signals: what its one child listens to, else SIGTERM, which ends a command by custom. */
async function signalThrough(pid: number, { caught }: Ears): Promise<number> {
  // openrc-init blocks all but the two that it catches.
  if (has(caught, SIGTERM) && !hearsAll(caught)) return SIGTERM;
  const [child, ...others] = childrenOf(pid);
  if (child === undefined || others.length > 0) return SIGTERM;
  const ears = await earsOf(child);
  if (hearsAll(ears.heard | ears.blocked)) return SIGTERM;
  return has(ears.heard, SIGPWR) || has(ears.ignored, SIGTERM) ? SIGPWR : SIGTERM;
}

/** Of what a guest can make as long as it likes: its command line is a piece of its memory, and may have terabytes. */
const most = { commandBytes: 4096, descriptors: 1024 };

/** The first words of its command line, without their folders; none where it cannot be read. */
async function commandOf(pid: number): Promise<string[]> {
  const text = await peek(pid, "cmdline", { bytes: most.commandBytes });
  return (text?.toString("utf8") ?? "")
    .split("\0")
    .slice(0, 2)
    .map((word) => path.basename(word));
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

async function earsOf(pid: number): Promise<Ears> {
  const ears = quickEarsOf(pid);
  return { ...ears, heard: ears.heard | (await awaitedMask(pid)) };
}

/** All but what is waited for this moment (proc_pid_status(5)). */
function quickEarsOf(pid: number): Ears {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mask = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s+([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
  const caught = mask("SigCgt");
  return { caught, heard: caught | signalfdMask(pid), blocked: mask("SigBlk"), ignored: mask("SigIgn") };
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
async function awaitedMask(pid: number): Promise<bigint> {
  // The function of the kernel that it sleeps in is told without a lock (proc_pid_wchan(5)); "0" where it runs, or where the kernel does not tell.
  const where = read(() => readFileSync(`/proc/${pid}/wchan`, "utf8"));
  if (!["", "0"].includes(where) && !where.includes("sigtimedwait")) return 0n;
  const call = await peek(pid, "syscall", { bytes: 256 });
  const [number = "", address = ""] = (call?.toString("latin1") ?? "").split(" ");
  if (!waitCalls.has(number)) return 0n;
  const set = await peek(pid, "mem", { bytes: 8, at: BigInt(address) });
  return set?.length === 8 ? set.readBigUInt64LE() : 0n;
}

/** A descriptor may be closed while we look. */
function read(look: () => string): string {
  try {
    return look();
  } catch {
    return "";
  }
}
