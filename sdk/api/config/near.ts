/** Near: which known word somebody meant who wrote another. */

/** Steps of inserting, deleting, replacing and swapping neighbours that lead from one word to the other (Damerau and Levenshtein). */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let at = 1; at <= to.length; at++) {
      const isSame = from[row - 1] === to[at - 1];
      line[at] = Math.min(above[at]! + 1, line[at - 1]! + 1, above[at - 1]! + (isSame ? 0 : 1));
      const isSwap = row > 1 && at > 1 && from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1];
      if (isSwap) line[at] = Math.min(line[at]!, before[at - 2]! + 1);
    }
    [before, above] = [above, line];
  }
  return above[to.length]!;
}

/** A word of this many letters that is wrong in more than a third of them is another word. */
const longest = 100;

/**
 * Finds the known word that is nearest to a wrong one: a slip of the fingers, other capitals, or the beginning or end of a longer one.
 * @returns nothing when none is near, or when the word is right
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length < 2 || word.length > longest || known.includes(word)) return undefined;
  const wanted = word.toLowerCase();
  const begun = known.filter((one) => wanted.length > 2 && one.toLowerCase().startsWith(wanted) && !one.endsWith("."));
  if (begun.length > 0) return begun.reduce((short, one) => (one.length < short.length ? one : short));
  const ends = known.filter((one) => one.endsWith(`.${wanted}`));
  if (ends.length === 1) return ends[0];
  const allowed = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = allowed + 1;
  for (const one of known) {
    if (Math.abs(one.length - word.length) >= least) continue;
    const steps = distance(wanted, one.toLowerCase());
    if (steps < least && steps < one.length) [best, least] = [one, steps];
  }
  return best;
}

/** @returns ` Did you mean "limits.memory"?`, or nothing; to be added to a whole sentence */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : ` Did you mean "${near}"?`;
}

/** Families end with a dot: what stands behind it in the wrong word is kept, as in "enviroment.PATH". */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  const families = known.filter((one) => one.endsWith("."));
  const exact = nearest(
    key,
    known.filter((one) => !one.endsWith(".")),
  );
  if (exact !== undefined) return exact;
  const dots = [...key.matchAll(/\./g)].map(({ index }) => index + 1);
  for (const at of dots) {
    const family = nearest(key.slice(0, at), families);
    if (family !== undefined && at < key.length) return `${family}${key.slice(at)}`;
  }
  return undefined;
}
