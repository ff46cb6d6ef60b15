/** Power: containers that start with the daemon, and all of them stopped with it. */
import { setTimeout as delay } from "node:timers/promises";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ownCall } from "../../../core/call";
import { urlOf } from "../../../core/ref";
import { timerMs } from "../../../platform/time";
import { type InstanceId, type InstanceRecord, instanceRef } from "../record";
import type { InstanceService } from "../service";
import { wasRunning } from "./last-state";

/** Starts those that should run, one after the other: by boot.autostart, or as they were left. */
export async function autostart(instances: InstanceService, records: readonly InstanceRecord[]): Promise<void> {
  const { home, lifecycle } = instances;
  const { book, changes, warnings } = home;
  const wanted = records
    .map((record) => ({ record, config: instanceConfig(book.expanded(record).config) }))
    .filter(({ record, config }) => config.get("boot.autostart") ?? wasRunning(record))
    .sort((a, b) => b.config.get("boot.autostart.priority") - a.config.get("boot.autostart.priority"));
  for (const { record, config } of wanted) {
    const entity = urlOf(instanceRef(record));
    try {
      await changes.run(ownCall(), {
        of: [instanceRef(record)],
        work: () => lifecycle.start(book.record(record)),
      });
    } catch (error) {
      warnings.record("autostartFailed", { message: `Cannot start instance "${record.name}"`, entity, error });
    }
    await delay(timerMs(config.get("boot.autostart.delay")));
  }
}

/** Stops every container by boot.stop.priority, cleanly as far as its time goes, then by force. For the daemon's shutdown. */
export async function shutdownAll(instances: InstanceService): Promise<void> {
  const { lifecycle } = instances;
  const { running } = instances.home.book;
  await lifecycle.beginShutdown();
  const ranked = running.list().map((instance) => ({ instance, rank: stopRank(instances, instance) }));
  for (const rank of [...new Set(ranked.map((one) => one.rank))].sort((a, b) => b - a))
    await Promise.all(ranked.filter((one) => one.rank === rank).map(({ instance }) => shutdown(instances, instance)));
}

/** Where an instance stands in the order of stops: the highest first, those of the same together. */
function stopRank({ home: { book } }: InstanceService, instance: InstanceId): number {
  const record = book.find(instance);
  return record === undefined ? 0 : instanceConfig(book.expanded(record).config).get("boot.stop.priority");
}

async function shutdown({ home, lifecycle }: InstanceService, instance: InstanceId): Promise<void> {
  const { book, log } = home;
  try {
    const { config } = book.expanded(book.record(instance));
    const seconds = instanceConfig(config).get("boot.host_shutdown_timeout");
    if (book.running.get(instance)?.isFrozen) await lifecycle.setFrozen(instance, false);
    await lifecycle.stop(instance, timerMs(seconds));
  } catch (error) {
    log.warning("A container did not stop cleanly and is killed", { name: instance.name, error });
    if (book.running.has(instance))
      await lifecycle
        .kill(instance)
        .catch((cause: unknown) => log.error("A container cannot be killed", { name: instance.name, error: cause }));
  }
}
