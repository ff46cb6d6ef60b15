/** Describe: a row in words, for editors, the schema and the docs. */
import type { Applies, Row } from "./table";

/** What counts while a key is unset, in Markdown; nothing where that is plain. */
export const defaultOf = ({ default: fallback, unset }: Row): string | undefined =>
  fallback === undefined ? unset : `\`${fallback}\``;

const counts: Readonly<Record<Applies, string>> = {
  now: "",
  "next start": " It counts from the next start on.",
  "at creation": " It cannot be changed later.",
  never: " The server keeps it for itself.",
};

/** One line of Markdown: what a key is for, what counts while it is unset, and when a change counts. */
export function describe(row: Row): string {
  const fallback = defaultOf(row);
  return `${row.doc}${fallback === undefined ? "" : ` Default: ${fallback}.`}${counts[row.applies]}`;
}
