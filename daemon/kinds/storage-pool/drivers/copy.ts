/** Copy: trees with everything that root can keep: owners, modes, times, hard links, extended attributes, device nodes. */
import { constants, copyFile, rm, writeFile } from "node:fs/promises";
import { errnoOf } from "../../../platform/folders/files";
import type { PoolPlace, Volume } from "../driver";
import { diskBytes } from "./volume-disk";
import { folderOf, partialBeside } from "./volume-folder";

/** The command that copies a tree over an existing or new folder; blocks are shared where the file system can. */
export const copyCommand = (from: string, to: string): string[] => ["cp", "-aT", "--reflink=auto", "--", from, to];

/** Copies a tree by that command. @throws ApiError INTERNAL with what cp said */
export const copyTree = ({ run }: Pick<PoolPlace, "run">, from: string, to: string): Promise<void> =>
  run(copyCommand(from, to));

/** Whether a copy of a volume shares no blocks with it: it has a file system of its own, or that of the pool shares none. */
export async function copiesWhole(pool: PoolPlace, volume: Volume): Promise<boolean> {
  const folder = folderOf(pool, volume);
  if ((await diskBytes(folder)) !== undefined) return true;
  const [from, to] = [partialBeside(folder), partialBeside(folder)];
  try {
    await writeFile(from, "shared?", { flag: "wx", mode: 0o600 });
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return false;
  } catch (error) {
    if (["ENOTSUP", "EOPNOTSUPP", "ENOTTY", "ENOSYS", "EXDEV", "EINVAL", "ENOSPC", "EDQUOT"].includes(errnoOf(error)))
      return true;
    throw error;
  } finally {
    for (const file of [from, to]) await rm(file, { force: true });
  }
}
