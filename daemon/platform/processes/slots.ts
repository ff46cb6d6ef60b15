/** Slots: a bound on how much of one kind of work runs at the same time; the rest waits in the order asked. */

export interface SlotOptions {
  /** Ends the wait for a slot; not the work. */
  readonly signal?: AbortSignal;
  /** Called once when there is no slot at once. */
  readonly onWait?: () => void;
}

export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count how many may run at once */
  constructor(count: number) {
    this.#free = count;
  }

  /** Runs the work when a slot is free. Not re-entrant. @throws the signal's reason when it aborts before */
  async run<T>(work: () => Promise<T>, options: SlotOptions = {}): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(options);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #turn({ signal, onWait }: SlotOptions): Promise<void> {
    onWait?.();
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(signal?.reason);
      };
      const take = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      this.#waiting.push(take);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
