/** Storage bucket, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { storageBucket } from "../core/kinds/storage-bucket";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";
import type { StoragePool } from "./storage-pool";

export interface StorageBucketArgs extends CommonArgs {
  /** Storage pool that holds the bucket. A change replaces the bucket. */
  pool: Reference<StoragePool>;
  /** Name of the bucket; made from the resource's name when absent. A change replaces the bucket. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, as the server has them (`size`, `user.*`); an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
}

/** A bucket of S3 in a storage pool, on servers that have buckets; Bothy's own has none. */
export class StorageBucket extends BothyResource {
  declare readonly pool: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Address by which clients of S3 reach it. */
  declare readonly s3Url: pulumi.Output<string>;
  /** Member of the cluster that holds it. */
  declare readonly location: pulumi.Output<string>;

  constructor(name: string, args: StorageBucketArgs, options?: pulumi.CustomResourceOptions) {
    super(storageBucket, name, { ...argsOf("StorageBucket", name, args), pool: nameOf(args?.pool) }, options, {
      pool: args?.pool,
    });
  }

  /** Reads a bucket that exists. @param id `<pool>/<bucket>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new StorageBucket(name, args as StorageBucketArgs, existing(id, options));
  }
}
