/** Guard: against guessing. Who is wrong too often waits, by address, longer each time; what is remembered is bounded. */
import { ApiError } from "../../../sdk/api/errors";

export interface GuardBounds {
  /** Wrong tries that cost no wait: people mistype. */
  readonly free: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** An address is forgotten when it was not wrong for so long. */
  readonly memoryMs: number;
  readonly addresses: number;
}

const defaultBounds: GuardBounds = {
  free: 5,
  firstWaitMs: 1000,
  longestWaitMs: 5 * 60_000,
  memoryMs: 60 * 60_000,
  addresses: 1024,
};

interface Tries {
  readonly wrong: number;
  readonly lastAt: number;
  readonly waitUntil: number;
}

export class Guard {
  /** Oldest first. */
  readonly #tries = new Map<string, Tries>();

  constructor(
    private readonly bounds: GuardBounds = defaultBounds,
    private readonly now: () => number = Date.now,
  ) {}

  /** @param address as the requestor's, with its port @throws ApiError FORBIDDEN for one that has to wait */
  requireTurn(address: string): void {
    const { waitUntil = 0 } = this.#tries.get(sourceOf(address)) ?? {};
    const left = Math.ceil((waitUntil - this.now()) / 1000);
    if (left > 0)
      throw new ApiError(
        "FORBIDDEN",
        `not authorized: too many wrong passwords or tokens came from this address. Try again in ${left} seconds.`,
      );
  }

  /** Takes note of a wrong try. It counts before it is judged, so that many at once are not free; `right` takes it back. */
  wrong(address: string): void {
    const { free, firstWaitMs, longestWaitMs, memoryMs, addresses } = this.bounds;
    const source = sourceOf(address);
    const now = this.now();
    const before = this.#tries.get(source);
    const wrong = before === undefined || now - before.lastAt > memoryMs ? 1 : before.wrong + 1;
    const waitMs = wrong <= free ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(wrong - free - 1, 30));
    // Last in the order again.
    this.#tries.delete(source);
    this.#tries.set(source, { wrong, lastAt: now, waitUntil: now + waitMs });
    const [oldest] = this.#tries.keys();
    if (this.#tries.size > addresses && oldest !== undefined) this.#tries.delete(oldest);
  }

  /** Forgets an address that knew the word. */
  right(address: string): void {
    this.#tries.delete(sourceOf(address));
  }

  get size(): number {
    return this.#tries.size;
  }
}

/** Without the port. Of IPv6 the network: whoever has one address of it has all of them. */
function sourceOf(address: string): string {
  const host = address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (!host.includes(":")) return host;
  const [before = "", after] = host.split("::");
  const groups = before === "" ? [] : before.split(":");
  const isShort = after !== undefined && groups.length < 4;
  return `${(isShort ? [...groups, "0", "0", "0", "0"] : groups).slice(0, 4).join(":")}::/64`;
}
