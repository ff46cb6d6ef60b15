/** Storage pool: where root file systems live. */
import * as z from "zod";
import { PoolName } from "../../../sdk/api/common";
import { lxdComputedPoolKeys, lxdPoolDrivers, lxdPoolKeys, lxdVolumeKeys } from "../../../sdk/api/config/lxd-words";
import { storagePoolKeys } from "../../../sdk/api/config/storage-pool";
import { computedKeys } from "../../../sdk/api/config/table";
import { badRequest } from "../../../sdk/api/errors";
import { storagePoolKind } from "../../../sdk/api/storage-pool";
import { checkConfigKeys } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, configInput, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { type Props, unknownValue } from "../engine/values";
import { namedCore } from "./named";

const drivers = Object.keys(storagePoolKeys).sort();

export const StoragePoolInputs = z.strictObject({
  name: PoolName.meta(replacing("Name of the pool; made from the resource's name when absent.")),
  driver: wordOf(drivers, lxdPoolDrivers).meta(
    replacing(`Storage driver: ${drivers.map((name) => `\`${name}\``).join(", ")}.`),
  ),
  description,
  config: configInput(Object.assign({}, ...Object.values(storagePoolKeys))),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof StoragePoolInputs>;

/** Keys that a pool's driver fills in, besides its volumes' defaults. */
const filledIn = (driver: string): readonly string[] => [
  "volatile.*",
  lxdVolumeKeys,
  ...computedKeys(storagePoolKeys[driver] ?? {}),
  ...(lxdComputedPoolKeys[driver] ?? []),
];

function rules({ driver, config }: Props): CheckFailure[] {
  if (typeof driver !== "string" || driver === unknownValue) return [];
  const table = storagePoolKeys[driver];
  return table === undefined ? [] : checkConfigKeys(table, lxdPoolKeys, config);
}

export const storagePool = namedCore<Inputs, typeof storagePoolKind>({
  definition: storagePoolKind,
  type: "StoragePool",
  description: "Where root file systems of containers live.",
  inputs: StoragePoolInputs,
  outputs: z.object({
    status: z.string().meta({ description: "What the server says of the pool, such as `Created`." }),
  }),
  exclusiveKeys: ["source", "lvm.vg_name", "zfs.pool_name"],
  patchMayLose: true,
  nameMaxLength: 63,
  computed: ({ driver = "" }) => filledIn(driver),
  rules,
  fixed: ["driver"],
  outs: ({ status }) => ({ status }),
  requireCreatable({ server }, { driver }) {
    const known = server.environment.storage_supported_drivers?.map(({ Name }) => Name);
    if (known !== undefined && !known.includes(driver))
      throw badRequest(`driver: the server's host cannot carry pools of "${driver}". Use one of ${known.join(", ")}.`);
  },
});
