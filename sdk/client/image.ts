/** Image: typed calls for images and their aliases. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import * as z from "zod";
import type { Config } from "../api/common";
import { bothFamilies } from "../api/headers";
import { Image, ImageExportPost, ImagePut, ImagesPost } from "../api/image";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import type { PendingOperation } from "./pending-operation";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/images";
const one = (fingerprint: string) => urlOf`/1.0/images/${fingerprint}`;
const _aliases = "/1.0/images/aliases";
const _alias = (name: string) => urlOf`/1.0/images/aliases/${name}`;

export interface ImageFileOptions extends CallOptions {
  /** Name to remember; that of the file when absent. */
  readonly filename?: string;
  readonly isPublic?: boolean;
  /** Properties that are added to those of the image itself. */
  readonly properties?: Config;
  /** The fingerprint that the file must have: sha256 in hexadecimal digits. */
  readonly fingerprint?: string;
}

export const imageCalls = (wire: Wire) => ({
  listImages: (options?: CallOptions): Promise<Image[]> => wire.get(`${all}?recursion=1`, listOf(Image), options),

  /** @param fingerprint whole, or a prefix that is unique @throws ApiError NOT_FOUND */
  getImage: (fingerprint: string, options?: CallOptions): Promise<Tagged<Image>> =>
    wire.getTagged(one(fingerprint), Image, options),

  /** Makes an image from a source that the server can reach; the operation's metadata tells the fingerprint. */
  createImage: (post: z.input<typeof ImagesPost>, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("POST", all, { ...options, body: body(ImagesPost, post) }),

  /**
   * Asks whether an image could be made of a source; makes none (extension bothy_dry_run).
   * @throws ApiError with what it would be refused for
   */
  checkImage: (post: z.input<typeof ImagesPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", `${all}?dry-run=1`, { ...options, body: body(ImagesPost, post) }),

  /**
   * Uploads a unified tarball as it is read, never held in memory as a whole; the operation's metadata tells the fingerprint.
   * @param file path of the tarball, or its bytes as a stream
   */
  createImageFromFile: async (file: string | Readable, options: ImageFileOptions = {}): Promise<PendingOperation> => {
    const fromPath = typeof file === "string";
    const properties = new URLSearchParams(options.properties ?? {}).toString();
    return wire.startRaw({
      method: "POST",
      path: all,
      headers: {
        "content-type": "application/octet-stream",
        ...(fromPath ? { "content-length": String((await stat(file)).size) } : {}),
        ...bothFamilies({
          filename: options.filename ?? (fromPath ? path.basename(file) : undefined),
          public: options.isPublic === true ? "true" : undefined,
          properties: properties === "" ? undefined : properties,
          fingerprint: options.fingerprint,
        }),
      },
      body: fromPath ? createReadStream(file) : file,
      signal: options.signal,
    });
  },

  /** Replaces the whole mutable part. */
  updateImage: (fingerprint: string, put: z.input<typeof ImagePut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", one(fingerprint), { ...options, body: body(ImagePut, put) }),

  /** Replaces the fields that are given. */
  patchImage: (fingerprint: string, patch: Partial<ImagePut>, options?: WriteOptions): Promise<void> =>
    wire.write("PATCH", one(fingerprint), { ...options, body: body(patchOf(ImagePut), patch) }),

  /** Looks whether the alias that an image came from means a newer one by now; the operation's metadata tells `refreshed`. */
  refreshImage: (fingerprint: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("POST", `${one(fingerprint)}/refresh`, options),

  /**
   * Asks for a secret with which a server that does not know this client may fetch the image once.
   * @returns what goes into `secret` of a source @throws ApiError NOT_FOUND
   */
  createImageSecret: async (fingerprint: string, options?: CallOptions): Promise<string> => {
    const { latest } = await wire.start("POST", `${one(fingerprint)}/secret`, options);
    return z.object({ secret: z.string() }).parse(latest.metadata).secret;
  },

  /** Has the server send an image to another server, which awaits it. */
  sendImage: (
    fingerprint: string,
    post: z.input<typeof ImageExportPost>,
    options?: CallOptions,
  ): Promise<PendingOperation> =>
    wire.start("POST", `${one(fingerprint)}/export`, { ...options, body: body(ImageExportPost, post) }),

  deleteImage: (fingerprint: string, options?: CallOptions): Promise<PendingOperation> =>
    wire.start("DELETE", one(fingerprint), options),
});
