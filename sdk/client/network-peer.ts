/** Network peer: typed calls. Made by `npm run gen` from sdk/api/network-peer.ts. */
import type * as z from "zod";
import { NetworkPeer, NetworkPeerPut, NetworkPeersPost } from "../api/network-peer";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (network: string) => urlOf`/1.0/networks/${network}/peers`;
const one = (network: string, name: string) => urlOf`/1.0/networks/${network}/peers/${name}`;

export const networkPeerCalls = (wire: Wire) => ({
  listNetworkPeers: (network: string, options?: CallOptions): Promise<NetworkPeer[]> =>
    wire.get(`${all(network)}?recursion=1`, listOf(NetworkPeer), options),

  /** @throws ApiError NOT_FOUND */
  getNetworkPeer: (network: string, name: string, options?: CallOptions): Promise<Tagged<NetworkPeer>> =>
    wire.getTagged(one(network, name), NetworkPeer, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createNetworkPeer: (network: string, post: z.input<typeof NetworkPeersPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all(network), { ...options, body: body(NetworkPeersPost, post) }),

  /** Replaces the whole mutable part. */
  updateNetworkPeer: (
    network: string,
    name: string,
    put: z.input<typeof NetworkPeerPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(network, name), { ...options, body: body(NetworkPeerPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchNetworkPeer: (
    network: string,
    name: string,
    patch: Partial<z.output<typeof NetworkPeerPut>>,
    options?: WriteOptions,
  ): Promise<void> =>
    wire.write("PATCH", one(network, name), { ...options, body: body(patchOf(NetworkPeerPut), patch) }),

  deleteNetworkPeer: (network: string, name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(network, name), options),
});
