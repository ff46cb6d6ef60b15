/**
 * Times: how long each test file took when it ran last on this machine, and, where it never did, on the one that made the table beside this file
 * (`npm run test:times`). Only the order in which files start depends on them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Seconds by source, such as "test/network/acl.test.ts". */
export type FileTimes = Record<string, number>;

const root = path.resolve(__dirname, "../../..");
const table = path.join(root, "scripts/test/times.json");
const own = path.join(root, ".toolchain/test-times.json");

/** What takes less may start at any time. */
const longSeconds = 15;

const read = (file: string): FileTimes =>
  existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as FileTimes) : {};

export const knownTimes = (): FileTimes => ({ ...read(table), ...read(own) });

/** Keeps what a run took, beside what is known of the files that were not in it. */
export function keepTimes(times: FileTimes): void {
  mkdirSync(path.dirname(own), { recursive: true });
  writeFileSync(own, JSON.stringify({ ...read(own), ...times }));
}

/** Makes the table anew of this machine's times. */
export function writeTable(): void {
  const long = Object.entries(read(own)).filter(
    ([file, time]) => time >= longSeconds && existsSync(path.join(root, file)),
  );
  long.sort(([, a], [, b]) => b - a);
  writeFileSync(
    table,
    `${JSON.stringify(Object.fromEntries(long.map(([file, time]) => [file, Math.round(time)])), null, 2)}\n`,
  );
}

/** The source of a compiled test, as it is named on the command line. */
export const sourceOf = (file: string): string =>
  path
    .relative(root, path.resolve(root, file))
    .replace(/^dist\//, "")
    .replace(/\.js$/, ".ts");

/** Those of which nothing is known come last, in the order in which they are. */
export const longestFirst = (files: readonly string[], times: FileTimes): string[] =>
  [...files].sort((a, b) => (times[sourceOf(b)] ?? 0) - (times[sourceOf(a)] ?? 0));

if (require.main === module) writeTable();
