/** Watch: one condition that is being waited for. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Devices } from "../../../../../sdk/api/common";
import type { InstanceState } from "../../../../../sdk/api/instance";
import type { Context } from "../../../engine/core";
import type { Props } from "../../../engine/values";
import type { Condition } from "./inputs";

export interface Watch {
  /** Its signal fires when the time is over too, and when nobody asks any more. */
  readonly context: Context;
  readonly name: string;
  readonly condition: Condition;
  /** Where the condition stands among the inputs, such as ["wait", "all", "0"]. */
  readonly path: readonly string[];
  /** Inputs of the container, which tell what is secret. */
  readonly inputs: Props;
  /** Expanded devices of the container. */
  readonly devices: Devices;
  readonly timeoutSeconds: number;
  /** Takes note of what was seen last, for the message when the time is over. */
  readonly saw: (seen: string) => void;
}

/** How one sort of conditions is waited for. */
export interface ConditionKind {
  /** Says that the condition does not hold: "it got no IPv4 address". */
  readonly missing: (watch: Watch) => string;
  /** Resolves when the condition holds. @throws Error when it never will */
  readonly until: (watch: Watch) => Promise<void>;
  /** What there is in place of what is waited for, looked at when the time is over; else it is what was noted last. */
  readonly seen?: (watch: Watch) => Promise<string>;
}

const firstPauseMs = 50;
const longestPauseMs = 2000;

/** Looks again and again, with growing pauses: for conditions of which no server and no program tells. */
export async function untilTrue({ context }: Watch, look: () => Promise<boolean>): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    if (await look()) return;
    await sleep(pauseMs, undefined, { signal: context.signal });
  }
}

export const failed = ({ name }: Watch, cause: string): Error =>
  new Error(`Cannot bring up container "${name}": ${cause}`);

/** The state of a container that goes on. @throws Error for one that has stopped, for which no wait helps */
export async function runningState(watch: Watch): Promise<InstanceState> {
  const { client, signal } = watch.context;
  const state = await client.getInstanceState(watch.name, { signal });
  if (state.status !== "Stopped") return state;
  throw failed(watch, "it stopped while it was waited for. Look at its console log, mend it, then run up again.");
}

/** Longest part of a line that a message shows, in characters. */
const shownLength = 200;

export const shownLine = (line: string): string =>
  line.length > shownLength ? `${line.slice(0, shownLength)} ...` : line;
