/**
 * Device marks: which devices of an instance or a profile are resources of their own. The configuration of the owner says so, a key a device,
 * so that the owner's own resource leaves them alone. A copy of the owner has none: each mark names whose device it is.
 */
import type { Config, Device, Devices } from "../../../sdk/api/common";
import { deviceStampPrefix } from "../../../sdk/api/stamp";
import { isMap } from "./values";

/** What has devices: an instance or a profile. */
export interface DeviceOwner {
  readonly name: string;
  readonly config: Config;
  readonly devices: Devices;
}

const keyOf = (device: string): string => `${deviceStampPrefix}${device}`;

/** The stamp of a device, as keys of a stamp; nothing for a device that is none of its own. */
export function markOf({ name, config }: Omit<DeviceOwner, "devices">, device: string): Config | undefined {
  const text = config[keyOf(device)];
  if (!text) return undefined;
  try {
    const { of: owner, ...stamp } = JSON.parse(text) as Config;
    return owner === name ? stamp : undefined;
  } catch {
    // Somebody has written there by hand: that marks nothing.
    return undefined;
  }
}

/** The configuration with a mark, or without the one that it has. */
export function withMark({ name, config }: Omit<DeviceOwner, "devices">, device: string, stamp?: Config): Config {
  const { [keyOf(device)]: _, ...rest } = config;
  return stamp === undefined ? rest : { ...rest, [keyOf(device)]: JSON.stringify({ of: name, ...stamp }) };
}

/** Devices that are resources of their own, and that the program does not give their owner itself. @param own what it gives */
export function othersDevices(owner: DeviceOwner, own: unknown): Devices {
  const isOwn = (device: string) => isMap(own) && Object.hasOwn(own, device);
  return Object.fromEntries(
    Object.entries(owner.devices).filter(([device]) => !isOwn(device) && markOf(owner, device) !== undefined),
  );
}

/** What of its devices an owner's resource has: all but those of others. @param own what its program gives */
export function ownDevices(owner: DeviceOwner, own: unknown): Devices {
  const others = othersDevices(owner, own);
  return Object.fromEntries(Object.entries(owner.devices).filter(([device]) => !Object.hasOwn(others, device)));
}

/**
 * What an owner's resource writes: its devices beside those of others. One that the program gives its owner by now is the owner's: its mark
 * goes, and so do marks of devices that are gone.
 * @param config what is written otherwise, with the marks that the owner has
 */
export function withOthers(owner: DeviceOwner, config: Config, devices: Readonly<Record<string, Device>>) {
  const others = othersDevices(owner, devices);
  const kept = Object.entries(config).filter(
    ([key]) => !key.startsWith(deviceStampPrefix) || Object.hasOwn(others, key.slice(deviceStampPrefix.length)),
  );
  return { config: Object.fromEntries(kept) as Config, devices: { ...others, ...devices } };
}
