/** Words: how the daemon says ids, roots and places to bothy-cell (docs/native-protocol.md). */
import type { Target } from "./cell";
import type { Op } from "./connection";
import type { RootSource } from "./root-source";

/** A first host id and a count: the container's 0 is hostBase on the host. */
export interface IdRange {
  readonly hostBase: number;
  readonly count: number;
}

/** Where files are: in a running container, or in the root of a stopped one. */
export type FilePlace = ({ readonly target: Target } | { readonly root: RootSource }) & {
  readonly ids: IdRange | undefined;
};

/** The words for an id map; no ids means privileged. */
export const idmapOps = (ids: IdRange | undefined): Op[] =>
  ids === undefined
    ? []
    : [
        ["idmap-uid", 0, ids.hostBase, ids.count],
        ["idmap-gid", 0, ids.hostBase, ids.count],
      ];

/** The words for a container's file system. */
export function rootOps(root: RootSource, ids: IdRange | undefined): Op[] {
  const source: Op =
    root.type === "dir" ? ["root-dir", root.path] : ["root-overlay", root.upper, root.work, root.lower.join(":")];
  return [...idmapOps(ids), source];
}
