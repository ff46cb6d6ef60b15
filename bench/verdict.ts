/** Verdict: how a row's figure compares with the peer's best, and with what is to be reached. */
import type { Row } from "./run";

/** How we compare with the peer. */
export interface Comparison {
  /** The peer's column with the lower median. */
  readonly best: string;
  /** Our median as a part of the peer's. */
  readonly ratio: number;
  /** Likewise of the minimum, which tells more on a busy machine. */
  readonly minRatio: number;
}

export interface Verdict {
  /** Column of ours that is compared. */
  readonly ours: string;
  readonly comparison: Comparison | undefined;
  /** Nothing when there is nothing to reach, or no peer to say it. */
  readonly isReached: boolean | undefined;
}

/** @returns nothing when it is not plain what is to be compared: of several columns of ours that is the overlay pool's */
export function judge({ measure, summaries }: Row): Verdict | undefined {
  const columns = Object.entries(summaries).map(([name, { median, min }]) => ({ name, median, min }));
  const own = columns.filter(({ name }) => name.startsWith("bothy/"));
  const ours = own.find(({ name }) => name === "bothy/overlay") ?? (own.length === 1 ? own[0] : undefined);
  if (ours === undefined) return undefined;
  const peers = columns.filter(({ name }) => !name.startsWith("bothy/")).sort((a, b) => a.median - b.median);
  const best = peers[0];
  const comparison = best && {
    best: best.name,
    ratio: ours.median / best.median,
    minRatio: ours.min / best.min,
  };
  return { ours: ours.name, comparison, isReached: reached(measure, ours.median, comparison?.ratio) };
}

function reached({ target, limit }: Row["measure"], median: number, ratio: number | undefined): boolean | undefined {
  const isInLimit = limit === undefined ? [] : [median <= limit];
  const isInTarget = target === undefined || ratio === undefined ? [] : [ratio <= target];
  const said = [...isInLimit, ...isInTarget];
  return said.length === 0 ? undefined : said.every(Boolean);
}
