/** Storage bucket: typed calls. Made by `npm run gen` from sdk/api/storage-bucket.ts. */
import type * as z from "zod";
import { patchOf } from "../api/patch";
import { StorageBucket, StorageBucketPut, StorageBucketsPost } from "../api/storage-bucket";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (pool: string) => urlOf`/1.0/storage-pools/${pool}/buckets`;
const one = (pool: string, name: string) => urlOf`/1.0/storage-pools/${pool}/buckets/${name}`;

export const storageBucketCalls = (wire: Wire) => ({
  listStorageBuckets: (pool: string, options?: CallOptions): Promise<StorageBucket[]> =>
    wire.get(`${all(pool)}?recursion=1`, listOf(StorageBucket), options),

  /** @throws ApiError NOT_FOUND */
  getStorageBucket: (pool: string, name: string, options?: CallOptions): Promise<Tagged<StorageBucket>> =>
    wire.getTagged(one(pool, name), StorageBucket, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createStorageBucket: (pool: string, post: z.input<typeof StorageBucketsPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all(pool), { ...options, body: body(StorageBucketsPost, post) }),

  /** Replaces the whole mutable part. */
  updateStorageBucket: (
    pool: string,
    name: string,
    put: z.input<typeof StorageBucketPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(pool, name), { ...options, body: body(StorageBucketPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchStorageBucket: (
    pool: string,
    name: string,
    patch: Partial<z.output<typeof StorageBucketPut>>,
    options?: WriteOptions,
  ): Promise<void> =>
    wire.write("PATCH", one(pool, name), { ...options, body: body(patchOf(StorageBucketPut), patch) }),

  /** Deletes a bucket with all that is in it. */
  deleteStorageBucket: (pool: string, name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(pool, name), options),
});
