/** Home of storage pools: the platform, and what pools ask of others. */

import type { Config } from "../../../sdk/api/common";
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";
import type { Volume } from "./driver";

export interface ImageRoots {
  /** Paths of the images of some fingerprints; one may be of several projects. */
  urls(fingerprints: ReadonlySet<string>): readonly string[];
  /**
   * Unpacks the root of an image into an empty folder.
   * @param options whether device nodes are made, else each is skipped with one warning
   * @throws ApiError NOT_FOUND
   */
  unpack(
    fingerprint: string,
    rootPath: string,
    options: { deviceNodes: boolean; warn: (message: string) => void; signal?: AbortSignal },
  ): Promise<void>;
}

export interface SnapshotRoots {
  /** Paths of the snapshots of instances whose roots lie in a pool. */
  urlsIn(pool: string): readonly string[];
}

export interface StoragePoolHome extends Platform {
  /** Configuration of a custom volume, also of one that is being made; nothing of other volumes. */
  readonly volumeKeys: (pool: string, volume: Volume) => Config;
  readonly references: References;
  readonly images: ImageRoots;
  readonly snapshots: SnapshotRoots;
}
