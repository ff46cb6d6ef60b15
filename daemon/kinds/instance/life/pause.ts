/** Pause: containers frozen because somebody asked for it, or while their root is copied. */
import { badRequest } from "../../../../sdk/api/errors";
import { type Call, ownCall } from "../../../core/call";
import { hasFreezer, setFrozen } from "../../../platform/host/freezer";
import { type InstanceId, keyOf } from "../record";
import { withoutPause, withPause } from "./last-state";
import type { Life } from "./life";

/**
 * Freezes or thaws a container for somebody. One that is asked to stop would not hear it while it is frozen, and whoever asked would wait in vain.
 * @throws ApiError BAD_REQUEST when it does not run, is already as wanted, or is to be frozen while it is asked to stop
 */
export async function pause(life: Life, instance: InstanceId, wanted: boolean, call: Call = ownCall()): Promise<void> {
  const running = life.running.get(instance);
  if (running === undefined) throw badRequest("The container isn't running");
  if (running.isFrozen === wanted)
    throw badRequest(wanted ? "The container is already frozen" : "The instance is not frozen");
  if (wanted && life.asked.has(keyOf(instance)))
    throw badRequest("The instance is asked to stop. Wait until it has, or stop it with force");
  await setFrozen(life.groups.layout, life.group(instance), wanted);
  life.running.update(instance, { isFrozen: wanted });
  notePause(life, instance, wanted);
  life.tell(call, wanted ? "instance-paused" : "instance-resumed", instance);
}

/** Writes into the record whether somebody has paused the instance. */
export function notePause(life: Life, instance: InstanceId, isPaused: boolean): void {
  life.book.change(instance, (now) => ({
    ...now,
    config: isPaused ? withPause(now.config) : withoutPause(now.config),
  }));
}

/** Runs the work while the container does not run; freezes a running one meanwhile, where that can be. */
export async function whileStill<T>(life: Life, instance: InstanceId, work: () => Promise<T>): Promise<T> {
  const running = life.running.get(instance);
  if (running === undefined || running.isFrozen || !hasFreezer(life.groups.layout)) return work();
  await setFrozen(life.groups.layout, life.group(instance), true);
  try {
    return await work();
  } finally {
    if (life.running.has(instance)) await setFrozen(life.groups.layout, life.group(instance), false);
  }
}
