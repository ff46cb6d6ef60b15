/**
 * System calls: what security.syscalls.deny and .allow make of the filter of all containers: a program of seccomp(2) before it, which falls through to it.
 * A filter of BPF: instructions of 8 bytes (filter.rst of the kernel), each with a code, two short jumps and a number.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { SyscallRule } from "../../../../sdk/api/config/syscall-policy";
import { badRequest } from "../../../../sdk/api/errors";
import { narrowNames, packedCalls } from "./narrow-calls";
import { filterOf, openPolicy } from "./raw-seccomp";
import { instruction, type WholeFilter } from "./seccomp";
import { isCompatDenied, isDefaultDenied, syscallLines } from "./syscall-keys";

/** How to load a field of struct seccomp_data, compare, jump and answer (linux/bpf_common.h, linux/seccomp.h). */
const code = { load: 0x20, and: 0x54, jumpIfEqual: 0x15, jump: 0x05, answer: 0x06 } as const;
const field = { number: 0, architecture: 4, firstArgument: 16 } as const;
const answer = { killProcess: 0x8000_0000, errno: 0x0005_0000, allow: 0x7fff_0000 } as const;

export type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number];

export const load = (offset: number): Instruction => [code.load, 0, 0, offset];
const answering = (value: number): Instruction => [code.answer, 0, 0, value];

interface Names {
  /** The kernel's numbers of the architecture and of its 32-bit companion. */
  readonly audits: readonly number[];
  /** Numbers of a system call for both; -1 where there is none. */
  readonly calls: ReadonlyMap<string, readonly number[]>;
}

const read = new Map<string, Names>();

/** The system calls that the build's libseccomp knows. */
function namesIn(dir: string): Names {
  const known = read.get(dir);
  if (known !== undefined) return known;
  const [head = "", ...lines] = readFileSync(path.join(dir, "names"), "utf8").trim().split("\n");
  const parts = (line: string): [string, number[]] => {
    const [name = "", ...numbers] = line.split(" ");
    return [name, numbers.map(Number)];
  };
  const names = { audits: parts(head)[1], calls: new Map(lines.map(parts)) };
  read.set(dir, names);
  return names;
}

/** raw.seccomp stands in the place of all other keys. */
const hasPolicy = (config: Config): boolean =>
  !instanceConfig(config).has("raw.seccomp") &&
  (syscallLines(config, "deny") !== undefined || syscallLines(config, "allow") !== undefined);

/** A whole filter in the place of the one that the build makes; absent where that one counts. @param config expanded */
export function wholeFilter(dir: string, config: Config): WholeFilter | undefined {
  const raw = instanceConfig(config).get("raw.seccomp");
  if (raw !== undefined) return { program: filterOf(namesIn(dir), raw, true), isOpen: false };
  if (isDefaultDenied(config)) return undefined;
  const withCompat = !isCompatDenied(config);
  return { program: filterOf(namesIn(dir), openPolicy, withCompat), isOpen: withCompat };
}

/** @throws ApiError BAD_REQUEST for a name that no system call has */
export function requireKnownCalls(dir: string, config: Config): void {
  if (instanceConfig(config).has("raw.seccomp")) wholeFilter(dir, config);
  if (!hasPolicy(config)) return;
  const { calls } = namesIn(dir);
  for (const list of ["deny", "allow"] as const) {
    const { key, rules } = syscallLines(config, list) ?? { key: list, rules: [] };
    for (const { name } of rules)
      if (!calls.has(name))
        throw badRequest(
          `Invalid value for "${key}": "${name}" is no system call that this host knows. Correct the name.`,
        );
  }
}

/**
 * Instructions for calls of this architecture and, with compat, of its 32-bit companion; each is passed over by the other.
 * @param dir of the programs that the build makes @param body of one of them: what numbers a call has there, -1 for none
 */
export function forArchitectures(
  dir: string,
  withCompat: boolean,
  body: (numberOf: (name: string) => number) => readonly Instruction[],
): Instruction[] {
  const { audits, calls } = namesIn(dir);
  return audits.slice(0, withCompat ? 2 : 1).flatMap((audit, of) =>
    forArchitecture(
      audit,
      body((name) => calls.get(name)?.[of] ?? -1),
    ),
  );
}

/** Instructions for one architecture, passed over by the others. */
const forArchitecture = (audit: number, body: readonly Instruction[]): Instruction[] => [
  load(field.architecture),
  [code.jumpIfEqual, 1, 0, audit],
  [code.jump, 0, 0, body.length],
  ...body,
];

const denied = (numbers: readonly (readonly [number: number, value: number])[]): Instruction[] => [
  load(field.number),
  ...numbers.flatMap(([number, value]): Instruction[] => [[code.jumpIfEqual, 0, 1, number], answering(value)]),
];

/** What is in the list jumps behind this. */
const allowed = (numbers: readonly number[]): Instruction[] => [
  load(field.number),
  ...numbers.flatMap((number, index): Instruction[] => [
    [code.jumpIfEqual, 0, 1, number],
    [code.jump, 0, 0, 2 * (numbers.length - index) - 1],
  ]),
  answering(answer.killProcess),
];

