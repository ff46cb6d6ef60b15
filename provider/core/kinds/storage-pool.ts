/** Storage pool: where root file systems live. */
import { z } from "zod";
import { PoolName } from "../../../sdk/api/common";
import { lxdPoolDrivers, lxdPoolKeys } from "../../../sdk/api/config/lxd-words";
import { storagePoolKeys } from "../../../sdk/api/config/storage-pool";
import { badRequest } from "../../../sdk/api/errors";
import type { StoragePool, StoragePoolPut } from "../../../sdk/api/storage-pool";
import { checkConfigKeys } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, config, description, endpoint, timeouts, wordOf } from "../engine/inputs";
import { type Props, unknownValue } from "../engine/values";
import { namedCore } from "./named";

const drivers = Object.keys(storagePoolKeys);

export const StoragePoolInputs = z.strictObject({
  name: PoolName.meta({
    description: "Name of the pool; made from the resource's name when absent. A change replaces the pool.",
  }),
  driver: wordOf(drivers, lxdPoolDrivers).meta({
    description: `Storage driver: ${drivers.map((name) => `\`${name}\``).join(", ")}. A change replaces the pool.`,
  }),
  description,
  config,
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof StoragePoolInputs>;

/** Keys that a pool's driver fills in, besides its volumes' defaults; those of LXD's lvm and zfs too, since a pool of a real LXD may be read. */
const computedKeys: Readonly<Record<string, readonly string[]>> = {
  btrfs: ["source", "size"],
  dir: ["source"],
  lvm: ["source", "size", "lvm.vg_name", "lvm.thinpool_name"],
  overlay: ["source"],
  zfs: ["source", "size", "zfs.pool_name"],
};

function rules({ driver, config }: Props): CheckFailure[] {
  if (typeof driver !== "string" || driver === unknownValue) return [];
  const table = storagePoolKeys[driver];
  return table === undefined ? [] : checkConfigKeys(table, lxdPoolKeys, config);
}

export const storagePool = namedCore<Inputs, StoragePool, StoragePoolPut>({
  kind: "storage-pool",
  type: "StoragePool",
  description: "Where root file systems of containers live.",
  inputs: StoragePoolInputs,
  outputs: z.object({
    status: z.string().meta({ description: "What the server says of the pool, such as `Created`." }),
  }),
  replaceOn: ["name", "driver", "endpoint"],
  exclusiveKeys: ["source", "lvm.vg_name", "zfs.pool_name"],
  nameMaxLength: 63,
  computed: ({ driver = "" }) => ["volatile.", "volume.", ...(computedKeys[driver] ?? [])],
  rules,
  outs: ({ driver, description, status }) => ({ driver, description, status }),
  get: ({ client, signal }, name) => client.getStoragePool(name, { signal }),
  list: ({ client, signal }) => client.listStoragePools({ signal }),
  create: ({ client, signal }, { name, driver, description }, config) =>
    client.createStoragePool({ name, driver, description, config }, { signal }),
  requireCreatable({ server }, { driver }) {
    const known = server.environment.storage_supported_drivers?.map(({ Name }) => Name);
    if (known !== undefined && !known.includes(driver))
      throw badRequest(`driver: the server's host cannot carry pools of "${driver}". Use one of ${known.join(", ")}.`);
  },
  patchConfig: ({ client, signal }, name, config) => client.patchStoragePool(name, { config }, { signal }),
  put: ({ description }, config) => ({ description, config }),
  putOf: ({ description, config }) => ({ description, config }),
  update: ({ client, signal }, name, put, etag) => client.updateStoragePool(name, put, { etag, signal }),
  delete: ({ client, signal }, name) => client.deleteStoragePool(name, { signal }),
});
