/** Schedules: when snapshots are made on their own: "MINUTE HOUR DAY MONTH WEEKDAY" as in crontab(5), or a word such as @daily. */
import type { ValueType } from "./table";

/** Each of the five fields, by the numbers that it allows; the last two have names as well. */
interface Field {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
  { min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** Moments of one line: a set of numbers a field. */
export interface CronLine {
  readonly sets: readonly ReadonlySet<number>[];
  /** Whether a field is "*": of day and weekday it is enough that one fits, unless either is. */
  readonly isAny: readonly boolean[];
}

/** Words that stand for a line. Minute and hour are the object's own, so that not all begin at once. */
const lineOfWord: ReadonlyMap<string, string> = new Map([
  ["@hourly", "M * * * *"],
  ["@daily", "M H * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "M H * * 0"],
  ["@monthly", "M H 1 * *"],
  ["@annually", "M H 1 1 *"],
  ["@yearly", "M H 1 1 *"],
]);

/** At each start of an instance. */
const startup = "@startup";

/** Takes the place of a profile's schedule. */
const never = "@never";

const form = "Schedule must be of the form: <minute> <hour> <day-of-month> <month> <day-of-week>";

function numberOf(text: string, { min, max, names }: Field): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return min + named;
  return /^\d{1,4}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined;
}

/** One member of a field's list: "*", "5", "1-5", each with "/STEP" or without. */
function membersOf(text: string, field: Field): number[] | undefined {
  const [, range = "", step] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(text) ?? [];
  const [first = "", last, ...more] = range.split("-");
  const isAny = range === "*" || range === "?";
  const from = isAny ? field.min : numberOf(first, field);
  const single = step === undefined ? from : field.max;
  const to = isAny ? field.max : last === undefined ? single : numberOf(last, field);
  const by = Number(step ?? 1);
  if (from === undefined || to === undefined || more.length > 0 || from > to || by === 0) return undefined;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

/** Reads one line of five fields. @returns nothing for one that is none */
export function parseCronLine(line: string): CronLine | undefined {
  const words = line.trim().split(/\s+/);
  if (words.length !== fields.length) return undefined;
  const sets = fields.map((field, index) => {
    const lists = (words[index] ?? "").split(",").map((member) => membersOf(member, field));
    return lists.some((list) => list === undefined) ? undefined : new Set(lists.flatMap((list) => list ?? []));
  });
  if (sets.some((set) => set === undefined)) return undefined;
  return { sets: sets as Set<number>[], isAny: words.map((word) => /^[*?](\/\d+)?$/.test(word)) };
}

/** What a schedule asks for. */
export interface Schedule {
  /** Lines in which "M" and "H" stand for the object's own minute and hour. */
  readonly lines: readonly string[];
  readonly atStart: boolean;
}

/** Words, or lines of five fields; several are separated by a comma and a blank, since a line has commas itself. A comma is enough between words. */
function parse(value: string, canStart: boolean): Schedule | undefined {
  const parts = value.split(", ").flatMap((part) => (/^\s*@/.test(part) ? part.split(",") : [part]));
  const words = parts.map((part) => part.trim());
  if (words.length === 1 && words[0] === never && canStart) return { lines: [], atStart: false };
  const lines = words.map((word) => (canStart && word === startup ? "" : (lineOfWord.get(word) ?? word)));
  const isGood = (line: string) =>
    line === "" || parseCronLine(line.replace(/^M/, "0").replace(" H ", " 0 ")) !== undefined;
  if (words.some((word) => word === "") || !lines.every(isGood)) return undefined;
  return { lines: lines.filter((line) => line !== ""), atStart: words.includes(startup) };
}

const scheduleOf = (title: string, canStart: boolean): ValueType<Schedule> => ({
  title,
  check: (value) => (parse(value, canStart) === undefined ? `${form}, or a word such as @daily` : undefined),
  parse: (value) => parse(value, canStart),
});

const aliases = [...lineOfWord.keys()].map((word) => `\`${word}\``).join(", ");

/** Of an instance. */
export const instanceSchedule = scheduleOf(`cron lines, ${aliases}, \`${startup}\` or \`${never}\``, true);

/** Of what has no start. */
export const volumeSchedule = scheduleOf(`cron lines, or ${aliases}`, false);
