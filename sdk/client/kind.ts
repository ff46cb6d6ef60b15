/** Kind: the calls that every kind has, from its definition. People read those that are made into files (kinds.ts). */
import type * as z from "zod";
import { type Kind, pathOf } from "../api/kind";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { body, type Tagged, type Wire } from "./wire";

export interface KindCalls<K extends Kind> {
  list(options?: CallOptions): Promise<z.output<K["shown"]>[]>;
  /** @throws ApiError NOT_FOUND */
  get(name: string, options?: CallOptions): Promise<Tagged<z.output<K["shown"]>>>;
  /** @throws ApiError CONFLICT when the name is taken */
  create(post: z.input<K["post"]>, options?: CallOptions): Promise<void>;
  /** Asks whether one could be made; makes nothing (extension bothy_dry_run). @throws ApiError with what the creation would be refused for */
  check(post: z.input<K["post"]>, options?: CallOptions): Promise<void>;
  /** Replaces the whole mutable part. */
  update(name: string, put: z.input<K["put"]>, options?: WriteOptions): Promise<void>;
  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patch(name: string, patch: Partial<z.output<K["put"]>>, options?: WriteOptions): Promise<void>;
  delete(name: string, options?: CallOptions): Promise<void>;
}

export const kindCalls = <K extends Kind>(wire: Wire, kind: K): KindCalls<K> => ({
  list: (options) =>
    wire.get(`${kind.path}?recursion=1`, listOf(kind.shown), options) as Promise<z.output<K["shown"]>[]>,
  get: (name, options) =>
    wire.getTagged(pathOf(kind, name), kind.shown, options) as Promise<Tagged<z.output<K["shown"]>>>,
  create: (post, options) => wire.write("POST", kind.path, { ...options, body: body(kind.post, post) }),
  check: (post, options) => wire.write("POST", `${kind.path}?dry-run=1`, { ...options, body: body(kind.post, post) }),
  update: (name, put, options) => wire.write("PUT", pathOf(kind, name), { ...options, body: body(kind.put, put) }),
  patch: (name, patch, options) =>
    wire.write("PATCH", pathOf(kind, name), { ...options, body: body(patchOf(kind.put), patch as never) }),
  delete: (name, options) => wire.write("DELETE", pathOf(kind, name), options),
});