/** Rules by the keys of a container; empty where it has none. @param dir of the programs that the build makes @param config expanded */
export function policyRules(dir: string, config: Config): Buffer {
  return Buffer.concat(policyOf(dir, config).map((one) => instruction(...one)));
}

/** Mounts in ways that AppArmor does not judge; programs know that a kernel may be without them, and take mount(2). */
const newMountCalls = ["open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"];
const enosys = 38;

/**
 * Whether a container's filter sees of which family each socket is that is made: not where socketcall may make them, nor where the filter is the owner's.
 * @param config expanded @param isNarrow whether its programs are of 32 bits
 */
export const seesFamilies = (config: Config, isNarrow: boolean): boolean =>
  !isNarrow &&
  !instanceConfig(config).has("raw.seccomp") &&
  isDefaultDenied(config) &&
  !(instanceConfig(config).get("security.syscalls.permit") ?? []).includes("socketcall");

/** Rules that leave mount(2) and umount2(2) as the only ways to mount. @param dir of the programs that the build makes */
export function mountCallRules(dir: string): Buffer {
  const { audits, calls } = namesIn(dir);
  const rules = audits.flatMap((audit, of) => {
    const numbers = newMountCalls.map((name) => calls.get(name)?.[of] ?? -1).filter((number) => number >= 0);
    return forArchitecture(audit, denied(numbers.map((number) => [number, answer.errno | enosys] as const)));
  });
  return Buffer.concat(rules.map((one) => instruction(...one)));
}

function policyOf(dir: string, config: Config): Instruction[] {
  if (!hasPolicy(config)) return [];
  const { audits, calls } = namesIn(dir);
  const allow = syscallLines(config, "allow")?.rules;
  const deny = syscallLines(config, "deny")?.rules ?? [];
  return audits.flatMap((audit, of) => {
    const numberOf = (name: string) => calls.get(name)?.[of] ?? -1;
    if (allow !== undefined)
      return forArchitecture(audit, allowed(allow.map(({ name }) => numberOf(name)).filter((n) => n >= 0)));
    const rules = of === 0 ? deny : [...deny, ...deny.flatMap((rule) => otherForms(calls, rule))];
    const numbers = rules.map((rule) => [numberOf(rule.name), answerOf(rule)] as const);
    const packed = of === 0 ? [] : deny.flatMap((rule) => deniedWithin(numberOf, rule));
    return forArchitecture(audit, [...denied(numbers.filter(([number]) => number >= 0)), ...packed]);
  });
}

const answerOf = ({ errno }: SyscallRule): number => (errno === undefined ? answer.killProcess : answer.errno | errno);

/** The same rule for calls that only programs of 32 bits have. What the list says of these themselves comes before. */
const otherForms = (calls: Names["calls"], rule: SyscallRule): SyscallRule[] =>
  narrowNames(rule.name)
    .filter((name) => (calls.get(name)?.[0] ?? 0) < 0)
    .map((name) => ({ ...rule, name }));

/** The same rule for what is one of several behind a call of 32 bits. */
const deniedWithin = (numberOf: (name: string) => number, rule: SyscallRule): Instruction[] =>
  packedCalls(rule.name).flatMap((packed) =>
    withinCall(numberOf(packed.in), packed.mask, packed.numbers, answerOf(rule)),
  );

/** @param number of the call that has several in it; negative where there is none @param numbers those of its first argument that are answered */
function withinCall(number: number, mask: number, numbers: readonly number[], value: number): Instruction[] {
  if (number < 0) return [];
  const tests = numbers.flatMap((one): Instruction[] => [[code.jumpIfEqual, 0, 1, one], answering(value)]);
  const body: Instruction[] = [load(field.firstArgument), [code.and, 0, 0, mask], ...tests];
  return [load(field.number), [code.jumpIfEqual, 0, body.length, number], ...body];
}

/** Of linux/net.h, socket(2) in socketcall; and of sys/socket.h. */
const [makeSocket, vsock] = [1, 40] as const;

/**
 * Rules by which a container gets what the filter of all containers denies (security.syscalls.permit). They come last before it: what is allowed here it does not see.
 * @param dir of the programs that the build makes @param config expanded @param isNarrow whether its programs are of 32 bits
 */
export function permitRules(dir: string, config: Config, isNarrow: boolean): Buffer {
  const permitted = instanceConfig(config).get("security.syscalls.permit") ?? [];
  const wanted = new Set(isNarrow ? [...permitted, "socketcall"] : permitted);
  if (wanted.size === 0 || wholeFilter(dir, config) !== undefined) return Buffer.alloc(0);
  const rules = forArchitectures(dir, !isCompatDenied(config), (numberOf) => [
    ...(wanted.has("io_uring")
      ? ["io_uring_setup", "io_uring_enter", "io_uring_register"].flatMap((name): Instruction[] => [
          load(field.number),
          [code.jumpIfEqual, 0, 1, numberOf(name)],
          answering(answer.allow),
        ])
      : []),
    ...(wanted.has("vsock") ? withinCall(numberOf("socket"), 0xffff_ffff, [vsock], answer.allow) : []),
    ...(wanted.has("socketcall") ? withinCall(numberOf("socketcall"), 0xffff_ffff, [makeSocket], answer.allow) : []),
  ]);
  return Buffer.concat(rules.map((one) => instruction(...one)));
}
