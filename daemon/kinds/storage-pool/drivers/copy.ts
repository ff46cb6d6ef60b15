/** Copy: trees with everything that root can keep: owners, modes, times, hard links, extended attributes, device nodes. */
import type { PoolPlace } from "../driver";

/** The command that copies a tree over an existing or new folder; blocks are shared where the file system can. */
export const copyCommand = (from: string, to: string): string[] => ["cp", "-aT", "--reflink=auto", "--", from, to];

/** Copies a tree by that command. @throws ApiError INTERNAL with what cp said */
export const copyTree = ({ run }: Pick<PoolPlace, "run">, from: string, to: string): Promise<void> =>
  run(copyCommand(from, to));
