/** Upkeep: images that follow an alias are brought up to date, and those that were fetched for instances go when nobody has used them for long. */
import { never } from "../../../../sdk/api/common";
import { ApiError } from "../../../../sdk/api/errors";
import { ownCall } from "../../../core/call";
import { ref } from "../../../core/ref";
import type { ImageHome } from "../home";
import type { ImageService } from "../service";
import type { ImageRow } from "../store";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export class ImageUpkeep {
  #timer: NodeJS.Timeout | undefined;
  #hours = 0;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(
    private readonly home: ImageHome,
    private readonly images: ImageService,
  ) {}

  /** Looks now, and every hour from then on. */
  start(): void {
    const look = () => {
      this.#running ??= this.#look().finally(() => {
        this.#running = undefined;
      });
      this.#hours += 1;
    };
    this.#timer = setInterval(look, hourMs).unref();
    look();
  }

  /** Ends what it does. */
  stop(): void {
    clearInterval(this.#timer);
    this.#stop.abort();
  }

  async #look(): Promise<void> {
    const hours = this.#hours;
    try {
      if (hours % 24 === 0) await this.removeUnused(Date.now());
      await this.update(hours);
    } catch (error) {
      this.home.log.error("Cannot look after images", { error });
    }
  }

  /** Removes what was fetched for instances and not used since. @param now milliseconds since 1970 */
  async removeUnused(now: number): Promise<void> {
    for (const row of this.images.rows().filter((one) => this.#isOver(one, now))) {
      if (this.#stop.signal.aborted) return;
      const call = ownCall(row.project);
      const of = ref("image", row.fingerprint, row.project);
      try {
        await this.home.changes.run(call, {
          of: [of],
          work: async () => {
            // It may have been used meanwhile, or be gone.
            const still = this.images.rows().find((one) => isSame(one, row));
            if (still === undefined || !this.#isOver(still, now)) return;
            await this.images.delete(row.project, row.fingerprint);
            this.home.changes.tell(call, { action: "image-deleted", of });
          },
        });
      } catch (error) {
        this.home.log.error("Cannot remove an unused image", { image: row.fingerprint, error });
      }
    }
  }

  #isOver({ cached, project, lastUsedAt, uploadedAt }: ImageRow, now: number): boolean {
    if (!cached || !this.#isThere(project)) return false;
    const days = this.images.remote.settings(project).cacheDays;
    if (days === 0) return false;
    const used = Date.parse(lastUsedAt === never ? uploadedAt : lastUsedAt);
    return now - used > days * dayMs;
  }

  #isThere(project: string): boolean {
    try {
      this.home.projects.require(project);
      return true;
    } catch (error) {
      if (ApiError.is(error) && error.code === "NOT_FOUND") return false;
      throw error;
    }
  }

  /** Brings those up to date whose turn it is. @param hours since the daemon started */
  async update(hours: number): Promise<void> {
    for (const row of this.images.rows()) {
      // What was done for the one before took its time.
      if (!this.#isThere(row.project)) continue;
      const { intervalHours } = this.images.remote.settings(row.project);
      const isDue = intervalHours > 0 && hours % intervalHours === 0;
      if (this.#stop.signal.aborted) return;
      if (row.autoUpdate && row.source !== undefined && isDue) await this.#updateOne(row);
    }
  }

  async #updateOne(row: ImageRow): Promise<void> {
    const call = ownCall(row.project);
    const of = ref("image", row.fingerprint, row.project);
    const operation = this.home.changes.start(call, {
      of: [],
      operation: { description: "Updating images", mayCancel: true },
      work: async (running) => {
        const newer = await this.images.refresh(call, row, running);
        if (newer !== undefined) this.home.changes.tell(call, { action: "image-refreshed", of });
      },
    });
    const end = () => {
      if (!operation.isFinal && !operation.signal.aborted) operation.cancel();
    };
    this.#stop.signal.addEventListener("abort", end);
    await operation.finished;
    this.#stop.signal.removeEventListener("abort", end);
    if (operation.error !== undefined && !this.#stop.signal.aborted)
      this.home.log.warning("Cannot bring an image up to date", { image: row.fingerprint, error: operation.error });
  }
}

const isSame = (one: ImageRow, other: ImageRow): boolean =>
  one.project === other.project && one.fingerprint === other.fingerprint;
