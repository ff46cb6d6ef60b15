/** Syscall policy: lines of security.syscalls.deny and .allow, a system call each, with what becomes of it (LXC's form). */
import type { ValueType } from "./table";

export interface SyscallRule {
  readonly name: string;
  /** The errno that it answers; absent: the process is killed. */
  readonly errno?: number;
}

/** Two instructions a rule for each of two architectures; a filter has 4096 (seccomp(2)), of which that of all containers has some hundreds. */
const maxRules = 500;
const maxErrno = 4095;

/** @returns the rule, or what is wrong with it */
function ruleOf(line: string): SyscallRule | string {
  const [, name, action, value] = /^([a-z_][a-z0-9_]*)(?:\s+(errno|kill)(?:\s+(\d+))?)?$/.exec(line) ?? [];
  const isWhole = action === "errno" ? Number(value) <= maxErrno : value === undefined;
  if (name === undefined || !isWhole)
    return `the line "${line.slice(0, 100)}" must be the name of a system call, alone, with "kill" or with "errno" and a number`;
  return action === "errno" ? { name, errno: Number(value) } : { name };
}

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

const policy = (isRule: (rule: SyscallRule) => string | undefined): ValueType<readonly SyscallRule[]> => ({
  title: "lines with a system call each",
  check: (text) => {
    const lines = linesOf(text);
    if (lines.length > maxRules) return `it must have at most ${maxRules} lines`;
    for (const line of lines) {
      const rule = ruleOf(line);
      const wrong = typeof rule === "string" ? rule : isRule(rule);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  },
  parse: (text) => linesOf(text).map((line) => ruleOf(line) as SyscallRule),
});

export const deniedCalls = policy(() => undefined);

export const allowedCalls = policy(({ errno }) =>
  errno === undefined ? undefined : "its lines must be names alone: what is not in it kills",
);
