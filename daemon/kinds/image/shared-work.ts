/** Shared work: what several operations wait for at the same time is done once, and ends early when none of them is left. */
import { untilAborted } from "../../../sdk/api/abort";
import { ApiError } from "../../../sdk/api/errors";
import type { RunningOperation } from "../../platform/operations";

interface Work<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  readonly watchers: Set<RunningOperation>;
  /** How far it is, for who joins later: it may stand still for long. */
  readonly last: () => Update | undefined;
}

type Update = (operation: RunningOperation) => void;

/** Reaches the operations that wait for the work now, and with its last update those that join later. */
export type Each = (update: Update) => void;

export class SharedWork<T> {
  readonly #running = new Map<string, Work<T>>();

  /**
   * Begins the work, or joins it when it runs already. An operation that is cancelled leaves.
   * @param key what is worked on
   */
  async join(
    key: string,
    operation: RunningOperation,
    begin: (each: Each, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const work = this.#running.get(key) ?? this.#begin(key, begin);
    work.watchers.add(operation);
    work.last()?.(operation);
    try {
      return await untilAborted(work.result, operation.signal);
    } finally {
      work.watchers.delete(operation);
      if (work.watchers.size === 0) this.#end(key, work);
    }
  }

  #begin(key: string, begin: (each: Each, signal: AbortSignal) => Promise<T>): Work<T> {
    const abort = new AbortController();
    const watchers = new Set<RunningOperation>();
    let last: Update | undefined;
    const each: Each = (update) => {
      last = update;
      for (const watcher of watchers) update(watcher);
    };
    const work = { result: begin(each, abort.signal), abort, watchers, last: () => last };
    this.#running.set(key, work);
    const end = () => this.#end(key, work);
    work.result.then(end, end);
    return work;
  }

  /** Nobody can join it any longer, and it stops if it still runs. */
  #end(key: string, work: Work<T>): void {
    if (this.#running.get(key) === work) this.#running.delete(key);
    work.abort.abort(new ApiError("BAD_REQUEST", "Operation cancelled"));
  }
}
