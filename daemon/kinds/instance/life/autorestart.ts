/** Autorestart: containers that end although nobody asked them to start again, unless they do nothing else (boot.autorestart, of Incus). */

/** So often within so many milliseconds, as in Incus. */
const most = 10;
const within = 60_000;

export class Autorestarts {
  /** By key of an instance: when it was started again, in milliseconds of performance.now(), which the host's clock does not move. */
  readonly #starts = new Map<string, readonly number[]>();

  /** Counts a start, if there may be one more. @param key of an instance @returns whether there may */
  take(key: string, now = performance.now()): boolean {
    for (const [other, times] of this.#starts) {
      const recent = times.filter((time) => now - time < within);
      if (recent.length === 0) this.#starts.delete(other);
      else this.#starts.set(other, recent);
    }
    const recent = this.#starts.get(key) ?? [];
    if (recent.length >= most) return false;
    this.#starts.set(key, [...recent, now]);
    return true;
  }
}
