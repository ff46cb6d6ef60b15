/** Statistics of samples. */

export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError without a sample */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const [min, max] = [sorted.at(0), sorted.at(-1)];
  if (min === undefined || max === undefined) throw new RangeError("Cannot summarize: there is no sample.");
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? max;
  const median = sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? min)) / 2;
  return { count: sorted.length, min, median, max };
}
