/** Image alias: typed calls. Made by `npm run gen` from sdk/api/image.ts. */
import type * as z from "zod";
import { ImageAliasEntry, ImageAliasesPost, ImageAliasPost, ImageAliasPut } from "../api/image";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/images/aliases";
const one = (name: string) => urlOf`/1.0/images/aliases/${name}`;

export const imageAliasCalls = (wire: Wire) => ({
  listImageAliases: (options?: CallOptions): Promise<ImageAliasEntry[]> =>
    wire.get(`${all}?recursion=1`, listOf(ImageAliasEntry), options),

  /** @param name may hold slashes, such as debian/12 @throws ApiError NOT_FOUND */
  getImageAlias: (name: string, options?: CallOptions): Promise<Tagged<ImageAliasEntry>> =>
    wire.getTagged(one(name), ImageAliasEntry, options),

  /** @throws ApiError CONFLICT when the name is taken */
  createImageAlias: (post: z.input<typeof ImageAliasesPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(ImageAliasesPost, post) }),

  /** Points an alias at another image. */
  updateImageAlias: (name: string, put: z.input<typeof ImageAliasPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(name), { ...options, body: body(ImageAliasPut, put) }),

  /** Merges: configuration key by key, devices by name, other fields when they are given. */
  patchImageAlias: (
    name: string,
    patch: Partial<z.output<typeof ImageAliasPut>>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PATCH", one(name), { ...options, body: body(patchOf(ImageAliasPut), patch) }),

  renameImageAlias: (name: string, newName: string, options?: CallOptions): Promise<void> =>
    wire.write("POST", one(name), { ...options, body: body(ImageAliasPost, { name: newName }) }),

  deleteImageAlias: (name: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(name), options),
});
