/** Snapshot: an instance as it was (docs/lxd-api.md, Instances). */
import { z } from "zod";
import { Config, Devices, flag, ObjectName, Time, WrittenTime } from "./common";

export const SnapshotPut = z.object({ expires_at: WrittenTime.nullish() });
export type SnapshotPut = z.infer<typeof SnapshotPut>;

export const SnapshotsPost = SnapshotPut.extend({
  name: z.union([ObjectName, z.literal("")]).default(""),
  stateful: flag,
});
export type SnapshotsPost = z.infer<typeof SnapshotsPost>;

export const SnapshotPost = z.looseObject({ name: ObjectName });

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
