/** Storage volume: what a pool holds, above all custom volumes, which are made for themselves (docs/lxd-api.md, Storage volumes). */
import * as z from "zod";
import { Config, flag, SnapshotName, Text, Time, text, VolumeName, WrittenTime } from "./common";
import { defineKind } from "./kind";
import { means } from "./means";
import { MigrationTarget } from "./migration";

/** LXD's words for what a volume is for. */
export const volumeTypes = ["container", "image", "custom", "virtual-machine"] as const;
export type VolumeType = (typeof volumeTypes)[number];

/** What a custom volume holds: files, or the bytes of a disk. */
export type ContentType = "filesystem" | "block";

const WrittenContentType = z.enum(["filesystem", "block", ""], { error: "Invalid volume content type name" });

export const StorageVolumePut = z.object({
  description: text,
  config: Config.default({}),
  restore: means(
    Text.default(""),
    "Name of a snapshot whose content the volume gets back. Nothing else is changed then.",
  ),
});
export type StorageVolumePut = z.infer<typeof StorageVolumePut>;

export const VolumeSource = z.object({
  type: means(Text.default(""), "Empty for a new volume, `copy` for a copy, `migration` for one of another server."),
  name: means(Text.default(""), "Of the volume, or `volume/snapshot`."),
  pool: means(Text.default(""), "Of the volume that is copied."),
  project: means(Text.default(""), "Project of the volume that is copied; that of the request when it is empty."),
  volume_only: flag.meta({ description: "Whether its snapshots are left out." }),
  refresh: flag.meta({ description: "Whether a volume that is there is brought to what the copy would be." }),
  mode: means(Text.optional(), "Of `migration`: `pull` connects to the other server, `push` waits for it."),
  operation: means(Text.optional(), "Of `pull`: URL of the other server's operation."),
  certificate: means(Text.optional(), "Of `pull`: PEM of the other server's certificate."),
  secrets: means(z.record(z.string(), Text).nullish(), "Of `pull`: secrets of the operation's websockets, by name."),
});

export const StorageVolumesPost = z.object({
  name: VolumeName,
  type: means(Text.default(""), "`custom`; the others are made with what they are for."),
  content_type: means(
    WrittenContentType.default(""),
    "`filesystem`, or `block` for the bytes of a disk; `filesystem` when it is empty, or that of the source.",
  ),
  description: text,
  config: Config.default({}),
  source: VolumeSource.optional(),
});
export type StorageVolumesPost = z.infer<typeof StorageVolumesPost>;

/** A rename; a move when another pool or project is named. */
export const StorageVolumePost = z.object({
  name: VolumeName,
  pool: means(Text.default(""), "Pool to move to; the same when it is empty."),
  project: means(Text.default(""), "Project to move to; the same when it is empty."),
  migration: flag.meta({ description: "Sends the volume to another server; what it is called there is said there." }),
  volume_only: flag.meta({ description: "Whether its snapshots are left out, in a move to another pool or server." }),
  target: means(
    MigrationTarget.nullish(),
    "Of a migration: the operation of the other server that waits for it; without one this server's waits.",
  ),
});
export type StorageVolumePost = z.infer<typeof StorageVolumePost>;

export const StorageVolume = z.looseObject({
  name: z.string(),
  type: means(z.string(), "`custom`, `container` or `image`; `virtual-machine` on other servers."),
  content_type: z.string().default("filesystem"),
  description: text,
  config: Config.default({}),
  used_by: means(z.array(z.string()).nullable().default([]), "Paths of the instances and profiles that have it."),
  location: z.string().default("none"),
  project: means(z.string().default("default"), "Project that it lies in."),
  created_at: Time.default("0001-01-01T00:00:00Z"),
});
export type StorageVolume = z.infer<typeof StorageVolume>;

/** Custom volumes; their routes and calls stand by themselves, since they have a copy and a move. */
export const storageVolumeKind = defineKind({
  name: "storage-volume",
  title: "Storage volume",
  path: "/1.0/storage-pools/{pool}/volumes/custom",
  parent: "pool",
  put: StorageVolumePut.omit({ restore: true }),
  post: StorageVolumesPost,
  shown: StorageVolume,
  tagged: ["name", "type", "content_type", "config", "description"],
});

/** Bytes. */
export const StorageVolumeState = z.looseObject({
  usage: means(
    z.looseObject({ used: z.number().default(0), total: z.number().default(0) }).nullable(),
    "Bytes in use, and bytes that it may hold; 0 when nothing bounds it.",
  ),
});
export type StorageVolumeState = z.infer<typeof StorageVolumeState>;

export const VolumeSnapshotPut = z.object({
  description: text,
  expires_at: means(WrittenTime.nullish(), "When it is deleted; `0001-01-01T00:00:00Z` for never."),
});
export type VolumeSnapshotPut = z.infer<typeof VolumeSnapshotPut>;

export const VolumeSnapshotsPost = VolumeSnapshotPut.extend({
  description: means(Text.default(""), "That of the volume when it is empty."),
  name: means(z.union([SnapshotName, z.literal("")]).default(""), "Made by `snapshots.pattern` when it is empty."),
});
export type VolumeSnapshotsPost = z.infer<typeof VolumeSnapshotsPost>;

export const VolumeSnapshotPost = z.object({ name: SnapshotName });
export type VolumeSnapshotPost = z.infer<typeof VolumeSnapshotPost>;

export const VolumeSnapshot = z.looseObject({
  name: means(z.string(), "In lists with the volume before it, `volume/snapshot`, as LXD has it."),
  description: text,
  config: means(Config.default({}), "Of the volume as it was."),
  content_type: z.string().default(""),
  created_at: Time.default("0001-01-01T00:00:00Z"),
  expires_at: Time.nullable().meta({ description: "`0001-01-01T00:00:00Z` for never." }),
});
export type VolumeSnapshot = z.infer<typeof VolumeSnapshot>;
