/** Content: what is in a new custom volume: an empty folder, or the bytes of a disk. */
import { chmod, chown, open, rename, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { storageVolumeConfig } from "../../../sdk/api/config/storage-volume";
import { badRequest } from "../../../sdk/api/errors";
import { diskBase } from "../../../sdk/host/own-ids";
import { errnoOf } from "../../platform/folders/files";
import type { StorageVolumeHome } from "./home";
import { type VolumeRecord, volumeOf } from "./record";

/** LXD's name of the file that holds the bytes of a block volume. */
export const imageFile = "root.img";

/** LXD's size of a block volume that nobody gave one. */
const defaultBlockBytes = 10 * 2 ** 30;

/** Bytes that a block volume has, or shall have. */
export const blockBytes = ({ config }: Pick<VolumeRecord, "config">): number =>
  storageVolumeConfig(config).get("size") ?? defaultBlockBytes;

/** Bytes that the files of a volume may take, or nothing where nothing bounds them; those of a block volume are its file's own. */
export const boundOf = (
  volumes: Pick<StorageVolumeHome["volumes"], "roomForFile">,
  record: Pick<VolumeRecord, "pool" | "config" | "contentType">,
): number | undefined =>
  record.contentType === "block"
    ? volumes.roomForFile(record.pool, blockBytes(record))
    : storageVolumeConfig(record.config).get("size") || undefined;

/** Puts into an empty root what a new volume holds. */
export const fillNew =
  (record: VolumeRecord) =>
  async (rootPath: string): Promise<void> => {
    await giveRoot(record, rootPath);
    if (record.contentType !== "block") return;
    const file = await open(path.join(rootPath, imageFile), "wx", 0o600);
    try {
      await resized(record.name, file.truncate(blockBytes(record)));
    } finally {
      await file.close();
    }
  };

/** The owner and mode that a new volume shall have. @throws ApiError BAD_REQUEST for an owner that the daemon, in a container itself, cannot name */
async function giveRoot({ name, config }: VolumeRecord, rootPath: string): Promise<void> {
  const wanted = storageVolumeConfig(config);
  const [uid = 0, gid = 0] = [wanted.get("initial.uid"), wanted.get("initial.gid")];
  try {
    if (uid !== 0 || gid !== 0) await chown(rootPath, diskBase + uid, diskBase + gid);
  } catch (error) {
    if (!["EINVAL", "EPERM"].includes(errnoOf(error))) throw error;
    const message = `Cannot make volume "${name}": the daemon has no user ${uid} or no group ${gid} here. Give another "initial.uid" and "initial.gid".`;
    throw badRequest(message, { cause: error });
  }
  await chmod(rootPath, Number.parseInt(wanted.get("initial.mode") ?? "0711", 8));
}

const imageOf = ({ volumes }: StorageVolumeHome, record: VolumeRecord): string =>
  path.join(volumes.customPath(record.pool, volumeOf(record)), imageFile);

/** Makes a block volume as large as it shall be. @throws ApiError BAD_REQUEST when it would get smaller */
export async function growBlock(home: StorageVolumeHome, after: VolumeRecord): Promise<void> {
  const file = imageOf(home, after);
  const { size } = await stat(file);
  const wanted = storageVolumeConfig(after.config).get("size") ?? size;
  if (wanted < size)
    throw badRequest(
      `Cannot change the size of volume "${after.name}": Block volumes cannot be shrunk. Give at least ${size} bytes, or make a smaller volume.`,
    );
  if (wanted <= size) return;
  const room = home.volumes.roomForFile(after.pool, wanted);
  if (room !== undefined) await home.volumes.setSize(after.pool, volumeOf(after), room, false, after.config);
  await resized(after.name, truncate(file, wanted));
}

/** @throws ApiError BAD_REQUEST for more than a file can have */
async function resized(name: string, resizing: Promise<void>): Promise<void> {
  try {
    await resizing;
  } catch (error) {
    // The second is Node's, of a number that it cannot count with.
    if (!["EFBIG", "ERR_OUT_OF_RANGE"].includes(errnoOf(error))) throw error;
    const message = `Cannot give volume "${name}" its size: the file system of the pool has no files that large. Give a smaller "size".`;
    throw badRequest(message, { cause: error });
  }
}

/**
 * Makes a file in an empty root the bytes of a new block volume, as many as it shall have.
 * @param file name of it in the root @throws ApiError BAD_REQUEST when it has more
 */
export async function adoptImage(record: VolumeRecord, rootPath: string, file: string): Promise<void> {
  const image = path.join(rootPath, imageFile);
  await rename(path.join(rootPath, file), image);
  await chown(image, 0, 0);
  await chmod(image, 0o600);
  const { size } = await stat(image);
  const wanted = storageVolumeConfig(record.config).get("size") ?? size;
  if (wanted < size)
    throw badRequest(
      `Cannot make volume "${record.name}": its content has ${size} bytes, more than its "size" (${wanted}).`,
    );
  if (wanted > size) await resized(record.name, truncate(image, wanted));
}

/** Bytes of a block volume: those that its file takes on the disk, and those that it has. */
export async function blockUsage(
  home: StorageVolumeHome,
  record: VolumeRecord,
): Promise<{ used: number; total: number }> {
  const { blocks, size } = await stat(imageOf(home, record));
  return { used: blocks * 512, total: size };
}
