/** Part by part: work on many networks at once, each part on all of them before the next part begins. */
import { forEachAtMost } from "../../../core/at-most";
import type { NetworkPlace, OnFailure } from "../driver";

export interface Part<T> {
  /** How many of them at a time. */
  readonly atOnce: number;
  work(one: T): Promise<void>;
}

/** Works on all; what fails in one part is left out of those that follow. Never rejects for what one of them does. */
export async function partByPart<T extends { readonly network: NetworkPlace }>(
  all: readonly T[],
  parts: readonly Part<T>[],
  failed: OnFailure,
): Promise<void> {
  const left = new Set(all);
  for (const { atOnce, work } of parts)
    await forEachAtMost(atOnce, [...left], async (one) => {
      try {
        await work(one);
      } catch (error) {
        left.delete(one);
        failed(one.network, error);
      }
    });
}
