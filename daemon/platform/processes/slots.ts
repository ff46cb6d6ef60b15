/** Slots: a bound on how much of one kind of work runs at the same time; the rest waits in the order asked. */

export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count how many may run at once */
  constructor(count: number) {
    this.#free = count;
  }

  /** Runs the work when a slot is free. Not re-entrant. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
