/** Words: how the daemon says ids, roots and places to bothy-cell (docs/native-protocol.md). */
import { isNested } from "../../../sdk/host/own-ids";
import type { Target } from "./cell";
import type { Op } from "./connection";
import type { RootSource } from "./root-source";

export interface IdLine {
  readonly inner: number;
  readonly host: number;
  readonly count: number;
}

/** A first host id and a count: the container's 0 is hostBase on the host. */
export interface IdRange {
  readonly hostBase: number;
  readonly count: number;
  /** Ids that are others on the host; in the container they may be beyond the range. */
  readonly others?: { readonly uid: readonly IdLine[]; readonly gid: readonly IdLine[] };
}

/** What containers have where no mount can be mapped: the ids of the daemon's own user namespace (docs/rootless.md). */
export const ownIds: IdRange = { hostBase: 0, count: 65_536 };

/** The lines of a map: the range, cut where others take its place. */
export function idLines({ hostBase, count }: IdRange, others: readonly IdLine[]): IdLine[] {
  const sorted = [...others].sort((a, b) => a.inner - b.inner);
  const lines: IdLine[] = [];
  let next = 0;
  const fill = (end: number) => {
    if (end > next) lines.push({ inner: next, host: hostBase + next, count: end - next });
  };
  for (const other of sorted) {
    fill(Math.min(other.inner, count));
    lines.push(other);
    next = Math.max(next, other.inner + other.count);
  }
  fill(count);
  return lines;
}

/** Where files are: in a running container, or in the root of a stopped one. */
export type FilePlace = (
  | {
      readonly target: Target;
      /** Words for the security label of whoever enters it. */
      readonly label: readonly Op[];
    }
  | { readonly root: RootSource }
) & {
  readonly ids: IdRange | undefined;
};

/** The words for an id map; no ids means privileged. */
export const idmapOps = (ids: IdRange | undefined): Op[] =>
  ids === undefined
    ? []
    : (["uid", "gid"] as const).flatMap((kind) =>
        idLines(ids, ids.others?.[kind] ?? []).map(
          ({ inner, host, count }): Op => [`idmap-${kind}`, inner, host, count],
        ),
      );

/** The words for a container's file system. */
export function rootOps(root: RootSource, ids: IdRange | undefined): Op[] {
  const source: Op =
    root.type === "dir" ? ["root-dir", root.path] : ["root-overlay", root.upper, root.work, root.lower.join(":")];
  return [...idmapOps(ids), ...(isNested ? [["root-unmapped"] as Op] : []), source];
}
