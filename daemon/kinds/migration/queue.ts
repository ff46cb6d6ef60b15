/** Queue: how many copies go between servers at once; the rest waits, and says so. */
import type { Talk } from "../../platform/migration/talk";
import type { RunningOperation } from "../../platform/operations";
import { Slots } from "../../platform/processes/slots";

/** Of each project: whoever holds up his own copies holds up nobody else's. */
const mostAtOnce = 4;

/** Oftener than the other side loses its patience. */
const signOfLifeMs = 20_000;

export class Queue {
  readonly #slots = new Map<string, Slots>();

  /** Runs the work when it is its turn; the other server waits meanwhile. @param signal ends the wait */
  async run<T>(operation: RunningOperation, talk: Talk, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const project = operation.work.project ?? "";
    const slots = this.#slots.get(project) ?? new Slots(mostAtOnce);
    this.#slots.set(project, slots);
    let timer: NodeJS.Timeout | undefined;
    const onWait = () => {
      operation.update({
        fs_progress: `Waits for its turn: ${mostAtOnce} other copies between servers are on their way`,
      });
      timer = setInterval(() => talk.stayAlive(), signOfLifeMs);
    };
    const begin = () => {
      if (timer !== undefined) operation.update({ fs_progress: "Begins" });
      clearInterval(timer);
      return work();
    };
    try {
      return await slots.run(begin, { signal, onWait });
    } finally {
      clearInterval(timer);
    }
  }
}

/**
 * Those that go and those that come. A copy that goes waits for its turn before it offers anything, and one that comes after it has an offer: who comes
 * never waits for one that waits for its turn, so that servers which send to each other do not wait for ever. Under the locks of what is copied.
 */
export class Queues {
  readonly going = new Queue();
  readonly coming = new Queue();
}
