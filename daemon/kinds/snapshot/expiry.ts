/** Expiry: a snapshot whose time is over is deleted, within a minute as in LXD. */
import type { Context } from "../../context";

const pauseMs = 60_000;

export class SnapshotExpiry {
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(private readonly context: Context) {}

  /** Looks now, and every minute from then on. */
  start(): void {
    const look = () =>
      void this.#deleteExpired().catch((error: unknown) =>
        this.context.log.error("Cannot look for expired snapshots", { error }),
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
      for (const { instance, name } of this.context.snapshots.expired()) await this.#delete(instance, name);
    } finally {
      this.#isLooking = false;
    }
  }

  async #delete(instance: string, name: string): Promise<void> {
    const { instances, snapshots, locks, events, log } = this.context;
    try {
      await locks.run(`instance/${instance}`, async () => {
        // It may be gone meanwhile, or have got more time.
        if (!snapshots.expired().some((other) => other.instance === instance && other.name === name)) return;
        await snapshots.delete(instances.record(instance), name);
        const source = `/1.0/instances/${instance}/snapshots/${encodeURIComponent(name)}`;
        events.lifecycle({ action: "instance-snapshot-deleted", source });
      });
    } catch (error) {
      log.error("Cannot delete an expired snapshot", { instance, name, error });
    }
  }
}
