/** Merge: what PATCH does to an object, and "" as unset (docs/lxd-api.md, Changes). */
import type { Config, Devices } from "../../sdk/api/common";

/** Drops keys whose value is empty: LXD's way to unset. */
export const withoutEmpty = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ""));

/** Drops empty options of devices, which mean unset as well. */
export const withoutEmptyOptions = (devices: Devices): Devices =>
  Object.fromEntries(Object.entries(devices).map(([name, device]) => [name, withoutEmpty(device)]));

/** Keys that two configurations differ in. An empty value is not an absent one here: stored ones have none (withoutEmpty). */
export const changedKeys = (was: Config, is: Config): string[] =>
  [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => was[key] !== is[key]);

/** Config key by key, devices by name (a device is replaced whole), other fields replaced when present. */
export function patched<T extends object>(have: T, patch: Partial<T>): T {
  const defined = Object.entries(patch).filter(([, value]) => value !== undefined);
  const fields = defined.map(([field, value]): [string, unknown] => {
    const before = (have as Record<string, unknown>)[field];
    if (field === "config") return [field, withoutEmpty({ ...(before as Config), ...(value as Config) })];
    if (field === "devices") return [field, { ...(before as Devices), ...(value as Devices) }];
    return [field, value];
  });
  return { ...have, ...Object.fromEntries(fields) };
}
