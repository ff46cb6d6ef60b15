/** Where bothyd answers otherwise than LXD 5.0.2, each with a reason: test/compat/differences.yaml. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { packageRoot } from "../../../sdk/host/package";
import { differenceOf, type Outcome } from "./transcript";

const file = path.join(packageRoot, "test/compat/differences.yaml");

const Difference = z.strictObject({
  /** The clients that see it. */
  clients: z.array(z.string()).min(1),
  why: z.string().min(20),
  /** Texts of the same meaning, line by line, in any step; a * stands for any text. Each pair is met at least once. */
  instead: z.array(z.strictObject({ lxd: z.string(), bothy: z.string() })).optional(),
  /** Beginnings of lines: of what LXD and Bothy say after one of them, one may stand within the other. */
  inside: z.array(z.string()).optional(),
  /** Lines that may differ in any step ("- " LXD's, "+ " ours); a * stands for any text. Each is met at least once. */
  anywhere: z.string().optional(),
  /** By step: all lines that differ there, as the failing test tells them. */
  steps: z.record(z.string(), z.string()).optional(),
});

export type Difference = z.infer<typeof Difference>;

/** @throws Error when the file is not of this form */
export const readDifferences = (): Difference[] => z.array(Difference).parse(parse(readFileSync(file, "utf8")));

const linesIn = (text: string | undefined): string[] => (text ?? "").split("\n").filter((line) => line !== "");

const patternOf = (line: string): RegExp =>
  new RegExp(`^${line.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);

/** One rule for lines of any step, and whether it was of use. */
interface Rule {
  readonly name: string;
  /** @returns the lines that it leaves */
  readonly take: (lines: readonly string[]) => readonly string[];
  isMet: boolean;
}

function rulesOf({ anywhere, instead = [], inside = [] }: Difference): Rule[] {
  const pair = (name: string, isPair: (lxd: string, bothy: string) => boolean): Rule => ({
    name,
    take: (lines) => withoutPairs(lines, isPair),
    isMet: false,
  });
  return [
    ...inside.map((start) => pair(start, (lxd, bothy) => isWithin(start, lxd, bothy))),
    ...instead.map(({ lxd, bothy }) => {
      const [one, other] = [patternOf(lxd), patternOf(bothy)];
      return pair(`${lxd} / ${bothy}`, (their, our) => one.test(their) && other.test(our));
    }),
    ...linesIn(anywhere).map((line) => {
      const pattern = patternOf(line);
      return {
        name: line,
        take: (lines: readonly string[]) => lines.filter((one) => !pattern.test(one)),
        isMet: false,
      };
    }),
  ];
}

/** Whether one of the texts after a beginning that both have stands within the other. */
function isWithin(start: string, lxd: string, bothy: string): boolean {
  if (!lxd.startsWith(start) || !bothy.startsWith(start)) return false;
  const [one, other] = [lxd.slice(start.length), bothy.slice(start.length)].map((text) => text.replace(/^"|"$/g, ""));
  return one !== undefined && other !== undefined && (one.includes(other) || other.includes(one));
}

/** Takes away each "- " line with the first "+ " line that makes a pair with it. */
function withoutPairs(lines: readonly string[], isPair: (lxd: string, bothy: string) => boolean): readonly string[] {
  const left = [...lines];
  for (const line of lines.filter((one) => one.startsWith("- "))) {
    const partner = left.findIndex((one) => one.startsWith("+ ") && isPair(line.slice(2), one.slice(2)));
    if (partner < 0) continue;
    left.splice(partner, 1);
    left.splice(left.indexOf(line), 1);
  }
  return left;
}

/**
 * Compares what bothyd came to with what LXD came to.
 * @param played the steps that were run; of the rest of LXD's nothing is said
 * @returns complaints: steps that differ without a reason, reasons without a difference, steps that LXD's transcript lacks
 */
export function complaintsOf(
  client: string,
  recorded: readonly Outcome[],
  played: readonly Outcome[],
  differences: readonly Difference[],
): string[] {
  const own = differences.filter(({ clients }) => clients.includes(client));
  const rules = own.flatMap(rulesOf);
  const complaints: string[] = [];
  const byStep = new Map(recorded.map((outcome) => [outcome.step, outcome.lines]));
  for (const { step, lines } of played) {
    const theirs = byStep.get(step);
    if (theirs === undefined) {
      complaints.push(`${JSON.stringify(step)}: is not in the transcript of LXD; npm run compat:record`);
      continue;
    }
    const expected = own.flatMap(({ steps }) => linesIn(steps?.[step]));
    const left = leftAfter(rules, without(differenceOf(theirs, lines), expected));
    const unmet = without(expected, differenceOf(theirs, lines));
    if (left.length === 0 && unmet.length === 0) continue;
    const told = [...left, ...unmet.map((line) => `(no difference any more) ${line}`)];
    complaints.push([`${JSON.stringify(step)}: |`, ...told.map((line) => `  ${line}`)].join("\n"));
  }
  for (const { name, isMet } of rules)
    if (!isMet) complaints.push(`${name}\n  is a difference that no step has any more`);
  const known = new Set(recorded.map(({ step }) => step));
  for (const step of own.flatMap(({ steps }) => Object.keys(steps ?? {})))
    if (!known.has(step)) complaints.push(`${JSON.stringify(step)}: no step is called this`);
  return complaints;
}

function leftAfter(rules: readonly Rule[], lines: readonly string[]): readonly string[] {
  let left = lines;
  for (const rule of rules) {
    const next = rule.take(left);
    rule.isMet ||= next.length < left.length;
    left = next;
  }
  return left;
}

/** The lines less others, each taken once. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...lines];
  for (const line of others) {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}
