/**
 * Raw seccomp: a whole filter of a policy, in the place of the one that the build makes (raw.seccomp), and the empty one of security.syscalls.deny_default.
 * Instructions are those of syscalls.ts.
 */
import type { SeccompAction, SeccompCondition, SeccompPolicy } from "../../../../sdk/api/config/raw-seccomp";
import { badRequest } from "../../../../sdk/api/errors";
import { instruction } from "./seccomp";

/** How to load, mask, compare, jump and answer (linux/bpf_common.h). */
const code = {
  load: 0x20,
  and: 0x54,
  ifEqual: 0x15,
  ifGreater: 0x25,
  ifGreaterOrEqual: 0x35,
  jump: 0x05,
  answer: 0x06,
} as const;
/** Of struct seccomp_data. An argument has its lower half first on the architectures that we know. */
const offset = { number: 0, architecture: 4, arguments: 16 } as const;
/** linux/seccomp.h */
const answers = { allow: 0x7fff_0000, kill: 0x8000_0000, trap: 0x0003_0000, errno: 0x0005_0000 } as const;
const enosys = 38;
/** Numbers of x32 have this bit, and the architecture of x86_64. */
const x32 = 0x4000_0000;
const mostInstructions = 4096;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number];

/** What the host's system calls are called. */
export interface Calls {
  /** The kernel's numbers of the architecture and of its 32-bit companion. */
  readonly audits: readonly number[];
  /** Numbers of a system call for both; -1 where there is none. */
  readonly calls: ReadonlyMap<string, readonly number[]>;
}

/** LXC's words for the architecture and its companion. */
const words: Readonly<Record<string, readonly string[]>> = { x64: ["x86_64", "x86"], arm64: ["arm64", "arm"] };

const load = (at: number): Instruction => [code.load, 0, 0, at];
const answerOf = (action: SeccompAction): Instruction => [
  code.answer,
  0,
  0,
  typeof action === "string" ? answers[action] : answers.errno | action.errno,
];

/** Instructions after which the next one runs when the condition holds; else `left` instructions behind them are passed over. */
function holds({ argument, test, value, mask }: SeccompCondition, left: number): Instruction[] {
  const [low, high] = [Number(value & 0xffff_ffffn), Number(value >> 32n)];
  const at = offset.arguments + argument * 8;
  const [lower, upper] = [load(at), load(at + 4)];
  switch (test) {
    case "==":
      return [upper, [code.ifEqual, 0, left + 2, high], lower, [code.ifEqual, 0, left, low]];
    case "!=":
      return [upper, [code.ifEqual, 0, 2, high], lower, [code.ifEqual, left, 0, low]];
    case "&": {
      const [lowMask, highMask] = [Number(mask & 0xffff_ffffn), Number(mask >> 32n)];
      const and = (k: number): Instruction => [code.and, 0, 0, k];
      const same = (one: number, of: number) => (one & of) >>> 0;
      return [
        upper,
        and(highMask),
        [code.ifEqual, 0, left + 3, same(high, highMask)],
        lower,
        and(lowMask),
        [code.ifEqual, 0, left, same(low, lowMask)],
      ];
    }
    case ">":
    case ">=": {
      const more = test === ">" ? code.ifGreater : code.ifGreaterOrEqual;
      return [upper, [code.ifGreater, 3, 0, high], [code.ifEqual, 0, left + 2, high], lower, [more, 0, left, low]];
    }
    case "<":
    case "<=": {
      const more = test === "<" ? code.ifGreaterOrEqual : code.ifGreater;
      return [upper, [code.ifGreater, left + 3, 0, high], [code.ifEqual, 0, 2, high], lower, [more, left, 0, low]];
    }
  }
}

/** The number of the call stands ready before each rule, and after it. */
function ruleFor(number: number, conditions: readonly SeccompCondition[], action: SeccompAction): Instruction[] {
  if (conditions.length === 0) return [[code.ifEqual, 0, 1, number], answerOf(action)];
  // From the last one on, so that each knows how much comes behind it.
  const body = [answerOf(action)];
  for (const condition of conditions.toReversed()) body.unshift(...holds(condition, body.length));
  // The last instruction is where both ways meet again.
  return [[code.ifEqual, 0, body.length + 1, number], ...body, load(offset.number)];
}

/** @param withCompat whether programs of 32 bits have system calls at all */
function instructionsOf(
  { audits, calls }: Calls,
  { otherwise, rules }: SeccompPolicy,
  withCompat: boolean,
): Instruction[] {
  const known = words[process.arch] ?? [];
  const blocks = audits.slice(0, withCompat ? 2 : 1).flatMap((audit, of): Instruction[] => {
    const own = rules.filter(({ architecture }) => architecture === "all" || architecture === known[of]);
    const body = own.flatMap(({ call, conditions, action }) => {
      const number = typeof call === "number" ? (of === 0 ? call : -1) : (calls.get(call)?.[of] ?? -1);
      return number < 0 ? [] : ruleFor(number, conditions, action);
    });
    const foreign: Instruction[] =
      process.arch === "x64" && of === 0 ? [[code.ifGreaterOrEqual, 0, 1, x32], answerOf({ errno: enosys })] : [];
    const whole = [load(offset.number), ...foreign, ...body, answerOf(otherwise)];
    return [load(offset.architecture), [code.ifEqual, 1, 0, audit], [code.jump, 0, 0, whole.length], ...whole];
  });
  return [...blocks, answerOf({ errno: enosys })];
}

/** A whole filter. @throws ApiError BAD_REQUEST for a name that no system call has, and for a filter that the kernel would not take */
export function filterOf(calls: Calls, policy: SeccompPolicy, withCompat: boolean): Buffer {
  const own = [...(words[process.arch] ?? []), "all"];
  const unknown = policy.rules.find(
    ({ call, architecture }) => typeof call === "string" && own.includes(architecture) && !calls.calls.has(call),
  );
  if (unknown !== undefined)
    throw badRequest(
      `Invalid value for "raw.seccomp": "${unknown.call}" is no system call that this host knows. Correct the name, or put it below the name of its architecture.`,
    );
  const instructions = instructionsOf(calls, policy, withCompat);
  // Rules of a container's own may come before it.
  if (instructions.length > mostInstructions - 1024)
    throw badRequest('Invalid value for "raw.seccomp": the kernel takes no filter as long as that. Leave out rules.');
  return Buffer.concat(instructions.map((one) => instruction(...one)));
}

/** What allows all. */
export const openPolicy: SeccompPolicy = { otherwise: "allow", rules: [] };
