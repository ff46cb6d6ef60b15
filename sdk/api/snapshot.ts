/** Snapshot: an instance as it was (docs/lxd-api.md, Instances). */
import * as z from "zod";
import { Config, Devices, flag, SnapshotName, Time, WrittenTime } from "./common";
import { means } from "./means";
import { MigrationTarget } from "./migration";
import { isStampKey, stampPrefix } from "./stamp";

/** Of an instance's configuration a snapshot keeps a copy; its own are only the keys of the stamp (extension bothy_snapshot_config). */
const Stamp = Config.refine((config) => Object.keys(config).every(isStampKey), {
  message: `must hold keys of a stamp only, which begin with ${stampPrefix}`,
});

export const SnapshotPut = z.object({
  expires_at: means(WrittenTime.nullish(), "When it is deleted; `0001-01-01T00:00:00Z` for never."),
  config: means(Stamp.optional(), "Keys `user.bothy.*` and no others (`bothy_snapshot_config`)."),
});
export type SnapshotPut = z.infer<typeof SnapshotPut>;

export const SnapshotsPost = SnapshotPut.extend({
  name: means(z.union([SnapshotName, z.literal("")]).default(""), "Made by `snapshots.pattern` when it is empty."),
  stateful: flag.meta({ description: "Must be false: checkpoints are not supported yet." }),
});
export type SnapshotsPost = z.infer<typeof SnapshotsPost>;

export const SnapshotPost = z.looseObject({
  name: means(z.union([SnapshotName, z.literal("")]).default(""), "Its new name."),
  migration: means(z.boolean().optional(), "Sends the snapshot to another server, as an instance."),
  live: means(z.boolean().optional(), "Must not be true: a snapshot does not run."),
  target: means(
    MigrationTarget.nullish(),
    "Of a migration: the operation of the other server that waits for it; without one this server's waits.",
  ),
});
export type SnapshotPost = z.infer<typeof SnapshotPost>;

export const Snapshot = z.looseObject({
  name: z.string(),
  architecture: z.string(),
  config: means(Config.default({}), "Of the instance as it was; keys `user.bothy.*` are the snapshot's own."),
  devices: Devices.default({}),
  expanded_config: Config.nullish(),
  expanded_devices: Devices.nullish(),
  profiles: z.array(z.string()).default([]),
  ephemeral: flag,
  stateful: flag,
  created_at: Time,
  expires_at: Time.meta({ description: "`0001-01-01T00:00:00Z` for never." }),
  last_used_at: Time,
  size: means(z.number().default(-1), "Bytes; -1 when that is not known."),
});
export type Snapshot = z.infer<typeof Snapshot>;
