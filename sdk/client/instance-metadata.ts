/** Instance metadata: typed calls (docs/lxd-api.md, Metadata). */
import { text as textOf } from "node:stream/consumers";
import * as z from "zod";
import { InstanceMetadata, InstanceMetadataPut } from "../api/instance-metadata";
import { patchOf } from "../api/patch";
import { envelopeOf, listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf, withQuery } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const one = (instance: string) => urlOf`/1.0/instances/${instance}/metadata`;
const template = (instance: string, path: string) =>
  withQuery(urlOf`/1.0/instances/${instance}/metadata/templates`, { path });

export const instanceMetadataCalls = (wire: Wire) => ({
  /** What an instance keeps of its image's metadata.yaml. @throws ApiError NOT_FOUND */
  getInstanceMetadata: (instance: string, options?: CallOptions): Promise<Tagged<InstanceMetadata>> =>
    wire.getTagged(one(instance), InstanceMetadata, options),

  updateInstanceMetadata: (
    instance: string,
    put: z.input<typeof InstanceMetadataPut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(instance), { ...options, body: body(InstanceMetadataPut, put) }),

  /** Merges properties and templates by their names. */
  patchInstanceMetadata: (
    instance: string,
    patch: Partial<InstanceMetadataPut>,
    options?: WriteOptions,
  ): Promise<void> =>
    wire.write("PATCH", one(instance), { ...options, body: body(patchOf(InstanceMetadataPut), patch) }),

  /** File names of an instance's templates. */
  listInstanceTemplates: (instance: string, options?: CallOptions): Promise<string[]> =>
    wire.get(urlOf`/1.0/instances/${instance}/metadata/templates`, listOf(z.string()), options),

  /** @throws ApiError NOT_FOUND */
  getInstanceTemplate: async (instance: string, name: string, options?: CallOptions): Promise<string> =>
    textOf((await wire.send({ method: "GET", path: template(instance, name), signal: options?.signal })).body),

  /** Writes a template, anew when it is there. */
  putInstanceTemplate: async (
    instance: string,
    name: string,
    content: string,
    options?: CallOptions,
  ): Promise<void> => {
    const path = template(instance, name);
    const headers = { "content-type": "application/octet-stream" };
    const request = { method: "POST", path, headers, body: content, signal: options?.signal } as const;
    await envelopeOf("POST", path, await wire.send(request));
  },

  deleteInstanceTemplate: (instance: string, name: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", template(instance, name), options),
});
