/** What `npm test` says at its end: the files that took longest, so that whoever waits knows for what. */
import type { FileTimes } from "./times";

const count = 30;

const seconds = (time: number): string => time.toFixed(1).padStart(7);

/** @returns the lines; nothing for a single file */
export function slowest(times: FileTimes): string {
  const all = Object.entries(times).sort(([, a], [, b]) => b - a);
  if (all.length < 2) return "";
  const shown = all.slice(0, count);
  const sum = all.reduce((total, [, time]) => total + time, 0);
  return [
    `\nThe slowest ${shown.length} of ${all.length} files, in seconds:`,
    ...shown.map(([file, time]) => `${seconds(time)}  ${file}`),
    `${seconds(sum)}  all files, one after the other\n`,
  ].join("\n");
}
