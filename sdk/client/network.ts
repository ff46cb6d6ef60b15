/** Network: typed calls. Made by `npm run gen` from sdk/api/network.ts. */
import type * as z from "zod";
import { Network, NetworkPost, NetworkPut, NetworksPost } from "../api/network";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/networks";
const one = (name: string) => urlOf`/1.0/networks/${name}`;

export const networkCalls = (wire: Wire) => ({
  /** Lists managed networks, and the host's own interfaces with `managed` false. */
  listNetworks: (options?: CallOptions): Promise<Network[]> => wire.get(`${all}?recursion=1`, listOf(Network), options),

  /** @throws ApiError NOT_FOUND */
  getNetwork: (name: string, options?: CallOptions): Promise<Tagged<Network>> =>
    wire.getTagged(one(name), Network, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createNetwork: (post: z.input<typeof NetworksPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(NetworksPost, post) }),

  /** Replaces the whole mutable part. */
  updateNetwork: (name: string, put: z.input<typeof NetworkPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(name), { ...options, body: body(NetworkPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchNetwork: (name: string, patch: Partial<z.output<typeof NetworkPut>>, options?: WriteOptions): Promise<void> =>
    wire.write("PATCH", one(name), { ...options, body: body(patchOf(NetworkPut), patch) }),

  renameNetwork: (name: string, newName: string, options?: CallOptions): Promise<void> =>
    wire.write("POST", one(name), { ...options, body: body(NetworkPost, { name: newName }) }),

  deleteNetwork: (name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(name), options),
});
