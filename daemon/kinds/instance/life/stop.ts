/** Stop: the clean way, which asks the init, and the kill. Both wait until the container is gone. */
import os from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest, internal } from "../../../../sdk/api/errors";
import { type Call, ownCall } from "../../../core/call";
import { parseRawLxc, type RawLxc } from "../../../core/settings/raw-lxc";
import { runCommand } from "../inside/run";
import { type InstanceId, keyOf } from "../record";
import { isOci, ociStopSignal } from "../spec/oci";
import { askToHalt } from "./halt";
import type { AskedStop, Life } from "./life";
import { inForce } from "./made-by";
import { pause } from "./pause";
import type { RunningInstance } from "./running";
import { powerOffCommand } from "./sysvinit";

/** How long an init may take to end by the signal that raw.lxc has for a forced stop. */
const askedMs = 10_000;
/** Most of the work of a kill is the kernel's; what lasts longer hangs in it. */
const killMs = 60_000;
/** LXD's default patience for a clean stop: ten minutes. */
const defaultStopMs = 600_000;

/**
 * Asks the init to power off and waits; a paused one goes on for it. Not under the instance's lock, so that a forced stop can overtake it.
 * @param timeoutMs patience; negative for LXD's default
 * @throws ApiError BAD_REQUEST when it is stopped, INTERNAL when it does not end in time
 */
export async function stop(life: Life, instance: InstanceId, timeoutMs: number, call: Call = ownCall()): Promise<void> {
  const running = needForStop(life, instance);
  if (running.isFrozen) await pause(life, instance, false, call);
  const raw = rawLxcOf(life, instance, running);
  const over = new AbortController();
  using _ = ask(life, instance, { action: "instance-shutdown", call });
  void askToHalt(running.cell, raw, () => requestHalt(life, instance, over.signal), over.signal).catch(
    (error: unknown) =>
      life.home.log.debug("The init of a container cannot be asked to halt", { name: instance.name, error }),
  );
  if (!(await endsWithin(running, timeoutMs < 0 ? defaultStopMs : timeoutMs, over)))
    throw internal(
      'Failed shutting down instance, status is "Running": context deadline exceeded. Stop it with force, or look why its init does not end.',
    );
}

/**
 * Kills every process and waits until the container is gone; the init may end by the signal of raw.lxc first.
 * @throws ApiError BAD_REQUEST when it is stopped, INTERNAL when a process does not end within a minute
 */
export async function kill(life: Life, instance: InstanceId, call: Call = ownCall()): Promise<void> {
  const running = needForStop(life, instance);
  if (running.isFrozen) await pause(life, instance, false);
  using _ = ask(life, instance, { action: "instance-stopped", call });
  const { stopSignal } = rawLxcOf(life, instance, running);
  if (stopSignal !== undefined && stopSignal !== os.constants.signals.SIGKILL) {
    running.cell.signal(stopSignal);
    if (await endsWithin(running, askedMs)) return;
  }
  running.cell.kill();
  if (!(await endsWithin(running, killMs)))
    throw internal(
      "Failed to stop instance: a process in it was killed and does not end. It may wait for a disk or a server; try again later.",
    );
}

/** Has a sysvinit power off. @returns whether it was asked: an image may lack the program */
async function requestHalt({ home, book }: Life, instance: InstanceId, signal: AbortSignal): Promise<boolean> {
  const record = book.find(instance);
  return record !== undefined && (await runCommand(home, record, powerOffCommand, signal)) === 0;
}

/** What raw.lxc says to a container, by the configuration that it runs with. */
function rawLxcOf({ book }: Life, instance: InstanceId, { madeBy }: RunningInstance): RawLxc {
  const record = book.find(instance);
  if (record === undefined) return {};
  const config = inForce(book.expanded(record).config, madeBy);
  const set = instanceConfig(config);
  // The command of an image of OCI is asked as its image says; anything else stands in raw.lxc.
  return { ...(isOci(config) ? { haltSignal: ociStopSignal(config) } : {}), ...parseRawLxc(set.get("raw.lxc")) };
}

/** Notes who wants it, for the event of its end; a later wish takes the place of an earlier one. Until disposed, or the end. */
function ask(life: Life, instance: InstanceId, asked: AskedStop): Disposable {
  life.asked.set(keyOf(instance), asked);
  return {
    [Symbol.dispose]: () => {
      if (life.asked.get(keyOf(instance)) === asked) life.asked.delete(keyOf(instance));
    },
  };
}

/** @param over aborts when the wait is over @returns whether the container was gone in time */
async function endsWithin(running: RunningInstance, timeoutMs: number, over = new AbortController()): Promise<boolean> {
  const late = delay(timeoutMs, false, { signal: over.signal }).catch(() => true);
  return Promise.race([running.gone.then(() => true), late]).finally(() => over.abort());
}

function needForStop(life: Life, instance: InstanceId): RunningInstance {
  const running = life.running.get(instance);
  if (running === undefined) throw badRequest("The instance is already stopped");
  return running;
}
