/** Expiry: a backup whose time is over is deleted, within a minute. */
import { ownCall } from "../../core/call";
import { backupRef } from "../../core/ref";
import { keyOf } from "../instance/record";
import type { BackupService } from "./service";
import type { BackupRecord } from "./store";

const pauseMs = 60_000;

export class BackupExpiry {
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(private readonly backups: BackupService) {}

  /** Looks now, and every minute from then on. */
  start(): void {
    const look = () =>
      void this.#deleteExpired().catch((error: unknown) =>
        this.backups.home.log.error("Cannot look for expired backups", { error }),
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
      for (const record of this.backups.expired()) await this.#delete(record);
    } finally {
      this.#isLooking = false;
    }
  }

  async #delete({ instance, name }: BackupRecord): Promise<void> {
    const { changes, log } = this.backups.home;
    const of = backupRef(instance.name, name, instance.project);
    const isSame = (other: BackupRecord) => keyOf(other.instance) === keyOf(instance) && other.name === name;
    try {
      await changes.run(ownCall(instance.project), {
        of: [of],
        work: async () => {
          // It may be gone meanwhile, or be another one of the name.
          if (!this.backups.expired().some(isSame)) return;
          await this.backups.delete(instance, name);
          changes.tell(ownCall(), { action: "instance-backup-deleted", of });
        },
      });
    } catch (error) {
      log.error("Cannot delete an expired backup", { instance: keyOf(instance), name, error });
    }
  }
}
