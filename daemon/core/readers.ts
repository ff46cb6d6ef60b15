/** Readers: who reads for long what is of an object, and lets its lock go meanwhile. Whoever deletes the object ends them first. */
import type { ApiError } from "../../sdk/api/errors";

/** What is at rest, so that it can be read for long. */
export interface AtRest<Still> {
  readonly still: Still;
  /** What is done when it is read. Absent: it rests only as long as the object's lock is held. */
  readonly free?: () => Promise<void>;
}

export interface Reading<Still> {
  /** Key of the object's lock. */
  readonly key: string;
  /** Ends the reader for reasons of its own. */
  readonly signal: AbortSignal;
  /** Runs work under the object's lock. */
  readonly locked: <T>(work: () => Promise<T>) => Promise<T>;
  /** Brings to rest what is to be read, under the lock; throws to refuse. */
  readonly rest: () => Promise<AtRest<Still>>;
}

interface Open {
  readonly end: AbortController;
  readonly closed: Promise<void>;
}

interface Begun<Still> {
  readonly still: Still;
  readonly free: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly close: () => void;
}

export class Readers {
  readonly #open = new Map<string, Set<Open>>();

  /**
   * Brings something to rest and runs the work on it, without the object's lock where it stays at rest without.
   * @param work takes no lock of the object, which its deletion holds; its signal aborts when the reader's does, and when the object is to be deleted
   */
  async read<Still, T>(
    { key, signal, locked, rest }: Reading<Still>,
    work: (still: Still, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const begun = await locked(async (): Promise<Begun<Still> | { readonly result: T; readonly free?: never }> => {
      signal.throwIfAborted();
      const { still, free } = await rest();
      if (free === undefined) return { result: await work(still, signal) };
      // Before the lock goes, so that no deletion falls between.
      return { still, free, ...this.#begin(key, signal) };
    });
    if (begun.free === undefined) return begun.result;
    try {
      return await work(begun.still, begun.signal);
    } finally {
      await begun.free().finally(begun.close);
    }
  }

  #begin(key: string, own: AbortSignal): Pick<Begun<unknown>, "signal" | "close"> {
    const end = new AbortController();
    let closing: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      closing = resolve;
    });
    const one = { end, closed };
    const all = this.#open.get(key) ?? new Set();
    this.#open.set(key, all.add(one));
    const close = () => {
      all.delete(one);
      if (all.size === 0 && this.#open.get(key) === all) this.#open.delete(key);
      closing();
    };
    return { signal: AbortSignal.any([own, end.signal]), close };
  }

  /** Ends all who read what is of an object, and waits for that. Under its lock. @param reason what they throw */
  async end(key: string, reason: ApiError): Promise<void> {
    const all = [...(this.#open.get(key) ?? [])];
    for (const { end } of all) end.abort(reason);
    await Promise.all(all.map(({ closed }) => closed));
  }
}
