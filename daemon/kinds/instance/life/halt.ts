/** Halt: asking an init to power off. */
import { setTimeout as delay } from "node:timers/promises";
import type { RawLxc } from "../../../core/settings/raw-lxc";
import type { RunningCell } from "../../../platform/native/index";
import { isHeard, powerOffSignal } from "./init-signals";
import { takesRequests, willTakeRequests } from "./sysvinit";

const firstLookMs = 20;
const longestLookMs = 500;

/**
 * Asks an init in its own language: sysvinit by a request, all others, and whoever raw.lxc has a signal for, by a signal.
 * @param request has a sysvinit power off, and says whether it could be asked
 * @param signal aborts when nobody waits any longer
 */
export async function askToHalt(
  cell: RunningCell,
  raw: RawLxc,
  request: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  if (raw.haltSignal !== undefined) return askBySignal(cell, raw, signal);
  if (takesRequests(cell.pid) && (await request())) return;
  const later = willTakeRequests(cell.pid, signal).then((will) => will && request());
  await Promise.all([askBySignal(cell, raw, signal), later]);
}

/**
 * Sends the halt signal; sends it once more when the init begins to listen. The kernel drops a signal for a pid 1 that neither
 * catches nor awaits it (pid_namespaces(7)), and an init that was just started does not yet. What it listens to by then counts.
 */
async function askBySignal(cell: RunningCell, raw: RawLxc, signal: AbortSignal): Promise<void> {
  const ask = async () => {
    const halt = raw.haltSignal ?? (await powerOffSignal(cell.pid));
    return { halt, wasHeard: await isHeard(cell.pid, halt) };
  };
  let asked = await ask();
  cell.signal(asked.halt);
  if (asked.wasHeard) return;
  for (let pauseMs = firstLookMs; !asked.wasHeard; pauseMs = Math.min(longestLookMs, pauseMs * 1.5)) {
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    asked = await ask();
  }
  cell.signal(asked.halt);
}
