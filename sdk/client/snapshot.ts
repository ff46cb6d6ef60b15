/** Snapshot: typed calls. */
import * as z from "zod";
import type { MigrationTarget } from "../api/migration";
import { Snapshot, SnapshotPost, SnapshotPut, SnapshotsPost } from "../api/snapshot";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const one = (instance: string, name: string) => urlOf`/1.0/instances/${instance}/snapshots/${name}`;

/** Only what a restore needs: any other field would be read as a change of the instance. */
const Restore = z.object({ restore: z.string().min(1), stateful: z.boolean() });

export const snapshotCalls = (wire: Wire) => ({
  /** Snapshots of an instance, oldest first. */
  listSnapshots: (instance: string, options?: CallOptions): Promise<Snapshot[]> =>
    wire.get(urlOf`/1.0/instances/${instance}/snapshots?recursion=1`, listOf(Snapshot), options),

  /** @throws ApiError NOT_FOUND */
  getSnapshot: (instance: string, name: string, options?: CallOptions): Promise<Tagged<Snapshot>> =>
    wire.getTagged(one(instance, name), Snapshot, options),

  /** An absent name lets the server choose one; the operation's resources tell it. */
  createSnapshot: (
    instance: string,
    post: z.input<typeof SnapshotsPost>,
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", urlOf`/1.0/instances/${instance}/snapshots`, { ...options, body: body(SnapshotsPost, post) }),

  /**
   * Asks whether a snapshot could be taken; takes none (extension bothy_dry_run).
   * @throws ApiError with what it would be refused for
   */
  checkSnapshot: (instance: string, post: z.input<typeof SnapshotsPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", urlOf`/1.0/instances/${instance}/snapshots?dry-run=1`, {
      ...options,
      body: body(SnapshotsPost, post),
    }),

  /** Changes the time at which the snapshot expires. */
  updateSnapshot: (
    instance: string,
    name: string,
    put: z.input<typeof SnapshotPut>,
    options?: WriteOptions,
  ): Promise<PendingOperation> => wire.start("PUT", one(instance, name), { ...options, body: body(SnapshotPut, put) }),

  renameSnapshot: (instance: string, name: string, newName: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("POST", one(instance, name), { ...options, body: body(SnapshotPost, { name: newName }) }),

  /** Sends a snapshot to another server, as an instance; the same as `migrateInstance`. */
  migrateSnapshot: (
    instance: string,
    name: string,
    how: { readonly target?: MigrationTarget } = {},
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", one(instance, name), { ...options, body: body(SnapshotPost, { ...how, migration: true }) }),

  deleteSnapshot: (instance: string, name: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("DELETE", one(instance, name), options),

  /** Puts an instance back to what it was; a running one is stopped and started again. */
  restoreSnapshot: (instance: string, name: string, options?: WriteOptions): Promise<PendingOperation> =>
    wire.start("PUT", urlOf`/1.0/instances/${instance}`, {
      ...options,
      body: body(Restore, { restore: name, stateful: false }),
    }),
});
