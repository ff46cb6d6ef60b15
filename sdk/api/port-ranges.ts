/** Port ranges: lists of ports as forwards write them, such as "80,90-95". */

/** First and last port. */
export type PortRange = readonly [number, number];

/** In LXD's words, which are Go's. */
class BadRange extends Error {}

function portOf(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new BadRange(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const port = Number(text);
  if (port < 1 || port > 65_535) throw new BadRange(`Port ${text} is not one from 1 to 65535`);
  return port;
}

function rangeOf(text: string): PortRange {
  const ends = text.split("-");
  if (ends.length > 2) throw new BadRange(`Invalid port range ${JSON.stringify(text)}`);
  const [first = 0, last = first] = ends.map(portOf);
  if (ends.length === 2 && last <= first) throw new BadRange("End port should be higher than start port");
  return [first, last];
}

/** @returns the ranges, none of an empty text; or why one of them is none */
export function readRanges(text: string): readonly PortRange[] | string {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  try {
    return parts.map(rangeOf);
  } catch (error) {
    if (error instanceof BadRange) return error.message;
    throw error;
  }
}

/** The ports of ranges, in their order. */
export const portsIn = (ranges: readonly PortRange[]): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
