/** Network ACL: typed calls. Made by `npm run gen` from sdk/api/network-acl.ts. */
import type * as z from "zod";
import { NetworkAcl, NetworkAclPost, NetworkAclPut, NetworkAclsPost } from "../api/network-acl";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/network-acls";
const one = (name: string) => urlOf`/1.0/network-acls/${name}`;

export const networkAclCalls = (wire: Wire) => ({
  listNetworkAcls: (options?: CallOptions): Promise<NetworkAcl[]> =>
    wire.get(`${all}?recursion=1`, listOf(NetworkAcl), options),

  /** @throws ApiError NOT_FOUND */
  getNetworkAcl: (name: string, options?: CallOptions): Promise<Tagged<NetworkAcl>> =>
    wire.getTagged(one(name), NetworkAcl, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createNetworkAcl: (post: z.input<typeof NetworkAclsPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(NetworkAclsPost, post) }),

  /** Replaces the whole mutable part; reaches the networks that have it at once. */
  updateNetworkAcl: (name: string, put: z.input<typeof NetworkAclPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(name), { ...options, body: body(NetworkAclPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchNetworkAcl: (
    name: string,
    patch: Partial<z.output<typeof NetworkAclPut>>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PATCH", one(name), { ...options, body: body(patchOf(NetworkAclPut), patch) }),

  renameNetworkAcl: (name: string, newName: string, options?: CallOptions): Promise<void> =>
    wire.write("POST", one(name), { ...options, body: body(NetworkAclPost, { name: newName }) }),

  deleteNetworkAcl: (name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(name), options),
});
