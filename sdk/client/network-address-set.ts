/** Network address set: typed calls. Made by `npm run gen` from sdk/api/network-address-set.ts. */
import type * as z from "zod";
import {
  NetworkAddressSet,
  NetworkAddressSetPost,
  NetworkAddressSetPut,
  NetworkAddressSetsPost,
} from "../api/network-address-set";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/network-address-sets";
const one = (name: string) => urlOf`/1.0/network-address-sets/${name}`;

export const networkAddressSetCalls = (wire: Wire) => ({
  listNetworkAddressSets: (options?: CallOptions): Promise<NetworkAddressSet[]> =>
    wire.get(`${all}?recursion=1`, listOf(NetworkAddressSet), options),

  /** @throws ApiError NOT_FOUND */
  getNetworkAddressSet: (name: string, options?: CallOptions): Promise<Tagged<NetworkAddressSet>> =>
    wire.getTagged(one(name), NetworkAddressSet, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createNetworkAddressSet: (post: z.input<typeof NetworkAddressSetsPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(NetworkAddressSetsPost, post) }),

  /** Replaces the whole mutable part; reaches the networks and nics whose ACLs name it at once. */
  updateNetworkAddressSet: (
    name: string,
    put: z.input<typeof NetworkAddressSetPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(name), { ...options, body: body(NetworkAddressSetPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchNetworkAddressSet: (
    name: string,
    patch: Partial<z.output<typeof NetworkAddressSetPut>>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PATCH", one(name), { ...options, body: body(patchOf(NetworkAddressSetPut), patch) }),

  renameNetworkAddressSet: (name: string, newName: string, options?: CallOptions): Promise<void> =>
    wire.write("POST", one(name), { ...options, body: body(NetworkAddressSetPost, { name: newName }) }),

  /** Deletes a network address set that no network ACL names. */
  deleteNetworkAddressSet: (name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(name), options),
});
