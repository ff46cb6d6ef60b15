/** Shown: which systems were shown to work as containers, where and when: docs/machines.json, and the table that docs/machines.md has of it. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { row } from "../markdown";
import { triedCommit } from "../tried";
import { repository } from "../vm/cache";

/** What a test says of a system that it was shown on. */
export interface Shown {
  readonly system: string;
  /** For people: distribution, init with its version, and what asks for the address. */
  readonly title: string;
  readonly version: string;
  readonly client: string;
  /** Control groups of the host, and as the container has them: v1, v2 or hybrid. */
  readonly host: string;
  readonly inside: string;
  readonly kernel: string;
  /** In seconds. */
  readonly boot: number;
  readonly shutdown: number;
  /** How many hardening options of units start, of how many; nothing where the init has no units. */
  readonly options?: string;
}

export interface Noted extends Shown {
  /** The machine: "here", or the guest's name. */
  readonly on: string;
  /** Day, in UTC. */
  readonly day: string;
  /** Commit that was tried, with a "+" behind it when the tree had changes. */
  readonly commit: string;
}

const recordFile = path.join(repository, "docs/machines.json");
const pageFile = path.join(repository, "docs/machines.md");
const [begin, end] = ["<!-- shown: begin -->", "<!-- shown: end -->"];

/** Lines of JSON, as a test writes them. */
export const parseShown = (text: string): Shown[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Shown);

/** Takes note of what was shown on a machine, each in the place of an earlier time. */
export function noteShown(on: string, shown: readonly Shown[]): void {
  const commit = triedCommit(repository);
  const day = new Date().toISOString().slice(0, 10);
  const others = read().filter((one) => one.on !== on || !shown.some(({ system }) => system === one.system));
  const all = [...others, ...shown.map((one) => ({ ...one, on, day, commit }))];
  all.sort((a, b) => `${a.system} ${a.on}`.localeCompare(`${b.system} ${b.on}`));
  writeFileSync(recordFile, `${JSON.stringify(all, undefined, 2)}\n`);
  writeFileSync(pageFile, pageWith(readFileSync(pageFile, "utf8"), all));
}

export const read = (): readonly Noted[] => JSON.parse(readFileSync(recordFile, "utf8")) as Noted[];

/** The page with the table of these. @throws Error when the page has no place for it */
export function pageWith(page: string, all: readonly Noted[]): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/machines.md lacks the lines "${begin}" and "${end}".`);
  const table = [row([...heads]), `|${"---|".repeat(heads.length)}`, ...all.map((one) => row(cellsOf(one)))].join("\n");
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}

const heads = [
  "system",
  "init",
  "address by",
  "on",
  "groups of the host",
  "inside",
  "boot",
  "shutdown",
  "options of units",
  "shown",
  "commit",
] as const;

const cellsOf = (one: Noted): string[] => [
  one.title,
  one.version,
  one.client,
  `${one.on}, Linux ${one.kernel}`,
  one.host,
  one.inside,
  `${one.boot.toFixed(1)} s`,
  `${one.shutdown.toFixed(1)} s`,
  one.options ?? "",
  one.day,
  one.commit,
];
