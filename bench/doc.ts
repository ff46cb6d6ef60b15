/** Doc: the figures as docs/benchmarks.md has them, from its heading Figures to the next. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import path from "node:path";
import type { Subject } from "./subject";

const file = path.resolve(__dirname, "../../docs/benchmarks.md");
const begin = "## Figures\n\n";
const end = "\n\n## Reading";

/** When, where and of what the figures are. @param note what else there is to say of the machine */
export function aboutFigures(subjects: readonly Subject[], note: string | undefined): string {
  const versions = subjects.map(({ info }) => `${info.name} ${info.version}`).join(" and ");
  const gigabytes = Math.round(totalmem() / 1e9);
  const words = [
    `Taken on ${new Date().toISOString().slice(0, 10)} of ${versions}, on a machine with ${cpus().length} processors`,
    `(${cpus()[0]?.model.trim() ?? "of an unknown model"}), ${gigabytes} GB, Linux ${/^[\d.]+/.exec(release())?.[0]} and`,
    `Node ${process.versions.node.split(".")[0]}.${note === undefined ? "" : ` ${note}`} Medians, the minimum in brackets.`,
    'The target is for the ratio of medians, or for the median itself where it has a unit; "1" is "no slower".',
  ];
  return filled(words.join(" "));
}

/** Lines of at most 100 characters, as the documents have them. */
function filled(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    const joined = lines[last] === "" ? word : `${lines[last]} ${word}`;
    if (joined.length <= 100) lines[last] = joined;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** Puts the figures in the place of those that are there. @throws Error when the page has lost its headings */
export function writeFigures(figures: string): void {
  const page = readFileSync(file, "utf8");
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no part between "## Figures" and "## Reading".`);
  writeFileSync(file, page.slice(0, from) + begin + figures + page.slice(to));
}
