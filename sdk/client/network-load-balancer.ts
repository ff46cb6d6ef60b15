/** Network load balancer: typed calls. Made by `npm run gen` from sdk/api/network-load-balancer.ts. */
import type * as z from "zod";
import { NetworkLoadBalancer, NetworkLoadBalancerPut, NetworkLoadBalancersPost } from "../api/network-load-balancer";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (network: string) => urlOf`/1.0/networks/${network}/load-balancers`;
const one = (network: string, name: string) => urlOf`/1.0/networks/${network}/load-balancers/${name}`;

export const networkLoadBalancerCalls = (wire: Wire) => ({
  listNetworkLoadBalancers: (network: string, options?: CallOptions): Promise<NetworkLoadBalancer[]> =>
    wire.get(`${all(network)}?recursion=1`, listOf(NetworkLoadBalancer), options),

  /** @throws ApiError NOT_FOUND */
  getNetworkLoadBalancer: (
    network: string,
    name: string,
    options?: CallOptions,
  ): Promise<Tagged<NetworkLoadBalancer>> => wire.getTagged(one(network, name), NetworkLoadBalancer, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createNetworkLoadBalancer: (
    network: string,
    post: z.input<typeof NetworkLoadBalancersPost>,
    options?: CallOptions,
  ): Promise<void> => wire.write("POST", all(network), { ...options, body: body(NetworkLoadBalancersPost, post) }),

  /** Replaces the whole mutable part. */
  updateNetworkLoadBalancer: (
    network: string,
    name: string,
    put: z.input<typeof NetworkLoadBalancerPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(network, name), { ...options, body: body(NetworkLoadBalancerPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchNetworkLoadBalancer: (
    network: string,
    name: string,
    patch: Partial<z.output<typeof NetworkLoadBalancerPut>>,
    options?: WriteOptions,
  ): Promise<void> =>
    wire.write("PATCH", one(network, name), { ...options, body: body(patchOf(NetworkLoadBalancerPut), patch) }),

  deleteNetworkLoadBalancer: (network: string, name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(network, name), options),
});
