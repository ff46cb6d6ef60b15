/** Copy: trees with everything that root can keep: owners, modes, times, hard links, extended attributes, device nodes. */
import { run } from "../../../platform/processes/run";

/** The command that copies a tree over an existing or new folder; blocks are shared where the file system can. */
export const copyCommand = (from: string, to: string): string[] => ["cp", "-aT", "--reflink=auto", "--", from, to];

/** Copies a tree by that command. @throws ApiError INTERNAL with what cp said */
export async function copyTree(from: string, to: string): Promise<void> {
  const [program = "", ...args] = copyCommand(from, to);
  await run(program, args);
}
