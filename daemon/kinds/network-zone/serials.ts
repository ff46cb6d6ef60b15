/** Serials: numbers of what a zone says, which grow when it says something else. Peers copy a zone when they see a greater one. */
import { createHash } from "node:crypto";

interface Known {
  readonly digest: string;
  readonly serial: number;
}

export class Serials {
  readonly #known = new Map<string, Known>();

  constructor(private readonly now: () => number = Date.now) {}

  /** @param content all that the zone says @returns seconds since 1970 of when it was first seen to say that, or one more than before (RFC 1982) */
  of(zone: string, content: unknown): number {
    const digest = createHash("sha256").update(JSON.stringify(content)).digest("hex");
    const before = this.#known.get(zone);
    if (before?.digest === digest) return before.serial;
    const serial = Math.max(Math.floor(this.now() / 1000), (before?.serial ?? 0) + 1) % 2 ** 32;
    this.#known.set(zone, { digest, serial });
    return serial;
  }
}
