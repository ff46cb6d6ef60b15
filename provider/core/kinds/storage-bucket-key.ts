/** Storage bucket key: words of access to a bucket, on servers that have buckets. A key keeps nothing that tells whose it is. */
import * as z from "zod";
import { PoolName, Text } from "../../../sdk/api/common";
import { conflict } from "../../../sdk/api/errors";
import { StorageBucketName } from "../../../sdk/api/storage-bucket";
import { checkShape, givenInputs, withDefaults } from "../engine/check";
import type { Context, Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { diffProps } from "../engine/diff";
import { ifThere, namingProperty } from "../engine/failure";
import { adopt, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { withName } from "../engine/name";
import { secretsProperty } from "../engine/secrets";
import { compact, hiddenOf, type Props, visibleOf } from "../engine/values";
import { withRetry } from "../engine/write";
import { pick } from "./named";

export const StorageBucketKeyInputs = z.strictObject({
  pool: PoolName.meta(replacing("Storage pool of the bucket.")),
  bucket: StorageBucketName.meta(replacing("Bucket that the key is for.")),
  name: Text.min(1)
    .refine((name) => !name.includes("/"), { message: "must not contain slashes" })
    .meta(replacing("Name of the key; made from the resource's name when absent.")),
  role: wordOf(["read-only", "admin"])
    .default("read-only")
    .meta(replacing("What the key allows: `read-only` when absent, or `admin`.")),
  description,
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof StorageBucketKeyInputs>;

const parse = (props: Props): Inputs => StorageBucketKeyInputs.parse(visibleOf(props));
const inputNames = Object.keys(StorageBucketKeyInputs.shape);
const secretPath = ["secretKey"];

/** The secret key is one in whatever state it comes to. */
function withSecretKey(props: Props): Props {
  const before = Array.isArray(props[secretsProperty]) ? (props[secretsProperty] as unknown[][]) : [];
  return { ...props, [secretsProperty]: [...before.filter(([first]) => first !== secretPath[0]), secretPath] };
}

function partsOf(id: string): [pool: string, bucket: string, name: string] {
  const [pool = "", bucket = "", name = "", ...rest] = id.split("/");
  if (pool === "" || bucket === "" || name === "" || rest.length > 0)
    throw new Error(
      `Cannot read storage bucket key "${id}": its id is not of the form <pool>/<bucket>/<name>. Correct the id.`,
    );
  return [pool, bucket, name];
}

async function readBack({ client, signal }: Context, id: string, props: Props): Promise<Live> {
  const [pool, bucket, name] = partsOf(id);
  const { value } = await client.getStorageBucketKey(pool, bucket, name, { signal });
  const { role, description, "access-key": accessKey, "secret-key": secretKey } = value;
  const told = { pool, bucket, name, role, description };
  const inputs = compact({ ...hiddenOf(props), ...pick(props, inputNames), ...told });
  return { id, outs: withSecretKey({ ...inputs, accessKey, secretKey }), inputs };
}

/** Writes what differs, with the words of access that the key has. */
async function write(context: Context, id: string, { role, description }: Inputs): Promise<void> {
  const { client, signal } = context;
  const [pool, bucket, name] = partsOf(id);
  await withRetry(context, async () => {
    const { value, etag } = await client.getStorageBucketKey(pool, bucket, name, { signal });
    if (value.role === role && value.description === description) return;
    const words = { "access-key": value["access-key"], "secret-key": value["secret-key"] };
    await client.updateStorageBucketKey(pool, bucket, name, { ...words, role, description }, { etag, signal });
  });
}

export const storageBucketKey: Core = {
  kind: "storage-bucket-key",
  type: "StorageBucketKey",
  description: "Words of access to a storage bucket, on servers that have buckets; deleted together with its bucket.",
  inputs: StorageBucketKeyInputs,
  outputs: z.object({
    accessKey: z.string().meta({ description: "Access key, which clients of S3 are given." }),
    secretKey: z.string().meta({ description: "Secret key, which clients of S3 are given.", secret: true }),
  }),
  idInputs: ["pool", "bucket", "name"],
  nameMaxLength: 63,
  needs: () => ["storage_buckets"],

  async check(olds, news) {
    const named = withName(olds, givenInputs(news), 63);
    const visible = visibleOf(named);
    return {
      inputs: { ...hiddenOf(named), ...withDefaults(StorageBucketKeyInputs, visible) },
      failures: checkShape(StorageBucketKeyInputs, visible),
    };
  },

  diff: (olds, news) => diffProps({ schema: StorageBucketKeyInputs }, olds, news),

  async create(context, news) {
    const { client, signal } = context;
    const inputs = parse(news);
    const { pool, bucket, name, role, description } = inputs;
    const id = [pool, bucket, name].join("/");
    const there = await ifThere(client.getStorageBucketKey(pool, bucket, name, { signal }));
    if (there !== undefined && inputs.adopt !== true)
      throw conflict(
        `name: the bucket "${bucket}" has a key "${name}" already. Delete it there, or take it over with "adopt: true".`,
      );
    try {
      if (there === undefined)
        await client.createStorageBucketKey(pool, bucket, { name, role, description }, { signal });
      else await write(context, id, inputs);
    } catch (error) {
      throw namingProperty(error, [
        [/already exists/i, "name"],
        [/pool not found/i, "pool"],
        [/not found/i, "bucket"],
      ]);
    }
    return readBack(context, id, news);
  },

  read: (context, id, props) => ifThere(readBack(context, id, props)),

  async update(context, id, _olds, news) {
    await write(context, id, parse(news));
    return readBack(context, id, news);
  },

  delete(context, id) {
    const { client, signal } = context;
    const [pool, bucket, name] = partsOf(id);
    return untilGone(context, {
      url: `/1.0/storage-pools/${pool}/buckets/${bucket}/keys/${name}`,
      remove: () => client.deleteStorageBucketKey(pool, bucket, name, { signal }),
      look: () => client.getStorageBucketKey(pool, bucket, name, { signal }),
    });
  },
};
