/** Storage bucket: a bucket of S3 in a storage pool, on servers that have them. */
import * as z from "zod";
import { PoolName } from "../../../sdk/api/common";
import { StorageBucketName, storageBucketKind } from "../../../sdk/api/storage-bucket";
import { adopt, description, endpoint, replacing, timeouts } from "../engine/inputs";
import { configElsewhere } from "./elsewhere";
import { namedCore } from "./named";

export const StorageBucketInputs = z.strictObject({
  pool: PoolName.meta(replacing("Storage pool that holds the bucket.")),
  name: StorageBucketName.meta(replacing("Name of the bucket; made from the resource's name when absent.")),
  description,
  config: configElsewhere("`size`, `user.*`"),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof StorageBucketInputs>;

export const storageBucket = namedCore<Inputs, typeof storageBucketKind>({
  definition: storageBucketKind,
  type: "StorageBucket",
  description: "A bucket of S3 in a storage pool, on servers that have buckets; Bothy's own has none.",
  inputs: StorageBucketInputs,
  outputs: z.object({
    s3Url: z.string().meta({ description: "Address by which clients of S3 reach it." }),
    location: z.string().meta({ description: "Member of the cluster that holds it." }),
  }),
  nameMaxLength: 63,
  computed: () => ["size", "volatile.*"],
  patchMayLose: true,
  outs: ({ s3_url: s3Url, location }) => ({ s3Url, location }),
});
