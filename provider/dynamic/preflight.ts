/**
 * Preflight: a look at all resources that a program makes at once, before the first of them is registered. The engine ends a preview at the
 * first resource whose inputs are wrong; with this, that one tells what is wrong with the others too.
 */
import * as pulumi from "@pulumi/pulumi";
import { redactorOf } from "../core/engine/secrets";
import { type Props, unknownValue } from "../core/engine/values";
import { outputOf } from "./reference";
import { isLate } from "./secret-paths";

/** What this needs of a kind; narrow, so that programs need not compile zod's types. */
export interface Checkable {
  readonly type: string;
  check(
    olds: Record<string, unknown>,
    news: Record<string, unknown>,
    isQuick?: boolean,
  ): Promise<{ failures: readonly { property: string; reason: string }[] }>;
}

/** A tree of inputs whose late values are filled in when they become known. */
function withKnown(value: unknown): () => unknown {
  if (isLate(value)) {
    let known: unknown = unknownValue;
    outputOf(value).apply((later) => {
      known = later;
    });
    return () => known;
  }
  if (Array.isArray(value)) {
    const items = value.map(withKnown);
    return () => items.map((item) => item());
  }
  if (typeof value !== "object" || value === null || pulumi.Resource.isInstance(value)) return () => value;
  const members = Object.entries(value).map(([name, member]) => [name, withKnown(member)] as const);
  return () => Object.fromEntries(members.map(([name, member]) => [name, member()]));
}

/** What is wrong with each resource of one round, a line for each failure. */
type Report = ReadonlyMap<symbol, readonly string[]>;

/** Each resource that fails carries what is wrong with the others, and nobody reads more at once. */
const othersShown = 50;

/** The first of many lines, and how many more there are. */
const firstOf = (lines: readonly string[]): string[] =>
  lines.length <= othersShown
    ? [...lines]
    : [...lines.slice(0, othersShown), `${lines.length - othersShown} more. Mend these, then preview again.`];

let candidates: (() => Promise<[symbol, string[]]>)[] = [];
let round: Promise<Report> | undefined;

/** The round that collects now: it ends when the program pauses, so everything that it made without waiting is in it. */
function currentRound(): Promise<Report> {
  round ??= new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
    const all = candidates;
    candidates = [];
    round = undefined;
    return new Map(await Promise.all(all.map((look) => look())));
  });
  return round;
}

/**
 * Looks at a resource's inputs as far as they are known without any other resource.
 * @returns what to add to the inputs: nothing, or what is wrong with the others when something is wrong here too
 */
export function othersThatFail(
  kind: Checkable,
  name: string,
  inputs: pulumi.Inputs,
): pulumi.Output<string[] | undefined> {
  const self = Symbol(name);
  const known = withKnown(inputs);
  const report = currentRound();
  candidates.push(async () => {
    const props = Object.fromEntries(Object.entries(known() as Props).filter(([, value]) => value !== undefined));
    const { failures } = await kind.check({}, props, true);
    const redact = redactorOf(props);
    return [self, failures.map(({ property, reason }) => redact(`${kind.type} "${name}": ${property}: ${reason}`))];
  });
  return pulumi.output(
    report.then((all) => {
      if ((all.get(self) ?? []).length === 0) return undefined;
      const others = [...all].filter(([one]) => one !== self).flatMap(([, lines]) => lines);
      return others.length === 0 ? undefined : firstOf(others);
    }),
  );
}
