/** Verdict: how a row's figure compares with the peer's best, and with the target. */
import type { Row } from "./run";

export interface Verdict {
  /** Column of ours that is compared. */
  readonly ours: string;
  /** The peer's column with the lower median. */
  readonly best: string;
  /** Our median as a part of the peer's. */
  readonly ratio: number;
  /** Likewise of the minimum, which tells more on a busy machine. */
  readonly minRatio: number;
  readonly target: number | undefined;
  readonly isReached: boolean | undefined;
}

/** @returns nothing when there is no peer, or no overlay pool, to compare */
export function judge({ measure, summaries }: Row): Verdict | undefined {
  const columns = Object.entries(summaries).map(([name, { median, min }]) => ({ name, median, min }));
  const ours = columns.find(({ name }) => name === "bothy/overlay");
  const peers = columns.filter(({ name }) => !name.startsWith("bothy/")).sort((a, b) => a.median - b.median);
  const best = peers[0];
  if (ours === undefined || best === undefined) return undefined;
  const ratio = ours.median / best.median;
  return {
    ours: ours.name,
    best: best.name,
    ratio,
    minRatio: ours.min / best.min,
    target: measure.target,
    isReached: measure.target === undefined ? undefined : ratio <= measure.target,
  };
}
