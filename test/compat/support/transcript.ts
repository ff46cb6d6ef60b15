/** Transcripts: what each step came to, as text that can be read and compared. */

/** A step's outcome: its exit code or exception and its output, masked, line by line. */
export interface Outcome {
  readonly step: string;
  readonly lines: readonly string[];
}

/** A step begins with "$ "; further lines of it stand after "> ", its outcome after two blanks. */
export function formatTranscript(outcomes: readonly Outcome[]): string {
  return outcomes
    .map(({ step, lines }) =>
      [`$ ${step.replaceAll("\n", "\n> ")}`, ...lines.map((line) => `  ${line}`.trimEnd())].join("\n"),
    )
    .join("\n")
    .concat("\n");
}

/** @throws Error for a line that belongs to no step */
export function parseTranscript(text: string): Outcome[] {
  const outcomes: { step: string; lines: string[] }[] = [];
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const last = outcomes.at(-1);
    if (line.startsWith("$ ")) outcomes.push({ step: line.slice(2), lines: [] });
    else if (last === undefined) throw new Error(`A transcript begins with a step, not with: ${line}`);
    else if (line.startsWith("> ") || line === ">") last.step += `\n${line.slice(2)}`;
    else last.lines.push(line.slice(2));
  }
  return outcomes;
}

/** What differs: lines of the first text only after "- ", those of the second only after "+ ", in order. */
export function differenceOf(theirs: readonly string[], ours: readonly string[]): string[] {
  // lengths[i][j]: of the longest common part of what follows i in theirs and j in ours.
  const lengths = Array.from({ length: theirs.length + 1 }, () => new Array<number>(ours.length + 1).fill(0));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = theirs.length - 1; i >= 0; i -= 1)
    for (let j = ours.length - 1; j >= 0; j -= 1)
      (lengths[i] as number[])[j] = theirs[i] === ours[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const told: string[] = [];
  let [i, j] = [0, 0];
  while (i < theirs.length || j < ours.length)
    if (i < theirs.length && j < ours.length && theirs[i] === ours[j]) [i, j] = [i + 1, j + 1];
    else if (i < theirs.length && (j === ours.length || at(i + 1, j) >= at(i, j + 1))) told.push(`- ${theirs[i++]}`);
    else told.push(`+ ${ours[j++]}`);
  return told;
}
