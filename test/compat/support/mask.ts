/** Masks: what no two runs have in common (ids, times, addresses, sizes) becomes a word, and tables lose their padding. */

export type Mask = readonly [RegExp, string];

/** Times that somebody chose, or that stand for "never", are worth comparing. */
const time =
  /\b(?!0001-|1970-|2040-|2041-)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?Z|[+-]\d\d:\d\d)?(?: \+0000 UTC)?/g;

const everywhere: readonly Mask[] = [
  [/-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----\n?/g, "PEM"],
  [/(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "UUID"],
  [/\beyJ[A-Za-z0-9+/]{60,}={0,2}/g, "TOKEN"],
  [/\bMI[A-Za-z0-9+/]{200,}={0,2}/g, "DER"],
  [/\b[0-9a-f]{64}\b/g, "SHA256"],
  [/\b(?=\w*[a-f])(?=\w*\d)[0-9a-f]{12}\b/g, "SHA12"],
  // One in three hundred has no letter. Elsewhere than in a table it might be a number.
  [/(?<=(?:^|[|,]) *)\d{12}(?= *(?:[|,]|$))/gm, "SHA12"],
  [/\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi, "MAC"],
  [time, "TIME"],
  [/\b(?!1970|0001|2040)\d{4}\/\d\d\/\d\d \d\d:\d\d UTC/g, "TIME"],
  [/"?\b[A-Z][a-z]{2} \d{1,2}, (?!1970|1\b|2040)\d{4} at \d{1,2}:\d\d[ap]m \(UTC\)"?/g, "TIME"],
  [/\bfe80::[0-9a-f:]+\b/g, "LINKLOCAL"],
  [/\bfd42:[0-9a-f:]+/g, "ULA"],
  [/\bveth[0-9a-f]{8}\b/g, "VETH"],
  [/\b\d+\.\d+ ?[kKMGT]i?B\b/g, "SIZE"],
  [/\b\d+B\b/g, "SIZE"],
  // The same ids for all containers, or a range for each.
  [/\[\{"Isuid".*?\}\]/g, "IDMAP"],
];

/**
 * Masks a text.
 * @param places paths of this run, longest first, and their words
 */
export function mask(text: string, places: readonly (readonly [string, string])[], more: readonly Mask[] = []): string {
  let masked = withoutProgress(text.replaceAll("\r\n", "\n"));
  for (const [place, word] of places) masked = masked.replaceAll(place, word);
  for (const [pattern, word] of [...more, ...everywhere]) masked = masked.replace(pattern, word);
  return masked;
}

/** What a client writes over its own line while it waits, and what it adds to an error, is told or not, as time has it. */
const withoutProgress = (text: string): string =>
  text
    .split("\n")
    .map((line) =>
      line.includes("\r")
        ? line
            .split("\r")
            .filter((part) => !isProgress(part))
            .at(-1)
        : line,
    )
    .filter((line) => line !== undefined && !(isProgress(line) && line !== ""))
    .join("\n");

const isProgress = (part: string): boolean =>
  part.trim() === "" ||
  /^(\S+: )?Try `lxc info --show-log/.test(part) ||
  /: \d+% \(.*\)\s*$|^Remapping container filesystem\s*$/.test(part);

/** Lines without the frames and the padding of tables, whose widths follow from what was masked. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => !/^\+[-=+]+\+$/.test(line))
    .map((line) => (/^\s*\|/.test(line) ? line.replace(/\s*\|\s*/g, " | ").trim() : line).trimEnd())
    .filter((line, index, all) => line !== "" || index < all.length - 1);
}

/** A value as lines of paths, so that each difference is a line: `config.user.x = "1"`. Keys are in order; items of a list of plain values have no number, for others are in it too. */
export function flatten(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${at} = ${JSON.stringify(value)}`.trim()];
  const entries = Array.isArray(value)
    ? value.map((one, index) => [typeof one === "object" ? `${at}[${index}]` : `${at}[]`, one] as const)
    : Object.entries(value)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, one]) => [at === "" ? key : `${at}.${key}`, one] as const);
  if (entries.length === 0) return [`${at} = ${Array.isArray(value) ? "[]" : "{}"}`.trim()];
  return entries.flatMap(([place, one]) => flatten(one, place));
}
