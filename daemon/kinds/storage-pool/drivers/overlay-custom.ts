/** Custom volumes of an overlay pool: they stand on no image, so they are folders, as in a pool of the driver dir. */
import type { StorageDriver } from "../driver";
import { copiesWhole } from "./copy";
import { dir } from "./dir";
import { overlay } from "./overlay";
import { isCustom } from "./volume-folder";

export const overlayWithCustom: StorageDriver = {
  ...overlay,
  create: (pool, volume, ...more) => (isCustom(volume) ? dir : overlay).create(pool, volume, ...more),
  clone: (pool, from, to, ...more) => (isCustom(to) ? dir : overlay).clone(pool, from, to, ...more),
  restore: (pool, snapshot, volume) => (isCustom(volume) ? dir : overlay).restore(pool, snapshot, volume),
  delete: (pool, volume) => (isCustom(volume) ? dir : overlay).delete(pool, volume),
  root: (pool, volume) => (isCustom(volume) ? dir : overlay).root(pool, volume),
  setSize: (pool, volume, ...more) => (isCustom(volume) ? dir : overlay).setSize(pool, volume, ...more),
  copiesWhole: async (pool, volume) => isCustom(volume) && (await copiesWhole(pool, volume)),
  usage: (pool, volume) => (isCustom(volume) ? dir : overlay).usage(pool, volume),
};
