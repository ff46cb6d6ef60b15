/** Schedule: snapshots of instances that are made each minute, by snapshots.schedule. Those of a start are a matter of the start. */
import { instanceConfig } from "../../../sdk/api/config/instance";
import { ownCall } from "../../core/call";
import { urlOf } from "../../core/ref";
import { isDue } from "../../core/schedule";
import { type InstanceId, type InstanceRecord, instanceRef, keyOf } from "../instance/record";
import type { SnapshotHome } from "./home";
import type { SnapshotService } from "./service";

export class SnapshotSchedule {
  constructor(
    private readonly home: SnapshotHome,
    private readonly snapshots: SnapshotService,
  ) {}

  #settings(record: InstanceRecord) {
    return instanceConfig(this.home.instances.home.book.expanded(record).config);
  }

  /** Takes the snapshots that are due in a minute. */
  async takeDue(now: Date): Promise<void> {
    const { book } = this.home.instances.home;
    const due = book.store.list().filter((record) => {
      const settings = this.#settings(record);
      const schedule = settings.get("snapshots.schedule");
      if (schedule === undefined || !isDue(schedule, urlOf(instanceRef(record)), now)) return false;
      return book.running.has(record) || settings.get("snapshots.schedule.stopped");
    });
    for (const record of due) await this.#take(record);
  }

  /** Never rejects. */
  async #take(instance: InstanceId): Promise<void> {
    const { changes, instances, log } = this.home;
    try {
      await changes.run(ownCall(instance.project), {
        of: [instanceRef(instance)],
        work: () => this.snapshots.takeOnItsOwn(instances.home.book.record(instance)),
      });
    } catch (error) {
      log.error("Cannot take a scheduled snapshot", { instance: keyOf(instance), error });
    }
  }
}
