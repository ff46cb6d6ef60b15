/** Wait: until a running instance has an address; the extension bothy_instance_wait. */
import { setTimeout as delay } from "node:timers/promises";
import { badRequest } from "../../../../sdk/api/errors";
import type { InstanceState } from "../../../../sdk/api/instance";
import { errnoOf } from "../../../platform/native/connection";
import type { NetInterface, Target } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import type { InstanceId } from "../record";
import type { InstanceService } from "../service";

/** Its supervisor tells of an end in a moment; the kernel told of it already. */
const longestEndMs = 1000;

interface Limit {
  readonly deadline: number;
  /** Of who asks. */
  readonly signal: AbortSignal;
}

/**
 * Waits until a running instance has a global IPv4 address: the kernel tells of each that a guest sets. One that starts again meanwhile is waited for.
 * @throws ApiError BAD_REQUEST with what was seen when the time is over, or where the instance does not run
 */
export async function waitForIpv4(
  instances: InstanceService,
  instance: InstanceId,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<InstanceState> {
  const { home } = instances;
  const limit = { deadline: Date.now() + timeoutMs, signal };
  for (;;) {
    const record = home.book.record(instance);
    const running = home.book.running.get(record);
    // Nobody can be asked in one that is being ended.
    if (running === undefined || running.cell.pid === 0) throw badRequest("Instance is not running");
    const seen = await lookUntil(home, running.cell, limit, hasIpv4);
    if (seen === "ended") {
      await Promise.race([running.gone, delay(longestEndMs, undefined, { ref: false })]);
      if (home.book.running.get(record)?.cell === running.cell) throw badRequest("Instance is not running");
      continue;
    }
    if (!hasIpv4(seen)) throw timedOut(instance.name, timeoutMs, seen);
    const state = await instances.state(home.book.record(instance));
    if (state.network !== null) return state;
  }
}

/** Follows the interfaces of a container until they are as wanted, or the time is over. @returns what was seen last, or that it has ended */
async function lookUntil(
  { native }: InstanceHome,
  cell: Target,
  { deadline, signal }: Limit,
  isWanted: (seen: readonly NetInterface[]) => boolean,
): Promise<readonly NetInterface[] | "ended"> {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let seen: readonly NetInterface[] = [];
  try {
    for await (seen of native.followNet(cell, AbortSignal.any([signal, late.signal]))) {
      if (isWanted(seen) || Date.now() >= deadline) return seen;
      // Not before the first look: that one is taken, however short the time is.
      timer ??= setTimeout(() => late.abort(), deadline - Date.now());
    }
    return "ended";
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) return seen;
    if (errnoOf(error) === "ESRCH") return "ended";
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const hasIpv4 = (seen: readonly NetInterface[]): boolean =>
  seen.some(({ addresses }) => addresses.some(({ family, scope }) => family === "inet" && scope === "global"));

function timedOut(name: string, timeoutMs: number, seen: readonly NetInterface[]) {
  const nics = seen.map(
    ({ name: nic, up, addresses }) => `${nic} is ${up ? "up" : "down"} with ${addresses.length} addresses`,
  );
  return badRequest(
    `Timed out waiting for an IPv4 address of instance "${name}" after ${timeoutMs / 1000} seconds: ${nics.join(", ")}. Look whether its image runs a DHCP client and its network gives addresses.`,
  );
}
