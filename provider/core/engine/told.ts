/** Told: an object is its engine's once the engine hears of it. Until then it carries the name of its maker, by which the next up knows it. */
import type { Context } from "./core";
import { messageOf } from "./failure";
import { ownerIn } from "./stamp";
import type { Props } from "./values";

const patienceMs = 10_000;

/**
 * Takes the maker's name off an object, as the last thing before the engine is told of it. Never throws.
 * @param news inputs; those of a program that does not say whose they are have left no name
 */
export async function told(context: Context, news: Props, unmark: (context: Context) => Promise<void>): Promise<void> {
  // The one that asked is gone: the object keeps the mark, for the next up.
  if (context.isAbandoned() || ownerIn(news) === undefined) return;
  try {
    // Its time may be over, and it must be told all the same.
    await unmark({ ...context, signal: AbortSignal.timeout(patienceMs) });
  } catch (error) {
    context.log(`Cannot take the mark of an unfinished object off it, the next update does: ${messageOf(error)}`);
  }
}

/**
 * As told, for an object that does not work yet and gets an update next, which takes the mark off as well. Whoever was cancelled may be killed
 * before the engine has written down what it hears, so the mark stays then.
 */
export const toldUnfinished: typeof told = async (context, news, unmark) => {
  if (!context.signal.aborted) await told(context, news, unmark);
};
