/** Network zone: typed calls. Made by `npm run gen` from sdk/api/network-zone.ts. */
import type * as z from "zod";
import { NetworkZone, NetworkZonePut, NetworkZonesPost } from "../api/network-zone";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/network-zones";
const one = (name: string) => urlOf`/1.0/network-zones/${name}`;

export const networkZoneCalls = (wire: Wire) => ({
  listNetworkZones: (options?: CallOptions): Promise<NetworkZone[]> =>
    wire.get(`${all}?recursion=1`, listOf(NetworkZone), options),

  /** @throws ApiError NOT_FOUND */
  getNetworkZone: (name: string, options?: CallOptions): Promise<Tagged<NetworkZone>> =>
    wire.getTagged(one(name), NetworkZone, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createNetworkZone: (post: z.input<typeof NetworkZonesPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(NetworkZonesPost, post) }),

  /** Replaces the whole mutable part. */
  updateNetworkZone: (name: string, put: z.input<typeof NetworkZonePut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(name), { ...options, body: body(NetworkZonePut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchNetworkZone: (
    name: string,
    patch: Partial<z.output<typeof NetworkZonePut>>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PATCH", one(name), { ...options, body: body(patchOf(NetworkZonePut), patch) }),

  /** Deletes a network zone that no network uses, with its records. */
  deleteNetworkZone: (name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(name), options),
});
