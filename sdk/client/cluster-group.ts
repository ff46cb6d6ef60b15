/** Cluster group: typed calls. Made by `npm run gen` from sdk/api/cluster-group.ts. */
import type * as z from "zod";
import { ClusterGroup, ClusterGroupPost, ClusterGroupPut, ClusterGroupsPost } from "../api/cluster-group";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/cluster/groups";
const one = (name: string) => urlOf`/1.0/cluster/groups/${name}`;

export const clusterGroupCalls = (wire: Wire) => ({
  listClusterGroups: (options?: CallOptions): Promise<ClusterGroup[]> =>
    wire.get(`${all}?recursion=1`, listOf(ClusterGroup), options),

  /** @throws ApiError NOT_FOUND */
  getClusterGroup: (name: string, options?: CallOptions): Promise<Tagged<ClusterGroup>> =>
    wire.getTagged(one(name), ClusterGroup, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createClusterGroup: (post: z.input<typeof ClusterGroupsPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(ClusterGroupsPost, post) }),

  /** Replaces the whole mutable part. */
  updateClusterGroup: (name: string, put: z.input<typeof ClusterGroupPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(name), { ...options, body: body(ClusterGroupPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchClusterGroup: (
    name: string,
    patch: Partial<z.output<typeof ClusterGroupPut>>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PATCH", one(name), { ...options, body: body(patchOf(ClusterGroupPut), patch) }),

  renameClusterGroup: (name: string, newName: string, options?: CallOptions): Promise<void> =>
    wire.write("POST", one(name), { ...options, body: body(ClusterGroupPost, { name: newName }) }),

  /** Deletes a group that has no members. */
  deleteClusterGroup: (name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(name), options),
});
