/** Locks: work on one object happens one after the other, in the order asked. */

export class Locks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs the work when all earlier work under the same key is done. Keys look like "instance/web". Not re-entrant. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  /** Runs the work under several keys, taken in sorted order so that two callers cannot wait for each other. */
  async runAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(keys)].sort();
    if (first === undefined) return work();
    return this.run(first, () => this.runAll(rest, work));
  }

  /** The same where the keys may be others by the time at which they are held: then these are taken in their place. */
  async runAllOf<T>(keys: () => readonly string[], work: () => Promise<T>): Promise<T> {
    for (;;) {
      const wanted = keys();
      const done = await this.runAll(wanted, async () =>
        keys().every((key) => wanted.includes(key)) ? { result: await work() } : undefined,
      );
      if (done !== undefined) return done.result;
    }
  }

  /** Number of keys held or waited for. */
  get size(): number {
    return this.#tails.size;
  }

  /** The keys held or waited for. */
  get keys(): string[] {
    return [...this.#tails.keys()];
  }
}
