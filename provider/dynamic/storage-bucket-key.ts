/** Storage bucket key, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { storageBucketKey } from "../core/kinds/storage-bucket-key";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, existing, withSecretOutput } from "./resource";
import { StorageBucket } from "./storage-bucket";
import type { StoragePool } from "./storage-pool";

export interface StorageBucketKeyArgs extends CommonArgs {
  /** Storage pool of the bucket. A change replaces the key. */
  pool: Reference<StoragePool>;
  /** Bucket that the key is for. A change replaces the key. */
  bucket: Reference<StorageBucket>;
  /** Name of the key; made from the resource's name when absent. A change replaces the key. */
  name?: pulumi.Input<string>;
  /** What the key allows: `read-only` when absent, or `admin`. A change replaces the key. */
  role?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

/** Words of access to a storage bucket, on servers that have buckets; deleted together with its bucket. */
export class StorageBucketKey extends BothyResource {
  declare readonly pool: pulumi.Output<string>;
  declare readonly bucket: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly role: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  /** Access key, which clients of S3 are given. */
  declare readonly accessKey: pulumi.Output<string>;
  /** Secret key, which clients of S3 are given; a secret. */
  declare readonly secretKey: pulumi.Output<string>;

  constructor(name: string, args: StorageBucketKeyArgs, options?: pulumi.CustomResourceOptions) {
    const given = argsOf("StorageBucketKey", name, args);
    const owner = args?.bucket instanceof StorageBucket ? { deletedWith: args.bucket, ...options } : options;
    super(
      storageBucketKey,
      name,
      { ...given, pool: nameOf(args?.pool), bucket: nameOf(args?.bucket) },
      withSecretOutput(owner, "secretKey"),
      { pool: args?.pool, bucket: args?.bucket },
    );
  }

  /** Reads a key that exists. @param id `<pool>/<bucket>/<key>` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new StorageBucketKey(name, args as StorageBucketKeyArgs, existing(id, options));
  }
}
