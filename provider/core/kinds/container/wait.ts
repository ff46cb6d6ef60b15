/** Container wait: what must be true before a container counts as made. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Devices } from "../../../../sdk/api/common";
import { ApiError } from "../../../../sdk/api/errors";
import type { Context } from "../../engine/core";
import { hiddenText, isSecretAt, redactorOf } from "../../engine/secrets";
import type { Props } from "../../engine/values";
import { hasIpv4, seenOf } from "./addresses";
import type { Wait } from "./inputs";

/** Extension of the daemon that answers when the condition holds; LXD sends no event when an address appears. */
const waitExtension = "bothy_instance_wait";

const defaultTimeoutSeconds = 120;

/** What to wait for, in this order. Without a word of the program: an address if there is a nic, then the command if there is one. */
export function conditionsOf(wait: Wait | undefined, devices: Devices): ("ipv4" | "command")[] {
  if (wait?.for !== undefined) return wait.for === "nothing" ? [] : [wait.for];
  const hasNic = Object.values(devices).some(({ type }) => type === "nic");
  return [...(hasNic ? ["ipv4" as const] : []), ...(wait?.command === undefined ? [] : ["command" as const])];
}

/**
 * Waits for what the program asks, one condition after the other; each may take the whole time.
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
  for (const condition of conditionsOf(wait, devices))
    if (condition === "ipv4") await waitForIpv4(context, name, timeoutSeconds);
    else await waitForCommand(context, name, { command: wait?.command ?? [], timeoutSeconds, inputs });
}

const timedOut = (name: string, timeoutSeconds: number, what: string, seen: string): Error =>
  new Error(
    `Cannot bring up container "${name}": ${what} within ${timeoutSeconds} seconds; ${seen}. Mend the container or raise wait.timeoutSeconds, then run up again.`,
  );

async function waitForIpv4(context: Context, name: string, timeoutSeconds: number): Promise<void> {
  const { client, server, signal } = context;
  if (!server.api_extensions.includes(waitExtension)) return waitByReading(context, name, timeoutSeconds);
  try {
    await client.waitInstance(name, { for: "ipv4", timeoutSeconds }, { signal });
  } catch (error) {
    if (!ApiError.is(error) || !/^timed out/i.test(error.message)) throw error;
    const state = await client.getInstanceState(name, { signal });
    throw timedOut(name, timeoutSeconds, "it got no IPv4 address", seenOf(state));
  }
}

/** For servers that cannot wait: reads the state again after growing pauses, and at once when the server tells of the container. */
async function waitByReading(context: Context, name: string, timeoutSeconds: number): Promise<void> {
  const { client, signal } = context;
  const end = Date.now() + timeoutSeconds * 1000;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.5, 2000)) {
    const state = await client.getInstanceState(name, { signal });
    if (hasIpv4(state)) return;
    if (Date.now() >= end) throw timedOut(name, timeoutSeconds, "it got no IPv4 address", seenOf(state));
    await sleep(Math.min(pauseMs, Math.max(end - Date.now(), 0)), undefined, { signal });
  }
}

/** Longest part of a command's output that an error shows, in characters. */
const shownLength = 400;

/** Longest part that is searched for secrets, in characters. */
const searchedLength = 65_536;

interface CommandWait {
  readonly command: readonly string[];
  readonly timeoutSeconds: number;
  readonly inputs: Props;
}

/** What a command said, for people. A command with a secret in it may print that in any form, so nothing of its output is told. */
function outputOf(said: string, inputs: Props): string {
  if (said.trim() === "") return "";
  if (isSecretAt(inputs, "wait", "command")) return "; its output is not shown, since the command holds a secret";
  // Taken out before it is cut: half of a secret is not found.
  return `, with the output: ${redactorOf(inputs)(said.slice(-searchedLength)).trim().slice(-shownLength)}`;
}

/** The command with its secret words hidden by their place, whatever they hold. */
const shownCommand = ({ command, inputs }: CommandWait): string =>
  command.map((word, at) => (isSecretAt(inputs, "wait", "command", String(at)) ? hiddenText : word)).join(" ");

/** Each attempt is one exec session; the pause between them grows, since only the command itself can tell that it is time. */
async function waitForCommand({ client, signal }: Context, name: string, wait: CommandWait): Promise<void> {
  const { command, timeoutSeconds, inputs } = wait;
  const over = AbortSignal.timeout(timeoutSeconds * 1000);
  const either = AbortSignal.any([signal, over]);
  let seen = "the command never ended";
  try {
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 2000)) {
      const { code, stdout, stderr } = await client.execOutput(name, { command, signal: either });
      if (code === 0) return;
      seen = `its last exit code was ${code}${outputOf(`${stderr}${stdout}`, inputs)}`;
      await sleep(pauseMs, undefined, { signal: either });
    }
  } catch (error) {
    if (signal.aborted || !over.aborted) throw error;
    throw timedOut(name, timeoutSeconds, `the command "${shownCommand(wait)}" did not succeed`, seen);
  }
}
