/** Storage pool: where root file systems live (docs/lxd-api.md, Profiles, storage pools, networks). */
import * as z from "zod";
import { Config, PoolName, text } from "./common";
import { defineKind } from "./kind";
import { means } from "./means";

export const StoragePoolPut = z.object({ description: text, config: Config.default({}) });
export type StoragePoolPut = z.infer<typeof StoragePoolPut>;

export const StoragePoolsPost = StoragePoolPut.extend({
  name: PoolName,
  driver: z.string().min(1).meta({ description: "Storage driver: `dir`, `overlay`, `btrfs`, `lvm` or `zfs`." }),
});
export type StoragePoolsPost = z.infer<typeof StoragePoolsPost>;

export const StoragePool = z.looseObject({
  ...StoragePoolPut.shape,
  name: z.string(),
  driver: z.string(),
  used_by: means(z.array(z.string()).default([]), "Paths of what uses it."),
  status: z.string().default("Created"),
  locations: means(z.array(z.string()).nullable().default([]), "Always `none`: there is no cluster."),
});
export type StoragePool = z.infer<typeof StoragePool>;

export const storagePoolKind = defineKind({
  name: "storage-pool",
  title: "Storage pool",
  path: "/1.0/storage-pools",
  put: StoragePoolPut,
  post: StoragePoolsPost,
  shown: StoragePool,
  tagged: ["name", "driver", "description", "config"],
  says: { delete: "Removes a pool that nothing uses, with its files." },
});

/** Bytes or inodes. */
const Usage = z.looseObject({ used: z.number().default(0), total: z.number().default(0) });
export const StoragePoolResources = z.looseObject({ space: Usage, inodes: Usage });
export type StoragePoolResources = z.infer<typeof StoragePoolResources>;

/** What `lxd recover` asks: instances that are in pools and not in the database (docs/lxd-api.md, Recovery). */
export const RecoverPools = z.object({
  pools: means(
    z.array(StoragePoolsPost),
    "Pools to look through. One that the server does not know is opened where its `source` says.",
  ),
});
export type RecoverPools = z.infer<typeof RecoverPools>;

export const RecoverResult = z.object({
  UnknownVolumes: means(
    z
      .array(
        z.object({
          name: z.string(),
          type: z.string(),
          snapshotCount: z.number(),
          project: z.string(),
          pool: z.string(),
        }),
      )
      .nullable(),
    "What could be recovered.",
  ),
  DependencyErrors: means(z.array(z.string()).nullable(), "What must be made before."),
});
export type RecoverResult = z.infer<typeof RecoverResult>;
