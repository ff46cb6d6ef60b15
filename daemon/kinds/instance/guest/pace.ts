/** Pace: how many requests a container may make of the daemon; one that makes more waits. */
const burst = 60;
const perSecond = 30;

interface Bucket {
  tokens: number;
  at: number;
}

export class Pace {
  readonly #buckets = new Map<string, Bucket>();

  /** @returns for how long this request has to wait, in milliseconds */
  next(key: string, now = performance.now()): number {
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond) - 1;
    this.#buckets.set(key, { tokens, at: now });
    // Those of containers that are quiet are full again.
    if (this.#buckets.size > 1000)
      for (const [other, { at }] of this.#buckets)
        if (now - at > (burst / perSecond) * 1000) this.#buckets.delete(other);
    return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
  }
}
