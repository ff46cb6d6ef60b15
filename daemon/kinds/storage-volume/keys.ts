/** Keys: which configuration a custom volume can have in its pool, and what it gets from there. */
import type { Config } from "../../../sdk/api/common";
import { lxdCustomVolumeKeys } from "../../../sdk/api/config/lxd-words";
import { storagePoolConfig } from "../../../sdk/api/config/storage-pool";
import {
  blockVolumeKeys,
  driversOfVolumeKey,
  filesystemVolumeKeys,
  lvmVolumeKeys,
  poolDefaultKeys,
  zfsVolumeKeys,
} from "../../../sdk/api/config/storage-volume";
import type { KeyTable } from "../../../sdk/api/config/table";
import { badRequest } from "../../../sdk/api/errors";
import { changedKeys, withoutEmpty } from "../../core/merge";
import { requireConfig } from "../../core/validate";
import type { StoragePoolRecord } from "../storage-pool/store";
import type { VolumeRecord } from "./record";

type ContentType = VolumeRecord["contentType"];

const defaultKeys: KeyTable = { ...poolDefaultKeys, ...lvmVolumeKeys, ...zfsVolumeKeys };

/** What a volume of files in a pool of LVM has, if nobody says it. */
const lvmDefaults: Config = { "block.filesystem": "ext4", "block.mount_options": "discard" };

const isOther = (key: string, driver: string): boolean => {
  const drivers = driversOfVolumeKey(key);
  return drivers.length > 0 && !drivers.includes(driver);
};

const tableOf = (contentType: ContentType): KeyTable =>
  contentType === "block" ? blockVolumeKeys : filesystemVolumeKeys;

/** @throws ApiError BAD_REQUEST for keys and values that a volume cannot have in its pool */
export function requireKeys({ name, driver }: StoragePoolRecord, contentType: ContentType, given: Config): void {
  requireConfig(tableOf(contentType), given, lxdCustomVolumeKeys);
  for (const [key, value] of Object.entries(given))
    if (value !== "" && isOther(key, driver))
      throw badRequest(
        `Invalid option "${key}": it is for volumes in pools of ${driversOfVolumeKey(key).join(", ")}, and storage pool "${name}" is of ${driver}. Leave it out.`,
      );
}

/** Keys that a volume cannot take along to a pool of another driver. */
export const keysLeftBehind = ({ driver }: Pick<StoragePoolRecord, "driver">, config: Config): string[] =>
  Object.keys(config).filter((key) => isOther(key, driver));

/** What a new volume gets in its pool: what is given, then what the pool says. @throws ApiError BAD_REQUEST as `requireKeys` */
export function newConfig(pool: StoragePoolRecord, contentType: ContentType, given: Config): Config {
  requireKeys(pool, contentType, given);
  const table = tableOf(contentType);
  const isHere = (key: string) => Object.hasOwn(table, key) && !isOther(key, pool.driver);
  const said = storagePoolConfig(pool.config);
  const defaults = Object.keys(defaultKeys)
    .filter(isHere)
    .map((key): [string, string] => [key, said.text(`volume.${key}` as "volume.size") ?? lvmDefaults[key] ?? ""]);
  return withoutEmpty({ ...Object.fromEntries(defaults), ...withoutEmpty(given) });
}

/** What a volume has after a change. @throws ApiError BAD_REQUEST as `requireKeys`, and for what cannot be changed */
export function changedConfig(pool: StoragePoolRecord, before: VolumeRecord, given: Config): Config {
  requireKeys(pool, before.contentType, given);
  const fileSystem = "block.filesystem";
  const had = before.config[fileSystem];
  const after = withoutEmpty({ ...given, [fileSystem]: given[fileSystem] || (had ?? "") });
  if (after[fileSystem] !== had)
    throw badRequest(
      `Cannot update volume "${before.name}": Custom volume 'block.filesystem' property cannot be changed. Copy the volume, and give the copy another.`,
    );
  return after;
}

/** Whether a change is of something that only volumes of the pool's driver have. */
export const isOfDriver = (before: Config, after: Config): boolean =>
  changedKeys(before, after).some((key) => driversOfVolumeKey(key).length > 0);
