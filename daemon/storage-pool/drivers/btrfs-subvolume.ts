/** btrfs subvolumes: every volume's folder is one. They are removed as any tree is (daemon/native/removal.ts). */
import { run } from "../../run";

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
