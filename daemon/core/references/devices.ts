/** What devices refer to: networks, storage pools and custom volumes. */
import type { Device, Devices } from "../../../sdk/api/common";
import { isVolume } from "../../../sdk/api/devices/disk";
import { deviceTypes } from "../../../sdk/api/devices/types";
import { type Ref, ref, volumeRef } from "../ref";

/** @param devices of an instance with its profiles, or of a profile @param volumeProject where the volumes lie that its project sees */
export const deviceTargets = (devices: Devices, volumeProject: string): Ref[] =>
  Object.values(devices).flatMap((device) => {
    const type = Object.hasOwn(deviceTypes, device.type ?? "") ? deviceTypes[device.type ?? ""] : undefined;
    return (type?.references?.(device) ?? []).map((target) =>
      target.kind === "storage-volume"
        ? volumeRef(target.pool, target.name, volumeProject)
        : ref(target.kind, target.name),
    );
  });

/** A custom volume within its project. */
interface VolumePlace {
  readonly pool: string;
  readonly name: string;
}

/** Devices of somebody who has a custom volume, after it got another name or pool. */
export function withVolumeMoved(devices: Devices, from: VolumePlace, to: VolumePlace): Devices {
  const follow = (device: Device): Device =>
    device.type === "disk" && isVolume(device) && device.pool === from.pool && device.source === from.name
      ? { ...device, pool: to.pool, source: to.name }
      : device;
  return Object.fromEntries(Object.entries(devices).map(([name, device]) => [name, follow(device)]));
}
