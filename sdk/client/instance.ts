/** Instance: typed calls. */
import { text as textOf } from "node:stream/consumers";
import * as z from "zod";
import {
  Instance,
  InstanceFull,
  InstancePost,
  InstancePut,
  InstanceRebuildPost,
  InstanceState,
  InstanceStatePut,
  InstancesPost,
  InstancesPut,
} from "../api/instance";
import type { MigrationTarget } from "../api/migration";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf, withQuery } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/instances";
const one = (name: string) => urlOf`/1.0/instances/${name}`;

export const instanceCalls = (wire: Wire) => ({
  listInstances: (options?: CallOptions): Promise<Instance[]> =>
    wire.get(`${all}?recursion=1`, listOf(Instance), options),

  /** Instances with their state and snapshots, in one request. */
  listInstancesFull: (options?: CallOptions): Promise<InstanceFull[]> =>
    wire.get(`${all}?recursion=2`, listOf(InstanceFull), options),

  /** @throws ApiError NOT_FOUND */
  getInstance: (name: string, options?: CallOptions): Promise<Tagged<Instance>> =>
    wire.getTagged(one(name), Instance, options),

  /** An instance with its state and snapshots, in one request. */
  getInstanceFull: (name: string, options?: CallOptions): Promise<Tagged<InstanceFull>> =>
    wire.getTagged(`${one(name)}?recursion=1`, InstanceFull, options),

  /** Makes a stopped instance. An absent name lets the server choose one; the operation's resources tell it. */
  createInstance: (post: z.input<typeof InstancesPost>, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("POST", all, { ...options, body: body(InstancesPost, post) }),

  /**
   * Asks whether an instance could be made, if one of its name were deleted first; makes nothing (extension bothy_instance_dry_run).
   * @throws ApiError with what the creation would be refused for
   */
  checkInstance: (post: z.input<typeof InstancesPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", `${all}?dry-run=1`, { ...options, body: body(InstancesPost, post) }),

  /** Replaces the whole mutable part; keys volatile.* must be sent back as they were read. */
  updateInstance: (name: string, put: z.input<typeof InstancePut>, options?: WriteOptions): Promise<PendingOperation> =>
    wire.start("PUT", one(name), { ...options, body: body(InstancePut, put) }),

  /** Merges: configuration key by key, devices by name, profiles as a whole. */
  patchInstance: (name: string, patch: Partial<InstancePut>, options?: WriteOptions): Promise<void> =>
    wire.write("PATCH", one(name), { ...options, body: body(patchOf(InstancePut), patch) }),

  renameInstance: (name: string, newName: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("POST", one(name), { ...options, body: body(InstancePost, { name: newName }) }),

  /** Moves a stopped instance with its snapshots to another storage pool or project; a new name as well when one is given. */
  moveInstance: (
    name: string,
    to: { readonly name?: string; readonly pool?: string; readonly project?: string },
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", one(name), { ...options, body: body(InstancePost, { ...to, migration: true }) }),

  /**
   * Sends an instance to another server. Without a target the operation's metadata has the secrets (`control`, `fs`) with which the other
   * server connects: create the instance there with a source of type `migration`.
   */
  migrateInstance: (
    name: string,
    how: { readonly instance_only?: boolean; readonly target?: MigrationTarget } = {},
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", one(name), { ...options, body: body(InstancePost, { ...how, migration: true }) }),

  /** Gives a stopped instance a new root; its settings stay (extension instances_rebuild). */
  rebuildInstance: (
    name: string,
    post: z.input<typeof InstanceRebuildPost>,
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", `${one(name)}/rebuild`, { ...options, body: body(InstanceRebuildPost, post) }),

  /** Changes the state of all instances of the project that are not in it already. */
  setInstancesState: (put: z.input<typeof InstanceStatePut>, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("PUT", all, { ...options, body: body(InstancesPut, { state: put }) }),

  /** Removes a stopped instance with its snapshots; with `force` a running one too (extension bothy_instance_force_delete). */
  deleteInstance: (name: string, options: CallOptions & { readonly force?: boolean } = {}): Promise<PendingOperation> =>
    wire.start("DELETE", withQuery(one(name), { force: options.force === true ? "1" : undefined }), options),

  getInstanceState: (name: string, options?: CallOptions): Promise<InstanceState> =>
    wire.get(urlOf`/1.0/instances/${name}/state`, InstanceState, options),

  /**
   * Waits on the server until the condition holds: `ipv4`, a global IPv4 address on an interface. Needs the extension
   * bothy_instance_wait.
   * @returns the state in which it holds
   * @throws ApiError BAD_REQUEST "Timed out ..." with what was seen
   */
  waitInstance: (
    name: string,
    { for: condition, timeoutSeconds }: { readonly for: "ipv4"; readonly timeoutSeconds: number },
    options?: CallOptions,
  ): Promise<InstanceState> =>
    wire.get(
      withQuery(urlOf`/1.0/instances/${name}/wait`, { for: condition, timeout: String(timeoutSeconds) }),
      InstanceState,
      options,
    ),

  /** Starts, stops, restarts, freezes or unfreezes. `timeout` is in seconds, -1 for the server's default. */
  setInstanceState: (
    name: string,
    put: z.input<typeof InstanceStatePut>,
    options?: WriteOptions,
  ): Promise<PendingOperation> =>
    wire.start("PUT", urlOf`/1.0/instances/${name}/state`, { ...options, body: body(InstanceStatePut, put) }),

  /** Names of an instance's log files. */
  listInstanceLogs: async (name: string, options?: CallOptions): Promise<string[]> => {
    const urls = await wire.get(urlOf`/1.0/instances/${name}/logs`, listOf(z.string()), options);
    return urls.map((url) => decodeURIComponent(url.split("/").at(-1) ?? ""));
  },

  /** The text of one log file. */
  getInstanceLog: async (name: string, file: string, options?: CallOptions): Promise<string> => {
    const answer = await wire.send({
      method: "GET",
      path: urlOf`/1.0/instances/${name}/logs/${file}`,
      signal: options?.signal,
    });
    return textOf(answer.body);
  },
});
