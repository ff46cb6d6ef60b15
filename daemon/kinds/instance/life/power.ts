/** Power: containers that start with the daemon, and all of them stopped with it. */
import { setTimeout as delay } from "node:timers/promises";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { Context } from "../../../context";
import { timerMs } from "../../../platform/time";
import type { InstanceRecord } from "../record";
import { wasRunning } from "./last-state";

/** Starts those that should run, one after the other: by boot.autostart, or as they were left. */
export async function autostart(context: Context, records: readonly InstanceRecord[]): Promise<void> {
  const { instances, locks, warnings } = context;
  const wanted = records
    .map((record) => ({ record, config: instanceConfig(instances.expanded(record).config) }))
    .filter(({ record, config }) => config.get("boot.autostart") ?? wasRunning(record))
    .sort((a, b) => b.config.get("boot.autostart.priority") - a.config.get("boot.autostart.priority"));
  for (const { record, config } of wanted) {
    const entity = `/1.0/instances/${record.name}`;
    try {
      await locks.run(`instance/${record.name}`, () => instances.lifecycle.start(instances.record(record.name)));
    } catch (error) {
      warnings.record("autostartFailed", { message: `Cannot start instance "${record.name}"`, entity, error });
    }
    await delay(timerMs(config.get("boot.autostart.delay")));
  }
}

/** Stops every container, cleanly as far as its time goes, then by force. For the daemon's shutdown. */
export async function shutdownAll(context: Context): Promise<void> {
  const { lifecycle } = context.instances;
  await lifecycle.beginShutdown();
  await Promise.all(lifecycle.running.names().map((name) => shutdown(context, name)));
}

async function shutdown({ instances, log }: Context, name: string): Promise<void> {
  const { lifecycle } = instances;
  try {
    const { config } = instances.expanded(instances.record(name));
    const seconds = instanceConfig(config).get("boot.host_shutdown_timeout");
    if (lifecycle.running.get(name)?.isFrozen) await lifecycle.setFrozen(name, false);
    await lifecycle.stop(name, timerMs(seconds));
  } catch (error) {
    log.warning("A container did not stop cleanly and is killed", { name, error });
    if (lifecycle.isRunning(name))
      await lifecycle
        .kill(name)
        .catch((cause: unknown) => log.error("A container cannot be killed", { name, error: cause }));
  }
}
