/** Storage pool: typed calls. Made by `npm run gen` from sdk/api/storage-pool.ts. */
import type * as z from "zod";
import { patchOf } from "../api/patch";
import { StoragePool, StoragePoolPut, StoragePoolsPost } from "../api/storage-pool";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/storage-pools";
const one = (name: string) => urlOf`/1.0/storage-pools/${name}`;

export const storagePoolCalls = (wire: Wire) => ({
  listStoragePools: (options?: CallOptions): Promise<StoragePool[]> =>
    wire.get(`${all}?recursion=1`, listOf(StoragePool), options),

  /** @throws ApiError NOT_FOUND */
  getStoragePool: (name: string, options?: CallOptions): Promise<Tagged<StoragePool>> =>
    wire.getTagged(one(name), StoragePool, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createStoragePool: (post: z.input<typeof StoragePoolsPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(StoragePoolsPost, post) }),

  /** Replaces the whole mutable part. */
  updateStoragePool: (name: string, put: z.input<typeof StoragePoolPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(name), { ...options, body: body(StoragePoolPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchStoragePool: (
    name: string,
    patch: Partial<z.output<typeof StoragePoolPut>>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PATCH", one(name), { ...options, body: body(patchOf(StoragePoolPut), patch) }),

  /** Removes a pool that nothing uses, with its files. */
  deleteStoragePool: (name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(name), options),
});
