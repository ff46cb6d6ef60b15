/** Ran: where tests in guests ran last and passed: docs/where-tests-ran.json, and the table that docs/testing.md has of it. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { row } from "../markdown";
import { triedCommit } from "../tried";
import { repository } from "./cache";
import type { Guest } from "./guests";

export interface Ran {
  /** What the guest has, and other machines may not. */
  readonly needs: readonly string[];
  readonly guest: string;
  readonly set: string;
  /** Day, in UTC. */
  readonly day: string;
  /** Commit that was tried, with a "+" behind it when the tree had changes. */
  readonly commit: string;
}

const recordFile = path.join(repository, "docs/where-tests-ran.json");
const pageFile = path.join(repository, "docs/testing.md");
const [begin, end] = ["<!-- where tests ran: begin -->", "<!-- where tests ran: end -->"];

/** Takes note of a set that passed on a guest, in the place of its earlier run. */
export function noteRan(guest: Guest, set: string): void {
  const needs = [...(guest.proves ?? []), ...(guest.driver === undefined ? [] : [guest.driver])];
  const ran: Ran = {
    needs,
    guest: guest.name,
    set,
    day: new Date().toISOString().slice(0, 10),
    commit: triedCommit(repository),
  };
  const others = read().filter((one) => one.guest !== guest.name || one.set !== set);
  const all = [...others, ran].sort((a, b) => `${a.guest} ${a.set}`.localeCompare(`${b.guest} ${b.set}`));
  writeFileSync(recordFile, `${JSON.stringify(all, undefined, 2)}\n`);
  writeFileSync(pageFile, pageWith(readFileSync(pageFile, "utf8"), all));
}

const read = (): readonly Ran[] => JSON.parse(readFileSync(recordFile, "utf8")) as Ran[];

/** The page with the table of these runs. @throws Error when the page has no place for it */
export function pageWith(page: string, all: readonly Ran[]): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/testing.md lacks the lines "${begin}" and "${end}".`);
  const rows = all.map(({ needs, guest, set, day, commit }) => row([needs.join(", "), guest, set, day, commit]));
  const table = [row(["what it has", "guest", "tests", "passed on", "commit"]), "|---|---|---|---|---|", ...rows].join(
    "\n",
  );
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}
