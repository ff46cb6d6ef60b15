/** btrfs subvolumes: every volume's folder is one. */
import { stat } from "node:fs/promises";
import { isThere } from "../../files";
import { run } from "../../run";
import { type Remove, removeTree } from "./volume-folder";

/** Inode number of the root of every subvolume. */
const rootInode = 256;

/** Makes an empty subvolume. */
export async function createSubvolume(folder: string): Promise<void> {
  await run("btrfs", ["-q", "subvolume", "create", "--", folder]);
}

/** Makes a snapshot; subvolumes within the source show as empty folders in it. */
export async function snapshotSubvolume(from: string, to: string, isReadonly: boolean): Promise<void> {
  await run("btrfs", ["-q", "subvolume", "snapshot", ...(isReadonly ? ["-r"] : []), "--", from, to]);
}

/** Makes a subvolume read-only, or writable again. */
export async function setReadonly(folder: string, isReadonly: boolean): Promise<void> {
  await run("btrfs", ["property", "set", "-t", "subvol", folder, "ro", String(isReadonly)]);
}

/** Removes a subvolume, and those that a container made in it. A missing one is no error. */
export const removeSubvolume: Remove = async (folder) => {
  if (!(await isThere(folder))) return;
  if ((await stat(folder)).ino !== rootInode) return removeTree(folder);
  const { code } = await run("btrfs", ["-q", "subvolume", "delete", "--", folder], { accept: [0, 1] });
  if (code !== 0) await removeSubvolumes(folder);
};

/** Removes every subvolume in a folder, the innermost first, and the folder itself when it is one. */
export async function removeSubvolumes(folder: string): Promise<void> {
  const { stdout } = await run("find", [folder, "-depth", "-type", "d", "-inum", String(rootInode), "-print0"]);
  for (const found of stdout.split("\0"))
    if (found !== "") await run("btrfs", ["-q", "subvolume", "delete", "--", found]);
}
