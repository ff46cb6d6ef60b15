/** Image file: the file that holds a pool without a source. */
import { open, statfs } from "node:fs/promises";
import path from "node:path";
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { parseSize } from "../../../../sdk/api/config/values";
import type { PoolPlace } from "../driver";

/** Size of an image file that nobody gave a size: this, or the share of the free space that is less. */
const defaultBytes = 30 * 2 ** 30;
const defaultShare = 0.8;

/** Makes the file, which takes space as it fills. @returns the configuration that it fills in */
export async function makeImageFile(pool: PoolPlace): Promise<{ source: string; size: string }> {
  const source = pool.diskImage;
  const { bavail, bsize } = await statfs(path.dirname(source));
  const mebibytes = Math.floor(Math.min(defaultBytes, bavail * bsize * defaultShare) / 2 ** 20);
  const size =
    storagePoolConfig(pool.config).text("size") ??
    (mebibytes % 1024 === 0 ? `${mebibytes / 1024}GiB` : `${mebibytes}MiB`);
  const file = await open(source, "wx", 0o600);
  try {
    await file.truncate(parseSize(size));
  } finally {
    await file.close();
  }
  return { source, size };
}
