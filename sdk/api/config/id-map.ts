/** Id map: lines of raw.idmap, which give ids of the host to a container, the host's first: `both 1000 1000`, `uid 50-60 500-510` (LXD's form). */
import type { ValueType } from "./table";

export interface IdMapLine {
  readonly kind: "uid" | "gid" | "both";
  /** First id as the host has it, and as the container sees it. */
  readonly host: number;
  readonly inner: number;
  readonly count: number;
}

/** The kernel takes 340 lines (user_namespaces(7)), of which each of these may cut one into three. */
const maxLines = 30;
/** Ids end below the one that means "none". */
const maxId = 2 ** 32 - 2;

export interface Range {
  readonly first: number;
  readonly count: number;
}

function rangeOf(text: string): Range | undefined {
  const [, first, last = first] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text) ?? [];
  if (first === undefined || Number(last) < Number(first) || Number(last) > maxId) return undefined;
  return { first: Number(first), count: Number(last) - Number(first) + 1 };
}

/** @returns the line, or what is wrong with it */
function lineOf(line: string): IdMapLine | string {
  const [kind, host, inner, ...rest] = line.split(" ");
  if (kind !== "uid" && kind !== "gid" && kind !== "both") return "each line must begin with uid, gid or both";
  const [from, to] = [rangeOf(host ?? ""), rangeOf(inner ?? "")];
  if (from === undefined || to === undefined || rest.length > 0)
    return `the line "${line}" must be two ids or ranges of ids after that word, such as "both 1000 1000"`;
  if (from.count !== to.count) return `the ranges of the line "${line}" must be of the same size`;
  if (from.first === 0) return "id 0 of the host cannot be given away: a container with it needs security.privileged";
  return { kind, host: from.first, inner: to.first, count: from.count };
}

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

const overlap = (a: number, b: number, { count: ofA }: IdMapLine, { count: ofB }: IdMapLine): boolean =>
  a < b + ofB && b < a + ofA;

/** The kernel gives no id twice, on neither side. */
function findTwice(lines: readonly IdMapLine[]): string | undefined {
  for (const [index, one] of lines.entries())
    for (const other of lines.slice(0, index)) {
      const isSameKind = one.kind === other.kind || one.kind === "both" || other.kind === "both";
      if (isSameKind && (overlap(one.inner, other.inner, one, other) || overlap(one.host, other.host, one, other)))
        return "no id can be given twice";
    }
  return undefined;
}

export const idMap: ValueType<readonly IdMapLine[]> = {
  title: "lines of `uid`, `gid` or `both`, an id or a range of the host and one of the container",
  check: (text) => {
    const lines = linesOf(text).map(lineOf);
    const wrong = lines.find((line) => typeof line === "string");
    if (wrong !== undefined) return wrong;
    if (lines.length > maxLines) return `it must have at most ${maxLines} lines`;
    return findTwice(lines as IdMapLine[]);
  },
  parse: (text) => linesOf(text).map((line) => lineOf(line) as IdMapLine),
};

/** Ids of the host that may be named, as single ones and ranges with commas between. */
export const hostIds: ValueType<readonly Range[]> = {
  title: "list of ids and ranges of ids",
  check: (value) => {
    const wrong = value.split(",").find((one) => rangeOf(one.trim()) === undefined);
    return wrong === undefined ? undefined : `"${wrong}" must be an id, or a range of ids such as 1000-1999`;
  },
  parse: (value) => value.split(",").flatMap((one) => rangeOf(one.trim()) ?? []),
};
