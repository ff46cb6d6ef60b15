/** Expiry: a snapshot whose time is over is deleted, within a minute as in LXD. */
import { ownCall } from "../../core/call";
import { snapshotRef } from "../../core/ref";
import { type InstanceId, keyOf } from "../instance/record";
import type { SnapshotHome } from "./home";
import type { SnapshotService } from "./service";

const pauseMs = 60_000;

export class SnapshotExpiry {
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(
    private readonly home: SnapshotHome,
    private readonly snapshots: SnapshotService,
  ) {}

  /** Looks now, and every minute from then on. */
  start(): void {
    const look = () =>
      void this.#deleteExpired().catch((error: unknown) =>
        this.home.log.error("Cannot look for expired snapshots", { error }),
      );
    this.#timer = setInterval(look, pauseMs).unref();
    look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #deleteExpired(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const { instance, name } of this.snapshots.expired()) await this.#delete(instance, name);
    } finally {
      this.#isLooking = false;
    }
  }

  async #delete(instance: InstanceId, name: string): Promise<void> {
    const { changes, instances, log } = this.home;
    const of = snapshotRef(instance.name, name, instance.project);
    try {
      await changes.run(ownCall(), {
        of: [of],
        work: async () => {
          // It may be gone meanwhile, or have got more time.
          if (
            !this.snapshots.expired().some((other) => keyOf(other.instance) === keyOf(instance) && other.name === name)
          )
            return;
          await this.snapshots.delete(instances.home.book.record(instance), name);
          changes.tell(ownCall(), { action: "instance-snapshot-deleted", of });
        },
      });
    } catch (error) {
      log.error("Cannot delete an expired snapshot", { instance: keyOf(instance), name, error });
    }
  }
}
