/** Crowd: many containers at once, launched, asked and removed by several clients that share the work. */
import { performance } from "node:perf_hooks";

/** What is done to one container, by a client with a connection of its own. */
export interface Keeper {
  create(name: string): Promise<unknown>;
  start(name: string): Promise<unknown>;
  /** @throws Error when the container does not answer */
  exec(name: string): Promise<unknown>;
  forceStop(name: string): Promise<unknown>;
  delete(name: string): Promise<unknown>;
}

/** Milliseconds. */
export interface Launch {
  readonly start: number;
  /** Create, start and first exec. */
  readonly whole: number;
}

export class Crowd {
  readonly #names: string[] = [];

  constructor(
    private readonly keepers: readonly Keeper[],
    private readonly signal?: AbortSignal,
  ) {}

  get names(): readonly string[] {
    return this.#names;
  }

  /** Launches until so many run. @returns what each launch took */
  growTo(size: number): Promise<Launch[]> {
    const from = this.#names.length;
    const more = Array.from({ length: Math.max(0, size - from) }, (_, index) => `crowd${from + index}`);
    this.#names.push(...more);
    return this.#share(more, async (keeper, name) => {
      const begin = performance.now();
      await keeper.create(name);
      const made = performance.now();
      await keeper.start(name);
      const started = performance.now();
      await keeper.exec(name);
      return { start: started - made, whole: performance.now() - begin };
    });
  }

  /** Has each of them run a command. @returns milliseconds of each */
  askAll(): Promise<number[]> {
    return this.#share(this.#names, (keeper, name) => timed(() => keeper.exec(name)));
  }

  /** Stops and deletes until so many are left. @returns milliseconds of each */
  shrinkTo(size: number): Promise<number[]> {
    return this.#share(this.#names.splice(size), (keeper, name) =>
      timed(async () => {
        await keeper.forceStop(name);
        await keeper.delete(name);
      }),
    );
  }

  /** Removes what there is of them, whatever came between; for the end. */
  async clear(): Promise<void> {
    await share(this.keepers, this.#names.splice(0), async (keeper, name) => {
      // One whose launch was cut off may not run, or not be there.
      await keeper.forceStop(name).catch(() => undefined);
      await keeper.delete(name).catch(() => undefined);
    });
  }

  #share<T>(names: readonly string[], work: (keeper: Keeper, name: string) => Promise<T>): Promise<T[]> {
    return share(this.keepers, names, (keeper, name) => {
      this.signal?.throwIfAborted();
      return work(keeper, name);
    });
  }
}

/** Each client takes the next name as soon as it is done with one. */
async function share<T>(
  keepers: readonly Keeper[],
  names: readonly string[],
  work: (keeper: Keeper, name: string) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const serve = async (keeper: Keeper) => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) results.push(await work(keeper, name));
  };
  await Promise.all(keepers.map(serve));
  return results;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
