/** waitready: waits until the daemon has started. */
import { setTimeout as delay } from "node:timers/promises";
import { unavailable } from "../../sdk/api/errors";
import { ask } from "./ask";

const pauseMs = 200;

/** @param seconds for ever when undefined @throws ApiError UNAVAILABLE when the time is over */
export async function waitReady(socketPath: string, seconds: number | undefined): Promise<void> {
  const deadline = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1000;
  for (;;) {
    try {
      await ask(socketPath, "GET", "/internal/ready");
      return;
    } catch (error) {
      if (Date.now() >= deadline)
        throw unavailable(`The daemon is still not running after ${seconds}s: ${(error as Error).message}`, {
          cause: error,
        });
    }
    await delay(pauseMs);
  }
}
