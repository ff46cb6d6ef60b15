/** Reporter of node --test: the files that took longest, so that whoever waits knows for what. */
import path from "node:path";

const count = 30;

interface Summary {
  /** Absent in the summary of the whole run. */
  readonly file?: string;
  readonly duration_ms: number;
}

interface TestEvent {
  readonly type: string;
  readonly data: Summary;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(7);

/** @param events of a run @returns the text that comes after it; nothing for a single file */
async function* slowest(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: Required<Summary>[] = [];
  for await (const { type, data } of events)
    if (type === "test:summary" && data.file !== undefined) files.push({ ...data, file: data.file });
  if (files.length < 2) return;
  files.sort((a, b) => b.duration_ms - a.duration_ms);
  const shown = files.slice(0, count);
  yield `\nThe slowest ${shown.length} of ${files.length} files, in seconds:\n`;
  for (const { file, duration_ms } of shown) yield `${seconds(duration_ms)}  ${sourceOf(file)}\n`;
  yield `${seconds(files.reduce((sum, each) => sum + each.duration_ms, 0))}  all files, one after the other\n`;
}

/** The source of a compiled test, as it is named on the command line. */
const sourceOf = (file: string): string =>
  path
    .relative(process.cwd(), file)
    .replace(/^dist\//, "")
    .replace(/\.js$/, ".ts");

// The runner takes the module itself for the reporter.
export = slowest;
