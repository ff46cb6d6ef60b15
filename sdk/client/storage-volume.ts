/** Storage volume: typed calls. */
import type * as z from "zod";
import type { MigrationTarget } from "../api/migration";
import { patchOf } from "../api/patch";
import {
  StorageVolume,
  StorageVolumePost,
  StorageVolumePut,
  StorageVolumeState,
  StorageVolumesPost,
  type VolumeType,
} from "../api/storage-volume";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (pool: string) => urlOf`/1.0/storage-pools/${pool}/volumes/custom`;
const one = (pool: string, name: string) => urlOf`/1.0/storage-pools/${pool}/volumes/custom/${name}`;

type NewVolume = Omit<z.input<typeof StorageVolumesPost>, "type" | "source">;

/** The volume that a copy is made of. */
export type VolumeCopySource = Omit<NonNullable<z.input<typeof StorageVolumesPost>["source"]>, "type">;

export const storageVolumeCalls = (wire: Wire) => ({
  /** Volumes of a pool, snapshots as well. @param type those of one type; of all when absent */
  listStorageVolumes: (pool: string, type?: VolumeType, options?: CallOptions): Promise<StorageVolume[]> => {
    const base = urlOf`/1.0/storage-pools/${pool}/volumes`;
    return wire.get(`${base}${type === undefined ? "" : `/${type}`}?recursion=1`, listOf(StorageVolume), options);
  },

  /** A custom volume. @throws ApiError NOT_FOUND */
  getStorageVolume: (pool: string, name: string, options?: CallOptions): Promise<Tagged<StorageVolume>> =>
    wire.getTagged(one(pool, name), StorageVolume, options),

  /** Makes an empty custom volume. @throws ApiError CONFLICT when the name is taken */
  createStorageVolume: (pool: string, post: NewVolume, options?: CallOptions): Promise<void> =>
    wire.write("POST", all(pool), { ...options, body: body(StorageVolumesPost, { ...post, type: "custom" }) }),

  /** Makes a custom volume from another, or from a snapshot of one (`volume/snapshot`). */
  copyStorageVolume: (
    pool: string,
    post: NewVolume & { source: VolumeCopySource },
    options?: CallOptions,
  ): Promise<PendingOperation> => {
    const source = { ...post.source, type: "copy" };
    return wire.start("POST", all(pool), {
      ...options,
      body: body(StorageVolumesPost, { ...post, type: "custom", source }),
    });
  },

  /** Sends a custom volume to another server; the same as `migrateInstance`. */
  migrateStorageVolume: (
    pool: string,
    name: string,
    how: { readonly volume_only?: boolean; readonly target?: MigrationTarget } = {},
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", one(pool, name), {
      ...options,
      body: body(StorageVolumePost, { ...how, name, migration: true }),
    }),

  /** Replaces the whole mutable part. */
  updateStorageVolume: (
    pool: string,
    name: string,
    put: Omit<z.input<typeof StorageVolumePut>, "restore">,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(pool, name), { ...options, body: body(StorageVolumePut, put) }),

  /** Merges: configuration key by key, other fields when they are given. */
  patchStorageVolume: (
    pool: string,
    name: string,
    patch: Partial<Omit<z.output<typeof StorageVolumePut>, "restore">>,
    options?: WriteOptions,
  ): Promise<void> =>
    wire.write("PATCH", one(pool, name), { ...options, body: body(patchOf(StorageVolumePut), patch) }),

  /** Puts a volume's content back to that of a snapshot. @throws ApiError BAD_REQUEST while a running instance has the volume */
  restoreStorageVolume: (pool: string, name: string, snapshot: string, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(pool, name), { ...options, body: body(StorageVolumePut, { restore: snapshot }) }),

  /** Gives it another name in its pool; devices that name it follow. */
  renameStorageVolume: (pool: string, name: string, newName: string, options?: CallOptions): Promise<void> =>
    wire.write("POST", one(pool, name), { ...options, body: body(StorageVolumePost, { name: newName }) }),

  /** Moves it to another pool or project, with its snapshots. */
  moveStorageVolume: (
    pool: string,
    name: string,
    to: { readonly name?: string; readonly pool?: string; readonly project?: string },
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", one(pool, name), {
      ...options,
      body: body(StorageVolumePost, { pool, ...to, name: to.name ?? name }),
    }),

  /** Deletes it with its snapshots. @throws ApiError BAD_REQUEST while somebody has it as a disk */
  deleteStorageVolume: (pool: string, name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(pool, name), options),

  /** Bytes that it holds, and may hold. */
  getStorageVolumeState: (pool: string, name: string, options?: CallOptions): Promise<StorageVolumeState> =>
    wire.get(urlOf`/1.0/storage-pools/${pool}/volumes/custom/${name}/state`, StorageVolumeState, options),
});
