/** Container wait: what must be true before a container counts as made. */
import type { Devices } from "../../../../../sdk/api/common";
import type { Context } from "../../../engine/core";
import { messageOf } from "../../../engine/failure";
import type { Props } from "../../../engine/values";
import { address } from "./address";
import { cloudInit, systemd } from "./boot";
import { command } from "./command";
import { http } from "./http";
import type { Condition, ConditionWord, Wait } from "./inputs";
import { log } from "./log";
import { port } from "./port";
import type { ConditionKind, Watch } from "./watch";

const kinds: Readonly<Record<ConditionWord, ConditionKind>> = {
  ipv4: address,
  ipv6: address,
  port,
  http,
  command,
  log,
  systemd,
  "cloud-init": cloudInit,
};

const defaultTimeoutSeconds = 120;

interface Placed {
  readonly condition: Condition;
  readonly path: readonly string[];
}

/** Conditions that are waited for at the same time: all of some, and one of others. */
interface Step {
  readonly all: readonly Placed[];
  readonly any: readonly Placed[];
}

/** What to wait for, step by step. Without a word of the program: an address if there is a nic, then the command if there is one. */
export function stepsOf(wait: Wait | undefined, devices: Devices): Step[] {
  const { all, any, timeoutSeconds: _, for: word, ...details } = wait ?? { timeoutSeconds: 0 };
  const alone = (condition: Condition): Step => ({ all: [{ condition, path: ["wait"] }], any: [] });
  if (all !== undefined || any !== undefined) return [{ all: placed("all", all), any: placed("any", any) }];
  if (word !== undefined) return word === "nothing" ? [] : [alone({ ...details, for: word })];
  const hasNic = Object.values(devices).some(({ type }) => type === "nic");
  return [
    ...(hasNic ? [alone({ for: "ipv4" })] : []),
    ...(details.command === undefined ? [] : [alone({ for: "command", command: details.command })]),
  ];
}

const placed = (list: "all" | "any", conditions: readonly Condition[] = []): Placed[] =>
  conditions.map((condition, at) => ({ condition, path: ["wait", list, String(at)] }));

/**
 * Waits for what the program asks, one step after the other; each may take the whole time.
 * @param devices expanded devices of the container @param inputs tell what is secret
 * @throws Error that says what was seen when the time is over
 */
export async function waitUntilReady(
  context: Context,
  name: string,
  wait: Wait | undefined,
  devices: Devices,
  inputs: Props,
): Promise<void> {
  const timeoutSeconds = wait?.timeoutSeconds ?? defaultTimeoutSeconds;
  for (const step of stepsOf(wait, devices)) await waitFor(context, { name, devices, inputs, timeoutSeconds }, step);
}

type About = Pick<Watch, "name" | "devices" | "inputs" | "timeoutSeconds">;

/** A watch with what it has seen last. */
interface Open {
  readonly watch: Watch;
  seen: string;
}

async function waitFor(context: Context, about: About, { all, any }: Step): Promise<void> {
  const over = AbortSignal.timeout(about.timeoutSeconds * 1000);
  const done = new AbortController();
  const oneIsEnough = new AbortController();
  const open = new Set<Open>();

  const begin = async ({ condition, path }: Placed, ...signals: AbortSignal[]): Promise<void> => {
    const signal = AbortSignal.any([context.signal, over, done.signal, ...signals]);
    const saw = (seen: string) => {
      one.seen = seen;
    };
    const one: Open = { watch: { ...about, context: { ...context, signal }, condition, path, saw }, seen: "" };
    open.add(one);
    await kinds[condition.for].until(one.watch);
    open.delete(one);
  };
  const anyOf = async () => {
    if (any.length > 0) await Promise.any(any.map((one) => begin(one, oneIsEnough.signal)));
    oneIsEnough.abort();
    for (const one of open) if (one.watch.path[1] === "any") open.delete(one);
  };

  try {
    await Promise.all([...all.map((one) => begin(one)), anyOf()]);
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (over.aborted) throw await timedOut(context, about, [...open]);
    throw error instanceof AggregateError ? new Error(error.errors.map(messageOf).join(" ")) : error;
  } finally {
    done.abort();
  }
}

/** How long a last look may take. */
const lookMs = 5000;

async function timedOut(context: Context, { name, timeoutSeconds }: About, open: readonly Open[]): Promise<Error> {
  const told = await Promise.all(
    open.map(async ({ watch, seen }) => {
      const kind = kinds[watch.condition.for];
      const looking = {
        ...watch,
        context: { ...context, signal: AbortSignal.any([context.signal, AbortSignal.timeout(lookMs)]) },
      };
      // A look that fails leaves what was noted before.
      const last = (await kind.seen?.(looking).catch(() => undefined)) ?? seen;
      return { what: kind.missing(watch), last };
    }),
  );
  const [first, ...others] = told;
  const more = others.map(({ what, last }) => ` Also ${what}; ${last}.`);
  return new Error(
    `Cannot bring up container "${name}": ${first?.what} within ${timeoutSeconds} seconds; ${first?.last}.${more.join("")} Mend the container or raise wait.timeoutSeconds, then run up again.`,
  );
}
