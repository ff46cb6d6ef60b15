/** Wait: what must be true before a container counts as made. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../sdk";
import { allOf } from "./all-of";
import type { WaitArgs } from "./args";

const defaultSeconds = 120;

export interface Waiting {
  readonly name: string;
  readonly wait: WaitArgs | undefined;
  /** Whether it has one in the environment's network. */
  readonly hasNic: boolean;
}

/**
 * Waits until all are ready: first for the addresses of all, then for what their commands say. A command that asks a neighbour before that one has
 * its address would be kept waiting for a second by its own kernel.
 * @throws ApiError, Error that say what was seen when the time is over
 */
export async function waitUntilReady(client: Client, all: readonly Waiting[]): Promise<void> {
  const addressed = all.filter(({ wait, hasNic }) => wait?.for === "ipv4" || (wait?.for === undefined && hasNic));
  await allOf(
    addressed.map(({ name, wait }) => client.waitInstance(name, { for: "ipv4", timeoutSeconds: secondsOf(wait) })),
  );
  await allOf(
    all.map(async ({ name, wait }) => {
      if (wait?.command !== undefined && (wait.for === undefined || wait.for === "command"))
        await waitForCommand(client, name, wait.command, secondsOf(wait));
    }),
  );
}

const secondsOf = (wait: WaitArgs | undefined): number => wait?.timeoutSeconds ?? defaultSeconds;

/** Only the command itself can tell that it is time, so the pause between attempts grows. */
async function waitForCommand(
  client: Client,
  name: string,
  command: readonly string[],
  timeoutSeconds: number,
): Promise<void> {
  const end = Date.now() + timeoutSeconds * 1000;
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.5, 1000)) {
    const signal = AbortSignal.timeout(Math.max(end - Date.now(), 1));
    const { code, stdout, stderr } = await client.execOutput(name, { command, signal });
    if (code === 0) return;
    if (Date.now() + pauseMs >= end)
      throw new Error(
        `Cannot bring up container "${name}": the command "${command.join(" ")}" did not succeed within ${timeoutSeconds} seconds; its last exit code was ${code}: ${`${stderr}${stdout}`.trim().slice(-400)}`,
      );
    await sleep(pauseMs);
  }
}
