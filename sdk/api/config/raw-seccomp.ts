/** Raw seccomp: a whole policy of system calls in LXC's form, version 1 or 2 (lxc.container.conf(5), SECCOMP CONFIGURATION). */
import type { ValueType } from "./table";

export type SeccompAction = "allow" | "kill" | "trap" | { readonly errno: number };

/** Of an argument of a system call, as a number of 64 bits without a sign. */
export interface SeccompCondition {
  /** 0 to 5. */
  readonly argument: number;
  readonly test: "==" | "!=" | "<" | "<=" | ">" | ">=" | "&";
  readonly value: bigint;
  /** For "&": the bits that are compared with the value. */
  readonly mask: bigint;
}

export interface SeccompRule {
  /** A name, or a number of this architecture (version 1). */
  readonly call: string | number;
  readonly action: SeccompAction;
  /** All of them hold. */
  readonly conditions: readonly SeccompCondition[];
  /** The architecture that it is for, in LXC's words; "all" for every one. */
  readonly architecture: string;
}

export interface SeccompPolicy {
  /** What becomes of a call that no rule is about. */
  readonly otherwise: SeccompAction;
  /** The first that fits counts. */
  readonly rules: readonly SeccompRule[];
}

/** A filter has 4096 instructions (seccomp(2)). */
const mostRules = 1500;
/** As many as a call has arguments. */
const mostConditions = 6;
const mostErrno = 4095;
const noSuchPermission = 13;
/** MNT_FORCE of umount2(2). */
const force = 1n;

const architectures =
  "all x86 x32 x86_64 arm arm64 mips mips64 mips64n32 mipsel mipsel64 mipsel64n32 ppc ppc64 ppc64le riscv64 s390x";
const known: ReadonlySet<string> = new Set(architectures.split(" "));

const tests: Readonly<Record<string, SeccompCondition["test"]>> = {
  SCMP_CMP_NE: "!=",
  "!=": "!=",
  SCMP_CMP_LT: "<",
  "<": "<",
  SCMP_CMP_LE: "<=",
  "<=": "<=",
  SCMP_CMP_EQ: "==",
  "==": "==",
  SCMP_CMP_GE: ">=",
  ">=": ">=",
  SCMP_CMP_GT: ">",
  ">": ">",
  SCMP_CMP_MASKED_EQ: "&",
  "&=": "&",
};

class Wrong extends Error {}

/** @throws Wrong */
function parsed(text: string): SeccompPolicy {
  const lines = text.split("\n").map((line) => line.trim());
  const version = lines.shift();
  const head = lines.shift() ?? "";
  const rest = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (rest.length > mostRules) throw new Wrong(`it must have at most ${mostRules} lines`);
  if (version === "1") return ofNumbers(head, rest);
  if (version !== "2") throw new Wrong('its first line must be the version of LXC\'s form, "1" or "2"');
  const [, list, action] = /^(denylist|blacklist|allowlist|whitelist)(?:\s+(\S.*))?$/.exec(head) ?? [];
  if (list === undefined)
    throw new Wrong('its second line must be "denylist" or "allowlist", and an action if you like');
  const given = action === undefined ? undefined : actionOf(action);
  return /^(deny|black)/.test(list)
    ? { otherwise: "allow", rules: rulesOf(rest, given ?? "kill") }
    : { otherwise: given ?? "kill", rules: rulesOf(rest, "allow") };
}

function ofNumbers(head: string, lines: readonly string[]): SeccompPolicy {
  if (!/^(allow|white)list$/.test(head)) throw new Wrong('its second line must be "allowlist", since it has version 1');
  const rules = lines.map((line): SeccompRule => {
    if (!/^\d{1,6}$/.test(line)) throw new Wrong(`the line "${shown(line)}" must be the number of a system call`);
    return { call: Number(line), action: "allow", conditions: [], architecture: "all" };
  });
  return { otherwise: "kill", rules };
}

function rulesOf(lines: readonly string[], action: SeccompAction): SeccompRule[] {
  let architecture = "all";
  const rules: SeccompRule[] = [];
  for (const line of lines) {
    const [, section] = /^\[([^\],]*)\]$/.exec(line) ?? [];
    if (section === undefined) rules.push(ruleOf(line, action, architecture));
    else if (known.has(section)) architecture = section;
    else throw new Wrong(`"[${shown(section)}]" must be one of ${[...known].map((one) => `[${one}]`).join(", ")}`);
  }
  return rules;
}

function ruleOf(line: string, action: SeccompAction, architecture: string): SeccompRule {
  if (/^reject_force_umount\b/.test(line)) {
    const conditions = [{ argument: 1, test: "&", value: force, mask: force } as const];
    return { call: "umount2", action: { errno: noSuchPermission }, conditions, architecture };
  }
  const [, call, word, conditions = ""] =
    /^([a-z_][a-z0-9_]*)(?:\s+([a-z]+(?:\s+\d+)?))?\s*((?:\[[^\]]*\]\s*)*)$/.exec(line) ?? [];
  if (call === undefined)
    throw new Wrong(
      `the line "${shown(line)}" must be the name of a system call, an action ("allow", "kill", "trap" or "errno" and a number) and conditions such as [0,1,SCMP_CMP_EQ]`,
    );
  const all = [...conditions.matchAll(/\[([^\]]*)\]/g)].map(([, one = ""]) => conditionOf(one));
  if (all.length > mostConditions)
    throw new Wrong(`the line "${shown(line)}" must have at most ${mostConditions} conditions`);
  return {
    call,
    action: word === undefined ? action : actionOf(word),
    conditions: all,
    architecture,
  };
}

function actionOf(text: string): SeccompAction {
  const [word, number, ...more] = text.split(/\s+/);
  if (word === "errno" && number !== undefined && Number(number) <= mostErrno && more.length === 0)
    return { errno: Number(number) };
  if ((word === "allow" || word === "kill" || word === "trap") && number === undefined) return word;
  if (word === "notify") throw new Wrong('"notify" needs somebody who answers, and there is none here yet');
  throw new Wrong(
    `the action "${shown(text)}" must be "allow", "kill", "trap", or "errno" and a number up to ${mostErrno}`,
  );
}

function conditionOf(text: string): SeccompCondition {
  const [argument = "", value = "", word = "", mask, ...more] = text.split(",").map((part) => part.trim());
  const test = tests[word];
  const isWhole = test === "&" ? mask !== undefined && isNumber(mask) : mask === undefined;
  if (!/^[0-5]$/.test(argument) || !isNumber(value) || test === undefined || !isWhole || more.length > 0)
    throw new Wrong(
      `the condition "[${shown(text)}]" must be the number of an argument from 0 to 5, a value, one of ${Object.keys(tests).join(", ")}, and a mask for the last two`,
    );
  return { argument: Number(argument), test, value: numberOf(value), mask: numberOf(mask ?? "0") };
}

const isNumber = (text: string): boolean => /^-?(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text);

const numberOf = (text: string): bigint =>
  BigInt.asUintN(64, text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text));

const shown = (text: string): string => text.slice(0, 100);

export const rawSeccomp: ValueType<SeccompPolicy> = {
  title: "policy of system calls in LXC's form",
  check: (text) => {
    try {
      parsed(text);
      return undefined;
    } catch (error) {
      if (error instanceof Wrong) return error.message;
      throw error;
    }
  },
  parse: parsed,
};
