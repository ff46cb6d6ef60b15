/** Image file: a file of the daemon's that holds a pool, behind a loop device. */
import { open, statfs } from "node:fs/promises";
import path from "node:path";
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { parseSize } from "../../../../sdk/api/config/values";
import { run } from "../../../platform/processes/run";
import type { PoolPlace } from "../driver";
import { loopsOf } from "./loops";

/** Size of an image file that nobody gave a size: this, or the share of the free space that is less. */
const defaultBytes = 30 * 2 ** 30;
const defaultShare = 0.8;

/** Makes the image file, which takes space as it fills. @returns what is filled in of the pool's configuration */
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

/** Gives an image file a loop device where it has none. @returns the device */
export async function attachLoop(file: string): Promise<string> {
  const [device] = await loopsOf(file);
  return device ?? (await run("losetup", ["--find", "--show", "--", file])).stdout.trim();
}
