/** Table: the rows as Markdown, for the terminal and for docs/benchmarks.md. */
import type { Row } from "./run";
import { judge } from "./verdict";

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));

/** @param columns names of all columns, in order @returns lines of a Markdown table: medians and the ratio of medians, those of the minimum in brackets */
export function tableOf(rows: readonly Row[], columns: readonly string[]): string {
  const head = ["what", ...columns, "overlay / best of the peer", "target", ""];
  const body = rows.map((row) => [title(row), ...columns.map((column) => cell(row, column)), ...verdictCells(row)]);
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const title = ({ measure, summaries }: Row) => {
  const counts = Object.values(summaries).map(({ count }) => count);
  return `${measure.title} (${measure.unit}, n=${Math.min(...counts)})`;
};

function cell({ summaries }: Row, column: string): string {
  const summary = summaries[column];
  return summary === undefined ? "" : `${figure(summary.median)} (${figure(summary.min)})`;
}

function verdictCells(row: Row): string[] {
  const verdict = judge(row);
  if (verdict === undefined) return ["", fraction(row.measure.target), ""];
  const { best, ratio, minRatio, target, isReached } = verdict;
  const word = isReached === undefined ? "" : isReached ? "reached" : "short";
  return [`${fraction(ratio)} (${fraction(minRatio)}) of ${best}`, fraction(target), word];
}

/** A part as "1/8.3", or as "1.2 times" when it is more than the whole. */
function fraction(part: number | undefined): string {
  if (part === undefined) return "";
  const digits = (value: number) => value.toFixed(value >= 10 || Number.isInteger(value) ? 0 : 1);
  return part <= 1 ? `1/${digits(1 / part)}` : `${digits(part)} times`;
}
