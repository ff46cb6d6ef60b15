/** Network forward: typed calls. Made by `npm run gen` from sdk/api/network-forward.ts. */
import type * as z from "zod";
import { NetworkForward, NetworkForwardPut, NetworkForwardsPost } from "../api/network-forward";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (network: string) => urlOf`/1.0/networks/${network}/forwards`;
const one = (network: string, name: string) => urlOf`/1.0/networks/${network}/forwards/${name}`;

export const networkForwardCalls = (wire: Wire) => ({
  listNetworkForwards: (network: string, options?: CallOptions): Promise<NetworkForward[]> =>
    wire.get(`${all(network)}?recursion=1`, listOf(NetworkForward), options),

  /** @throws ApiError NOT_FOUND */
  getNetworkForward: (network: string, name: string, options?: CallOptions): Promise<Tagged<NetworkForward>> =>
    wire.getTagged(one(network, name), NetworkForward, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createNetworkForward: (
    network: string,
    post: z.input<typeof NetworkForwardsPost>,
    options?: CallOptions,
  ): Promise<void> => wire.write("POST", all(network), { ...options, body: body(NetworkForwardsPost, post) }),

  /** Replaces the whole mutable part; new connections go by it at once. */
  updateNetworkForward: (
    network: string,
    name: string,
    put: z.input<typeof NetworkForwardPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(network, name), { ...options, body: body(NetworkForwardPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchNetworkForward: (
    network: string,
    name: string,
    patch: Partial<z.output<typeof NetworkForwardPut>>,
    options?: WriteOptions,
  ): Promise<void> =>
    wire.write("PATCH", one(network, name), { ...options, body: body(patchOf(NetworkForwardPut), patch) }),

  deleteNetworkForward: (network: string, name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(network, name), options),
});
