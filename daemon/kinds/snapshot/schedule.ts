/** Schedule: snapshots of instances that are made on their own, by snapshots.schedule. */
import { instanceConfig } from "../../../sdk/api/config/instance";
import { ownCall } from "../../core/call";
import { snapshotRef, urlOf } from "../../core/ref";
import { isDue } from "../../core/schedule";
import type { LifecycleEvent } from "../../platform/events";
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

  /** Takes a snapshot of an instance that has started, when it wants one then. */
  follow({ action, source, project }: LifecycleEvent): void {
    if (action !== "instance-started") return;
    const name = decodeURIComponent(source.split("?")[0]?.split("/").at(-1) ?? "");
    const record = this.home.instances.home.book.find({ project: project ?? "default", name });
    if (record !== undefined && this.#settings(record).get("snapshots.schedule")?.atStart) void this.#take(record);
  }

  /** Never rejects. */
  async #take(instance: InstanceId): Promise<void> {
    const { changes, instances, log } = this.home;
    try {
      await changes.run(ownCall(instance.project), {
        of: [instanceRef(instance)],
        work: async () => {
          const record = instances.home.book.record(instance);
          const name = this.snapshots.freeName(record);
          this.snapshots.requirePossible(record, { name, stateful: false });
          await this.snapshots.create(record, name, {});
          const of = snapshotRef(instance.name, name, instance.project);
          changes.tell(ownCall(instance.project), { action: "instance-snapshot-created", of });
        },
      });
    } catch (error) {
      log.error("Cannot take a scheduled snapshot", { instance: keyOf(instance), error });
    }
  }
}
