/** Wait: what must be true before a container counts as made. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../sdk";
import type { WaitArgs } from "./args";

const defaultSeconds = 120;

/** @param hasNic whether it has one in the environment's network @throws ApiError, Error that say what was seen when the time is over */
export async function waitUntilReady(
  client: Client,
  name: string,
  wait: WaitArgs | undefined,
  hasNic: boolean,
): Promise<void> {
  const timeoutSeconds = wait?.timeoutSeconds ?? defaultSeconds;
  if (wait?.for === "ipv4" || (wait?.for === undefined && hasNic))
    await client.waitInstance(name, { for: "ipv4", timeoutSeconds });
  if (wait?.command !== undefined && (wait.for === undefined || wait.for === "command"))
    await waitForCommand(client, name, wait.command, timeoutSeconds);
}

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
