/** shutdown: lets the daemon stop all containers, and waits until it has left. */
import { setTimeout as delay } from "node:timers/promises";
import { unavailable } from "../../sdk/api/errors";
import { ask } from "./ask";

const pauseMs = 100;

/** @param force whether operations that run are not waited for @param seconds for ever when undefined @throws ApiError of the daemon, UNAVAILABLE when the time is over */
export async function shutDown(socketPath: string, force: boolean, seconds: number | undefined): Promise<void> {
  const asked = (async () => {
    await ask(socketPath, "PUT", `/internal/shutdown?force=${force}`);
    // It answers before it has left.
    while (
      await ask(socketPath, "GET", "/internal/ready").then(
        () => true,
        () => false,
      )
    )
      await delay(pauseMs);
    return true;
  })();
  const late =
    seconds === undefined ? new Promise<never>(() => undefined) : delay(seconds * 1000, false, { ref: false });
  if (!(await Promise.race([asked, late])))
    throw unavailable(
      `The daemon is still running after ${seconds}s. It goes on stopping; --force waits for no operation.`,
    );
}
