/** What devices refer to: networks and storage pools. */
import type { Devices } from "../../../sdk/api/common";
import { type Ref, ref } from "../ref";

/** @param devices of an instance with its profiles, or of a profile */
export const deviceTargets = (devices: Devices): Ref[] =>
  Object.values(devices).flatMap(({ type, network, nictype, parent, pool }) => {
    if (type === "disk" && pool) return [ref("storage-pool", pool)];
    if (type !== "nic") return [];
    // A bridge may be named as the parent too, whether it is ours or the host's.
    const bridge = network || (nictype === "bridged" ? parent : undefined);
    return bridge ? [ref("network", bridge)] : [];
  });
