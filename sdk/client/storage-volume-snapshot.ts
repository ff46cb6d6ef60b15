/** Snapshots of custom volumes: typed calls. */
import type * as z from "zod";
import { VolumeSnapshot, VolumeSnapshotPost, VolumeSnapshotPut, VolumeSnapshotsPost } from "../api/storage-volume";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (pool: string, volume: string) => urlOf`/1.0/storage-pools/${pool}/volumes/custom/${volume}/snapshots`;
const one = (pool: string, volume: string, name: string) =>
  urlOf`/1.0/storage-pools/${pool}/volumes/custom/${volume}/snapshots/${name}`;

export const storageVolumeSnapshotCalls = (wire: Wire) => ({
  /** Snapshots of a custom volume, oldest first; each is named `volume/snapshot`. */
  listStorageVolumeSnapshots: (pool: string, volume: string, options?: CallOptions): Promise<VolumeSnapshot[]> =>
    wire.get(`${all(pool, volume)}?recursion=1`, listOf(VolumeSnapshot), options),

  /** @throws ApiError NOT_FOUND */
  getStorageVolumeSnapshot: (
    pool: string,
    volume: string,
    name: string,
    options?: CallOptions,
  ): Promise<Tagged<VolumeSnapshot>> => wire.getTagged(one(pool, volume, name), VolumeSnapshot, options),

  /** An absent name lets the server choose one; the operation's resources tell it. */
  createStorageVolumeSnapshot: (
    pool: string,
    volume: string,
    post: z.input<typeof VolumeSnapshotsPost>,
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", all(pool, volume), { ...options, body: body(VolumeSnapshotsPost, post) }),

  /** Replaces description and expiry. */
  updateStorageVolumeSnapshot: (
    pool: string,
    volume: string,
    name: string,
    put: z.input<typeof VolumeSnapshotPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(pool, volume, name), { ...options, body: body(VolumeSnapshotPut, put) }),

  renameStorageVolumeSnapshot: (
    pool: string,
    volume: string,
    name: string,
    newName: string,
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", one(pool, volume, name), { ...options, body: body(VolumeSnapshotPost, { name: newName }) }),

  deleteStorageVolumeSnapshot: (
    pool: string,
    volume: string,
    name: string,
    options?: CallOptions,
  ): Promise<PendingOperation> => wire.start("DELETE", one(pool, volume, name), options),
});
