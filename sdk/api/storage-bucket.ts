/** Storage bucket: a bucket of S3 in a pool, on servers that have them (LXD 5.5 and newer, Incus). Bothy's own has none. */
import * as z from "zod";
import { Config, Text, text } from "./common";
import { defineKind } from "./kind";
import { means } from "./means";

/** Name of a bucket, as S3 and LXD have it. */
export const StorageBucketName = Text.refine((name) => /^[a-z0-9][-.a-z0-9]{2,62}$/.test(name), {
  message: "must be 3 to 63 lowercase letters, digits, periods and hyphens, and start with a letter or a digit",
});

export const StorageBucketPut = z.object({ description: text, config: Config.default({}) });
export type StorageBucketPut = z.infer<typeof StorageBucketPut>;

export const StorageBucketsPost = StorageBucketPut.extend({ name: StorageBucketName });
export type StorageBucketsPost = z.infer<typeof StorageBucketsPost>;

export const StorageBucket = z.looseObject({
  ...StorageBucketPut.shape,
  name: z.string(),
  s3_url: means(z.string().default(""), "Address by which clients of S3 reach it."),
  location: means(z.string().default(""), "Member of the cluster that holds it."),
});
export type StorageBucket = z.infer<typeof StorageBucket>;

export const storageBucketKind = defineKind({
  name: "storage-bucket",
  title: "Storage bucket",
  path: "/1.0/storage-pools/{pool}/buckets",
  parent: "pool",
  extension: "storage_buckets",
  put: StorageBucketPut,
  post: StorageBucketsPost,
  shown: StorageBucket,
  tagged: ["name", "description", "config"],
  says: { delete: "Deletes a bucket with all that is in it." },
});

const role = z.string();

export const StorageBucketKeyPut = z.object({
  description: text,
  role: means(role.default(""), "`read-only` or `admin`; the first when it is empty."),
  "access-key": means(Text.default(""), "Made by the server when it is empty."),
  "secret-key": means(Text.default(""), "Made by the server when it is empty."),
});
export type StorageBucketKeyPut = z.infer<typeof StorageBucketKeyPut>;

export const StorageBucketKeysPost = StorageBucketKeyPut.extend({ name: Text });
export type StorageBucketKeysPost = z.infer<typeof StorageBucketKeysPost>;

export const StorageBucketKey = z.looseObject({ ...StorageBucketKeyPut.shape, role, name: z.string() });
export type StorageBucketKey = z.infer<typeof StorageBucketKey>;
