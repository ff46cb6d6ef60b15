/** Pause: how long a program that keeps ending is left alone before it is started again. */
const firstPauseMs = 100;
const longestPauseMs = 30_000;

/** How long to wait before the next start. @param ends in a row, at least 1 */
export const pauseAfter = (ends: number): number =>
  ends === 1 ? 0 : Math.min(firstPauseMs * 2 ** (ends - 2), longestPauseMs);
