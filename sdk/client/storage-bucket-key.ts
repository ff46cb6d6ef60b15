/** Keys of storage buckets: typed calls. */
import type * as z from "zod";
import { StorageBucketKey, StorageBucketKeyPut, StorageBucketKeysPost } from "../api/storage-bucket";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (pool: string, bucket: string) => urlOf`/1.0/storage-pools/${pool}/buckets/${bucket}/keys`;
const one = (pool: string, bucket: string, name: string) =>
  urlOf`/1.0/storage-pools/${pool}/buckets/${bucket}/keys/${name}`;

export const storageBucketKeyCalls = (wire: Wire) => ({
  listStorageBucketKeys: (pool: string, bucket: string, options?: CallOptions): Promise<StorageBucketKey[]> =>
    wire.get(`${all(pool, bucket)}?recursion=1`, listOf(StorageBucketKey), options),

  /** @throws ApiError NOT_FOUND */
  getStorageBucketKey: (
    pool: string,
    bucket: string,
    name: string,
    options?: CallOptions,
  ): Promise<Tagged<StorageBucketKey>> => wire.getTagged(one(pool, bucket, name), StorageBucketKey, options),

  createStorageBucketKey: (
    pool: string,
    bucket: string,
    post: z.input<typeof StorageBucketKeysPost>,
    options?: CallOptions,
  ): Promise<void> => wire.write("POST", all(pool, bucket), { ...options, body: body(StorageBucketKeysPost, post) }),

  /** Replaces the whole key; empty words of access are made anew by the server. */
  updateStorageBucketKey: (
    pool: string,
    bucket: string,
    name: string,
    put: z.input<typeof StorageBucketKeyPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(pool, bucket, name), { ...options, body: body(StorageBucketKeyPut, put) }),

  deleteStorageBucketKey: (pool: string, bucket: string, name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(pool, bucket, name), options),
});
