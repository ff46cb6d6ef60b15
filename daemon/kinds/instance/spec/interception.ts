/**
 * Interception: system calls of a container that its helper answers (security.syscalls.intercept.*, docs/security.md). Rules before its filter hand over just those
 * that may be answered; all others stay the kernel's.
 */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { Op } from "../../../platform/native/index";
import { instruction } from "./seccomp";
import { isCompatDenied } from "./syscall-keys";
import { forArchitectures, type Instruction, load } from "./syscalls";

/** Of struct seccomp_data; the lower half of an argument, which is the first one. */
const argument = (index: number): number => 16 + 8 * index;

/** linux/bpf_common.h, linux/seccomp.h */
const code = { and: 0x54, jumpIfEqual: 0x15, answer: 0x06 } as const;
const handOver: Instruction = [code.answer, 0, 0, 0x7fc0_0000];

/** Of stat(2): what kind of file a mode says, and a character device. */
const [kindOfFile, characterDevice] = [0o170_000, 0o020_000] as const;

/** Nodes that every container has: null, zero, full, random, urandom, tty (native/verbs/notify/mknod.c has the same). */
const nodes = [0x103, 0x105, 0x107, 0x108, 0x109, 0x500] as const;

const interceptable = ["bpf", "mknod", "mount", "sched_setscheduler", "setxattr", "sysinfo"] as const;
type Interceptable = (typeof interceptable)[number];

/** File systems that the container may mount. */
const mountable = (config: Config): readonly string[] =>
  instanceConfig(config).get("security.syscalls.intercept.mount.allowed") ?? [];

/** The calls that a container has answered. Those of a privileged one need no help; raw.seccomp stands in the place of all other keys. @param config expanded */
function intercepted(config: Config): readonly Interceptable[] {
  const set = instanceConfig(config);
  if (set.get("security.privileged") || set.has("raw.seccomp")) return [];
  const wanted = interceptable.filter((call) => set.get(`security.syscalls.intercept.${call}`));
  const isAsked = { bpf: set.get("security.syscalls.intercept.bpf.devices"), mount: mountable(config).length > 0 };
  return wanted.filter((call) => (call !== "bpf" && call !== "mount") || isAsked[call]);
}

/** The answers that bothy-cell gives. @param config expanded */
export const interceptionOps = (config: Config): Op[] =>
  intercepted(config).flatMap((call): Op[] => {
    if (call === "bpf") return [["intercept", "bpf-devices", ""]];
    if (call !== "mount") return [["intercept", call, ""]];
    const isShifted = instanceConfig(config).get("security.syscalls.intercept.mount.shift");
    const mount: Op = ["intercept", "mount", mountable(config).join(",")];
    return isShifted ? [mount, ["intercept", "mount-shift", ""]] : [mount];
  });

/** What is handed over when a call has this number. The number of the call stands ready before, and is read again after it. */
const whenNumber = (number: number, then: readonly Instruction[]): Instruction[] => [
  load(0),
  [code.jumpIfEqual, 0, then.length, number],
  ...then,
];

/** @param mode @param device indices of arguments */
function nodeRule(mode: number, device: number): Instruction[] {
  const tests = nodes.map((node, i): Instruction => [code.jumpIfEqual, nodes.length - 1 - i, 0, node]);
  const last = tests.length - 1;
  return [
    load(argument(mode)),
    [code.and, 0, 0, kindOfFile],
    [code.jumpIfEqual, 0, tests.length + 2, characterDevice],
    load(argument(device)),
    ...tests.map((test, i): Instruction => (i === last ? [test[0], 0, 1, test[3]] : test)),
    handOver,
  ];
}

/** What has one byte: nothing else is said of an overlay's folder. @param index of the argument */
const ofSize = (index: number, size: number): Instruction[] => [
  load(argument(index)),
  [code.jumpIfEqual, 0, 1, size],
  handOver,
];

/**
 * MS_REMOUNT, MS_BIND and MS_MOVE (linux/mount.h): with them it is no new file system. Programs that know the newer calls, which a filter cannot look into, fall back
 * on mount(2) where there are none.
 */
const changeOfMount = 0x20 | 0x1000 | 0x2000;
const noSuchCall = 0x0005_0000 | 38;
const freshMount: readonly Instruction[] = [
  load(argument(3)),
  [code.and, 0, 0, changeOfMount],
  [code.jumpIfEqual, 0, 1, 0],
  handOver,
];

/** BPF_PROG_LOAD, BPF_PROG_ATTACH and BPF_PROG_DETACH (linux/bpf.h). Others stay as the filter has them. */
const programCommands = [5, 8, 9] as const;
const programCall: readonly Instruction[] = [
  load(argument(0)),
  ...programCommands.map((command, i): Instruction => {
    const left = programCommands.length - 1 - i;
    return [code.jumpIfEqual, left, left === 0 ? 1 : 0, command];
  }),
  handOver,
];

const rules: Readonly<Record<Interceptable, readonly (readonly [call: string, then: readonly Instruction[]])[]>> = {
  bpf: [["bpf", programCall]],
  mknod: [
    ["mknod", nodeRule(1, 2)],
    ["mknodat", nodeRule(2, 3)],
  ],
  mount: [
    ["mount", freshMount],
    ["fsopen", [[code.answer, 0, 0, noSuchCall]]],
  ],
  sched_setscheduler: [["sched_setscheduler", [handOver]]],
  setxattr: ["setxattr", "lsetxattr", "fsetxattr"].map((call) => [call, ofSize(3, 1)]),
  sysinfo: [["sysinfo", [handOver]]],
};

/**
 * Rules that come before the filter; empty for a container that has nothing answered. Calls of 32 bits have the same arguments.
 * @param dir of the programs that the build makes @param config expanded
 */
export function interceptionRules(dir: string, config: Config): Buffer {
  const all = intercepted(config).flatMap((what) => rules[what]);
  if (all.length === 0) return Buffer.alloc(0);
  const body = forArchitectures(dir, !isCompatDenied(config), (numberOf) =>
    all.flatMap(([call, then]) => (numberOf(call) < 0 ? [] : whenNumber(numberOf(call), then))),
  );
  return Buffer.concat(body.map((one) => instruction(...one)));
}
