/** Snapshot: an instance as it was (docs/lxd-api.md, Instances). */
import * as z from "zod";
import { Config, Devices, flag, SnapshotName, Time, WrittenTime } from "./common";
import { isStampKey, stampPrefix } from "./stamp";

/** Of an instance's configuration a snapshot keeps a copy; its own are only the keys of the stamp (extension bothy_snapshot_config). */
const Stamp = Config.refine((config) => Object.keys(config).every(isStampKey), {
  message: `must hold keys of a stamp only, which begin with ${stampPrefix}`,
});

export const SnapshotPut = z.object({ expires_at: WrittenTime.nullish(), config: Stamp.optional() });
export type SnapshotPut = z.infer<typeof SnapshotPut>;

export const SnapshotsPost = SnapshotPut.extend({
  name: z.union([SnapshotName, z.literal("")]).default(""),
  stateful: flag,
});
export type SnapshotsPost = z.infer<typeof SnapshotsPost>;

export const SnapshotPost = z.looseObject({ name: SnapshotName });

export const Snapshot = z.looseObject({
  name: z.string(),
  architecture: z.string(),
  config: Config.default({}),
  devices: Devices.default({}),
  expanded_config: Config.nullish(),
  expanded_devices: Devices.nullish(),
  profiles: z.array(z.string()).default([]),
  ephemeral: flag,
  stateful: flag,
  created_at: Time,
  expires_at: Time,
  last_used_at: Time,
  size: z.number().default(-1),
});
export type Snapshot = z.infer<typeof Snapshot>;
