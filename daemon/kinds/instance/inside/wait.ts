/** Wait: until a running instance has an address; the extension bothy_instance_wait. */
import { setTimeout as delay } from "node:timers/promises";
import { badRequest } from "../../../../sdk/api/errors";
import type { InstanceState } from "../../../../sdk/api/instance";
import type { InstanceId } from "../record";
import type { InstanceService } from "../service";

const firstPauseMs = 10;
const longestPauseMs = 250;

/**
 * Waits until a running instance has a global IPv4 address. Nobody tells the daemon when a guest sets one, so it looks again
 * and again, on the host and so that clients need not.
 * @throws ApiError BAD_REQUEST with what was seen when the time is over
 */
export async function waitForIpv4(
  instances: InstanceService,
  instance: InstanceId,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<InstanceState> {
  const deadline = Date.now() + timeoutMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
    const state = await instances.state(instances.home.book.record(instance));
    if (state.network === null) throw badRequest("Instance is not running");
    const addresses = Object.values(state.network).flatMap((item) => item.addresses);
    if (addresses.some((address) => address.family === "inet" && address.scope === "global")) return state;
    if (Date.now() > deadline) throw timedOut(instance.name, timeoutMs, state.network);
    await delay(pauseMs, undefined, { signal });
  }
}

function timedOut(name: string, timeoutMs: number, network: NonNullable<InstanceState["network"]>) {
  const seen = Object.entries(network).map(
    ([nic, item]) => `${nic} is ${item.state} with ${item.addresses.length} addresses`,
  );
  return badRequest(
    `Timed out waiting for an IPv4 address of instance "${name}" after ${timeoutMs / 1000} seconds: ${seen.join(", ")}. Look whether its image runs a DHCP client and its network gives addresses.`,
  );
}
