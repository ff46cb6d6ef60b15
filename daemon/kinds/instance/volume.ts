/** Volume: the ones that hold an instance's root, and that of a snapshot of it. */
import type { Volume } from "../storage-pool/driver";
import { type InstanceId, keyOf } from "./record";

export const volumeOf = (instance: InstanceId): Volume => ({ type: "containers", name: keyOf(instance) });

export const snapshotVolume = (instance: InstanceId, snapshot: string): Volume => ({
  type: "containers-snapshots",
  name: `${keyOf(instance)}/${snapshot}`,
});
