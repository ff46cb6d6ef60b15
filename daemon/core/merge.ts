/** Merge: what PATCH does to an object, and "" as unset (docs/lxd-api.md, Changes). */
import type { Config, Devices } from "../../sdk/api/common";

/** Drops keys whose value is empty: LXD's way to unset. */
export const withoutEmpty = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ""));

/** Drops empty options of devices, which mean unset as well. */
export const withoutEmptyOptions = (devices: Devices): Devices =>
  Object.fromEntries(Object.entries(devices).map(([name, device]) => [name, withoutEmpty(device)]));

/** Config key by key, devices by name (a device is replaced whole), other fields replaced when present. */
export function patched<T extends { config: Config; devices?: Devices }>(have: T, patch: Partial<T>): T {
  const defined = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return {
    ...have,
    ...defined,
    config: withoutEmpty({ ...have.config, ...patch.config }),
    ...(have.devices === undefined ? {} : { devices: { ...have.devices, ...patch.devices } }),
  };
}
