/** Network zone record: typed calls. Made by `npm run gen` from sdk/api/network-zone-record.ts. */
import type * as z from "zod";
import { NetworkZoneRecord, NetworkZoneRecordPut, NetworkZoneRecordsPost } from "../api/network-zone-record";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = (zone: string) => urlOf`/1.0/network-zones/${zone}/records`;
const one = (zone: string, name: string) => urlOf`/1.0/network-zones/${zone}/records/${name}`;

export const networkZoneRecordCalls = (wire: Wire) => ({
  listNetworkZoneRecords: (zone: string, options?: CallOptions): Promise<NetworkZoneRecord[]> =>
    wire.get(`${all(zone)}?recursion=1`, listOf(NetworkZoneRecord), options),

  /** @throws ApiError NOT_FOUND */
  getNetworkZoneRecord: (zone: string, name: string, options?: CallOptions): Promise<Tagged<NetworkZoneRecord>> =>
    wire.getTagged(one(zone, name), NetworkZoneRecord, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createNetworkZoneRecord: (
    zone: string,
    post: z.input<typeof NetworkZoneRecordsPost>,
    options?: CallOptions,
  ): Promise<void> => wire.write("POST", all(zone), { ...options, body: body(NetworkZoneRecordsPost, post) }),

  /** Replaces the whole mutable part. */
  updateNetworkZoneRecord: (
    zone: string,
    name: string,
    put: z.input<typeof NetworkZoneRecordPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(zone, name), { ...options, body: body(NetworkZoneRecordPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchNetworkZoneRecord: (
    zone: string,
    name: string,
    patch: Partial<z.output<typeof NetworkZoneRecordPut>>,
    options?: WriteOptions,
  ): Promise<void> =>
    wire.write("PATCH", one(zone, name), { ...options, body: body(patchOf(NetworkZoneRecordPut), patch) }),

  deleteNetworkZoneRecord: (zone: string, name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(zone, name), options),
});
