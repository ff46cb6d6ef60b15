/**
 * Slots: a bound on how much of one kind of work runs at the same time; the rest waits. In the order asked, but that restricted clients take turns and leave one
 * slot to the others, who go before them: whoever asks for much holds up himself.
 */
import { type Client, currentClient } from "../trace";

export interface SlotOptions {
  /** Ends the wait for a slot; not the work. */
  readonly signal?: AbortSignal;
  /** Called once when there is no slot at once. */
  readonly onWait?: () => void;
}

interface Waiting {
  readonly key: string | undefined;
  readonly take: () => void;
}

export class Slots {
  readonly #count: number;
  #running = 0;
  /** How many restricted clients have, by client. */
  readonly #ofOne = new Map<string, number>();
  readonly #waiting: Waiting[] = [];

  /** @param count how many may run at once */
  constructor(count: number) {
    this.#count = count;
  }

  /** Whether work would run at once. */
  get isFree(): boolean {
    return this.#waiting.length === 0 && this.#hasRoom(restrictedKey(currentClient()));
  }

  /** Runs the work when a slot is free. Not re-entrant. @throws the signal's reason when it aborts before */
  async run<T>(work: () => Promise<T>, options: SlotOptions = {}): Promise<T> {
    const key = restrictedKey(currentClient());
    if (this.#waiting.length === 0 && this.#hasRoom(key)) this.#begin(key);
    else await this.#turn(key, options);
    try {
      return await work();
    } finally {
      this.#end(key);
    }
  }

  #hasRoom(key: string | undefined): boolean {
    if (this.#running >= this.#count) return false;
    if (key === undefined) return true;
    const ofRestricted = [...this.#ofOne.values()].reduce((sum, own) => sum + own, 0);
    return ofRestricted < Math.max(1, this.#count - 1);
  }

  #begin(key: string | undefined): void {
    this.#running += 1;
    if (key !== undefined) this.#ofOne.set(key, this.#has(key) + 1);
  }

  #end(key: string | undefined): void {
    this.#running -= 1;
    if (key !== undefined && this.#has(key) > 1) this.#ofOne.set(key, this.#has(key) - 1);
    else if (key !== undefined) this.#ofOne.delete(key);
    this.#next();
  }

  #has(key: string): number {
    return this.#ofOne.get(key) ?? 0;
  }

  /** Lets those go on for whom there is room. */
  #next(): void {
    for (;;) {
      const next = this.#foremost();
      if (next === undefined) return;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#begin(next.key);
      next.take();
    }
  }

  /** Whoever is not restricted; else the first of whoever has the least. */
  #foremost(): Waiting | undefined {
    const able = this.#waiting.filter(({ key }) => this.#hasRoom(key));
    const rank = ({ key }: Waiting) => (key === undefined ? -1 : this.#has(key));
    return able.reduce<Waiting | undefined>(
      (best, one) => (best === undefined || rank(one) < rank(best) ? one : best),
      undefined,
    );
  }

  #turn(key: string | undefined, { signal, onWait }: SlotOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(own), 1);
        reject(signal?.reason);
        this.#next();
      };
      const own: Waiting = {
        key,
        take: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      this.#waiting.push(own);
      signal?.addEventListener("abort", abort, { once: true });
      this.#next();
      if (this.#waiting.includes(own)) onWait?.();
    });
  }
}

const restrictedKey = (client: Client | undefined): string | undefined =>
  client?.isRestricted === true ? client.key : undefined;
