/** Pace: how many requests a container may make of the daemon; one that makes more waits. */
const burst = 60;
const perSecond = 30;

interface Bucket {
  tokens: number;
  at: number;
}

export class Pace {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes note of a request. @returns for how long it has to wait, in milliseconds */
  next(key: string): number {
    return this.#take(key, 1);
  }

  /** Takes note of a connection with more requests than anybody reads. */
  flooded(key: string): void {
    this.#take(key, burst);
  }

  /** How long a container has to wait for what it asked already, in milliseconds. */
  owed(key: string): number {
    return this.#take(key, 0);
  }

  #take(key: string, taken: number): number {
    const now = performance.now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond) - taken;
    this.#buckets.set(key, { tokens, at: now });
    // Those of containers that are quiet are full again.
    if (this.#buckets.size > 1000)
      for (const [other, { tokens: had, at }] of this.#buckets)
        if (had + ((now - at) / 1000) * perSecond >= burst) this.#buckets.delete(other);
    return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
  }
}
