/** What devices refer to: networks and storage pools. */
import type { Devices } from "../../../sdk/api/common";
import { deviceTypes } from "../../../sdk/api/devices/types";
import { type Ref, ref } from "../ref";

/** @param devices of an instance with its profiles, or of a profile */
export const deviceTargets = (devices: Devices): Ref[] =>
  Object.values(devices).flatMap((device) => {
    const type = Object.hasOwn(deviceTypes, device.type ?? "") ? deviceTypes[device.type ?? ""] : undefined;
    return (type?.references?.(device) ?? []).map(({ kind, name }) => ref(kind, name));
  });
