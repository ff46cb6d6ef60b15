/** Table: the rows as Markdown, for the terminal and for docs/benchmarks.md. */
import type { Row } from "./run";
import { judge } from "./verdict";

const figure = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);

/** @param columns names of all columns, in order @param ours what of ours is compared @returns lines of a Markdown table: medians and the ratio of medians, those of the minimum in brackets */
export function tableOf(rows: readonly Row[], columns: readonly string[], ours = "overlay / best of the peer"): string {
  const head = ["what", ...columns, ours, "target", ""];
  const body = rows.map((row) => [title(row), ...columns.map((column) => cell(row, column)), ...verdictCells(row)]);
  return markdownTable(head, body);
}

export const markdownTable = (head: readonly string[], body: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const title = ({ measure, summaries }: Row) => {
  const counts = Object.values(summaries).map(({ count }) => count);
  return `${measure.title} (${measure.unit}, n=${Math.min(...counts)})`;
};

function cell({ summaries }: Row, column: string): string {
  const summary = summaries[column];
  return summary === undefined ? "" : `${figure(summary.median)} (${figure(summary.min)})`;
}

function verdictCells(row: Row): string[] {
  const { comparison, isReached } = judge(row) ?? {};
  const compared =
    comparison && `${fraction(comparison.ratio)} (${fraction(comparison.minRatio)}) of ${comparison.best}`;
  return [compared ?? "", wanted(row), isReached === undefined ? "" : isReached ? "reached" : "short"];
}

function wanted({ measure: { target, limit, unit } }: Row): string {
  const said = [target === undefined ? [] : fraction(target), limit === undefined ? [] : `${limit} ${unit}`];
  return said.flat().join("; ");
}

/** A part as "1/8.3", or as "1.2 times" when it is more than the whole; what is nearly the whole with one more digit. */
function fraction(part: number | undefined): string {
  if (part === undefined) return "";
  if (part === 1) return "1";
  const digits = (value: number) => value.toFixed(value >= 10 || Number.isInteger(value) ? 0 : value < 1.1 ? 2 : 1);
  return part <= 1 ? `1/${digits(1 / part)}` : `${digits(part)} times`;
}
