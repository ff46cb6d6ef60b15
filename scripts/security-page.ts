/** The tables of docs/security.md, made from what test/isolation tries. The rest of that page is written by hand. */
import { type Hole, holes } from "../test/isolation/holes";
import { type Otherwise, type Try, tries } from "../test/isolation/tries";
import { row } from "./markdown";

const otherwise = (of: Otherwise | undefined): string =>
  of === undefined ? "the same" : `${of.comes.join(", ")}: ${of.why}`;

const tryRow = ({ what, barrier, denied, nesting, privileged }: Try): string =>
  row([what, barrier, denied.join(", "), otherwise(nesting), otherwise(privileged)]);

const holeRow = ({ cve, of, what, here, test }: Hole): string => {
  const shown = test === undefined ? "" : `${test[0].replace(/\.test\.ts$/, "")}: “${test[1]}”`;
  return row([cve, of, what, here, shown]);
};

const tables: Readonly<Record<string, string>> = {
  tries: [
    row(["tried", "what stands in the way", "comes to", "with `security.nesting`", "with `security.privileged`"]),
    "|---|---|---|---|---|",
    ...tries.map(tryRow),
  ].join("\n"),
  holes: [row(["hole", "of", "somebody", "here", "shown by"]), "|---|---|---|---|---|", ...holes.map(holeRow)].join(
    "\n",
  ),
};

/** Puts the tables into the page, each between its two marks. @param page docs/security.md as it is @returns as it shall be @throws Error when a mark is missing */
export function securityPage(page: string): string {
  let made = page;
  for (const [name, table] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [made.indexOf(begin), made.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/security.md lacks the marks "${begin}" and "${end}".`);
    made = `${made.slice(0, from + begin.length)}\n\n${table}\n\n${made.slice(to)}`;
  }
  return made;
}
