/** Home of storage pools: the platform, and what pools ask of others. */
import type { Devices } from "../../../sdk/api/common";
import type { Platform } from "../../platform/platform";

/** Those whose disks may lie in a pool. */
export interface DiskOwners {
  /** All instances, those that are being made or deleted included. */
  all(): readonly { readonly project: string; readonly name: string; readonly expandedDevices: Devices }[];
  profiles(): readonly { readonly project: string; readonly name: string; readonly devices: Devices }[];
}

export interface ImageRoots {
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

export interface StoragePoolHome extends Platform {
  readonly diskOwners: DiskOwners;
  readonly images: ImageRoots;
}
