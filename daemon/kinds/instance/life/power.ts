/** Power: containers that start with the daemon, and all of them stopped with it. */
import { setTimeout as delay } from "node:timers/promises";
import { isTrue } from "../../../../sdk/api/config/values";
import { ownCall } from "../../../core/call";
import { ref, urlOf } from "../../../core/ref";
import { timerMs } from "../../../platform/time";
import type { InstanceRecord } from "../record";
import type { InstanceService } from "../service";
import { wasRunning } from "./last-state";

/** Starts those that should run, one after the other: by boot.autostart, or as they were left. */
export async function autostart(instances: InstanceService, records: readonly InstanceRecord[]): Promise<void> {
  const { home, lifecycle } = instances;
  const { book, changes, warnings } = home;
  const priority = (config: Readonly<Record<string, string>>) => Number(config["boot.autostart.priority"] ?? 0);
  const wanted = records
    .map((record) => ({ record, config: book.expanded(record).config }))
    .filter(({ record, config }) => {
      const setting = config["boot.autostart"];
      return setting === undefined ? wasRunning(record) : isTrue(setting);
    })
    .sort((a, b) => priority(b.config) - priority(a.config));
  for (const { record, config } of wanted) {
    const entity = urlOf(ref("instance", record.name));
    try {
      await changes.run(ownCall(), {
        of: [ref("instance", record.name)],
        work: () => lifecycle.start(book.record(record.name)),
      });
    } catch (error) {
      warnings.record("autostartFailed", { message: `Cannot start instance "${record.name}"`, entity, error });
    }
    await delay(timerMs(Number(config["boot.autostart.delay"] ?? 0)));
  }
}

/** Stops every container, cleanly as far as its time goes, then by force. For the daemon's shutdown. */
export async function shutdownAll(instances: InstanceService): Promise<void> {
  const { lifecycle } = instances;
  const { running } = instances.home.book;
  await lifecycle.beginShutdown();
  await Promise.all(running.names().map((name) => shutdown(instances, name)));
}

async function shutdown({ home, lifecycle }: InstanceService, name: string): Promise<void> {
  const { book, log } = home;
  try {
    const seconds = Number(book.expanded(book.record(name)).config["boot.host_shutdown_timeout"] ?? "30");
    if (book.running.get(name)?.isFrozen) await lifecycle.setFrozen(name, false);
    await lifecycle.stop(name, timerMs(seconds));
  } catch (error) {
    log.warning("A container did not stop cleanly and is killed", { name, error });
    if (book.running.has(name))
      await lifecycle
        .kill(name)
        .catch((cause: unknown) => log.error("A container cannot be killed", { name, error: cause }));
  }
}
