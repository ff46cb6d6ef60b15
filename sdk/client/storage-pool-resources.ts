/** Resources of storage pools: typed call. */
import { StoragePoolResources } from "../api/storage-pool";
import type { CallOptions } from "./call-options";
import { urlOf } from "./request";
import type { Wire } from "./wire";

export const storagePoolResourcesCalls = (wire: Wire) => ({
  /** Space and inodes of the pool, in bytes and counts. */
  getStoragePoolResources: (name: string, options?: CallOptions): Promise<StoragePoolResources> =>
    wire.get(urlOf`/1.0/storage-pools/${name}/resources`, StoragePoolResources, options),
});
