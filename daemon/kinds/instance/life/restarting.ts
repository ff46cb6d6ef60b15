/** Restarting: a container that is stopped only to start again. Its end deletes no ephemeral instance, also when the daemon is killed in between. */

import { type InstanceId, keyOf } from "../record";
import { stoppedPower, withoutRestart, withRestart } from "./last-state";
import type { Life } from "./life";

/** Runs work that stops a container and starts it again. Caller holds the instance's lock, or starts under it. */
export async function whileRestarting<T>(life: Life, instance: InstanceId, work: () => Promise<T>): Promise<T> {
  const { book, restarting } = life;
  restarting.add(keyOf(instance));
  book.change(instance, (now) => ({ ...now, config: withRestart(now.config) }));
  try {
    return await work();
  } finally {
    restarting.delete(keyOf(instance));
    const power = life.running.has(instance) ? {} : stoppedPower;
    book.change(instance, (now) => ({ ...now, config: withoutRestart({ ...now.config, ...power }) }));
  }
}
