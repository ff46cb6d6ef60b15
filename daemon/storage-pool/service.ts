/** Storage pools: their rules, and the volumes that instances ask of them. */
import type { Config } from "../../sdk/api/common";
import type { RootSource, Volume } from "./driver";

export interface StoragePoolService {
  /** Driver name and configuration. @throws ApiError NOT_FOUND "Storage pool not found" */
  get(name: string): { name: string; driver: string; config: Config };
  createEmpty(pool: string, volume: Volume): Promise<void>;
  /** Makes a volume from an image; the image's volume in this pool is made first when it is not there, once for all who ask. */
  createFromImage(
    pool: string,
    fingerprint: string,
    volume: Volume,
    options: { deviceNodes: boolean; warn: (message: string) => void },
  ): Promise<void>;
  /** Within one pool, or across pools (then through bothy-cell's `run`). */
  clone(from: { pool: string; volume: Volume }, to: { pool: string; volume: Volume }): Promise<void>;
  restore(pool: string, snapshot: Volume, volume: Volume): Promise<void>;
  rename(pool: string, from: Volume, to: Volume): Promise<void>;
  delete(pool: string, volume: Volume): Promise<void>;
  list(pool: string, type: Volume["type"]): Promise<string[]>;
  root(pool: string, volume: Volume): RootSource;
  usage(pool: string, volume: Volume): Promise<number | undefined>;
  /** Drops the volume of a deleted image from every pool. */
  forgetImage(fingerprint: string): Promise<void>;
}
