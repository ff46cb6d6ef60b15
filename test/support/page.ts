/** Blocks of code of a page of docs/, each told by its first comment, so that what the page shows is what the tests run. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../../sdk/host/package";

/** @param page name of a file in docs/ */
export const textOf = (page: string): string => readFileSync(path.join(packageRoot, "docs", page), "utf8");

/** @returns the code of each block by its first line without the mark of a comment, such as "main.tf" */
export function blocksOf(page: string): Record<string, string> {
  const blocks = [...textOf(page).matchAll(/^```\w+\n(?:#|\/\/) (.*)\n((?:.*\n)*?)^```$/gm)];
  return Object.fromEntries(blocks.map(([, title = "", code = ""]) => [title, code]));
}

/** @throws AssertionError for a page that has no such block */
export function blockOf(page: string, title: string): string {
  const blocks = blocksOf(page);
  assert.ok(blocks[title] !== undefined, `docs/${page} has no block "${title}", but ${Object.keys(blocks).join("; ")}`);
  return blocks[title];
}

/** @returns the cells of the rows of the page's table whose head begins with this word, without the marks of code */
export function rowsOf(page: string, head: string): string[][] {
  const lines = textOf(page).split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  assert.ok(from >= 0, `docs/${page} has no table of ${head}`);
  const length = lines.slice(from).findIndex((line) => !line.startsWith("|"));
  const cells = (line: string) => line.slice(1, -1).split("|");
  return lines.slice(from + 2, from + length).map((line) => cells(line).map((cell) => cell.trim().replaceAll("`", "")));
}
