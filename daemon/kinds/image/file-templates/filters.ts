/** Filters of file templates: those of pongo2's that make sense for configuration files. */
import { goTime } from "../archive/go-time";
import { maxText, textOf, truthy, type Value, whole, wrong } from "./value";

/** By name: what becomes of a value, with the filter's argument. */
export const filters: Readonly<Record<string, (value: Value, argument: Value) => Value>> = {
  default: (value, argument) => (truthy(value) ? value : argument),
  default_if_none: (value, argument) => (value === undefined || value === null ? argument : value),
  lower: (value) => textOf(value).toLowerCase(),
  upper: (value) => textOf(value).toUpperCase(),
  capfirst: (value) => textOf(value).replace(/^./u, (first) => first.toUpperCase()),
  trim: (value) => textOf(value).trim(),
  safe: (value) => value,
  length: (value) => (Array.isArray(value) ? value.length : textOf(value).length),
  first: (value) => (Array.isArray(value) ? (value as Value[])[0] : textOf(value).slice(0, 1)),
  last: (value) => (Array.isArray(value) ? (value as Value[]).at(-1) : textOf(value).slice(-1)),
  join: (value, argument) => (Array.isArray(value) ? joined(value, textOf(argument)) : textOf(value)),
  split: (value, argument) => textOf(value).split(textOf(argument)),
  cut: (value, argument) => (textOf(argument) === "" ? textOf(value) : textOf(value).replaceAll(textOf(argument), "")),
  date: (value, argument) => dated(value, argument),
  time: (value, argument) => dated(value, argument),
  integer: (value) => Math.trunc(Number(textOf(value))) || 0,
  float: (value) => Number(textOf(value)) || 0,
  add: (value, argument) =>
    typeof value === "number" && typeof argument === "number"
      ? value + argument
      : whole(textOf(value) + textOf(argument)),
  title: (value) =>
    textOf(value)
      .toLowerCase()
      .replace(/(?<![\p{L}\p{N}'])\p{L}/gu, (letter) => letter.toUpperCase()),
  escape: (value) => escaped(value),
  e: (value) => escaped(value),
  addslashes: (value) => whole(textOf(value).replace(/[\\"']/g, "\\$&")),
  urlencode: (value) => whole(new URLSearchParams({ "": textOf(value) }).toString().slice(1)),
  slice: (value, argument) => sliced(value, textOf(argument)),
  ljust: (value, argument) => textOf(value).padEnd(widthOf(argument)),
  rjust: (value, argument) => textOf(value).padStart(widthOf(argument)),
  yesno: (value, argument) => yesOrNo(value, textOf(argument) || "yes,no,maybe"),
  divisibleby: (value, argument) => Number(argument) !== 0 && Number(value) % Number(argument) === 0,
  wordcount: (value) => textOf(value).split(/\s+/).filter(Boolean).length,
};

/** pongo2's filter: a layout of Go's, and nothing for what is not a time. */
const dated = (value: Value, layout: Value): Value =>
  value instanceof Date ? goTime(value, textOf(layout)) : wrongTime();

function wrongTime(): never {
  throw wrong('the filter "date" takes a time');
}

/** Measures first: joining what was split squares a text, and a few rounds would fill the memory. */
function joined(values: readonly Value[], between: string): string {
  const texts = values.map(textOf);
  const length = texts.reduce((sum, text) => sum + text.length + between.length, 0);
  if (length > maxText) throw wrong(`a text is longer than ${maxText} characters`);
  return texts.join(between);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (value: Value): string => whole(textOf(value).replace(/[&<>"']/g, (sign) => entities[sign] ?? sign));

function widthOf(argument: Value): number {
  const width = Number(argument);
  if (!(width >= 0 && width <= maxText)) throw wrong(`a text is longer than ${maxText} characters`);
  return width;
}

/** A part of a text or a list, as "1:3", ":2" or "-1:" say. */
function sliced(value: Value, range: string): Value {
  const [, from, to] = /^(-?\d+)?:(-?\d+)?$/.exec(range) ?? [];
  if (!range.includes(":")) throw wrong('the filter "slice" takes a range such as "1:3"');
  const bounds = [from === undefined ? 0 : Number(from), to === undefined ? undefined : Number(to)] as const;
  return Array.isArray(value) ? (value as readonly Value[]).slice(...bounds) : textOf(value).slice(...bounds);
}

/** One of up to three words: for true, for false, and for what is not there. */
function yesOrNo(value: Value, words: string): string {
  const [yes = "", no = "", maybe = no] = words.split(",");
  if (value === undefined || value === null) return maybe;
  return truthy(value) ? yes : no;
}
