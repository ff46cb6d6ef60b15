/** File: typed calls for files inside an instance, running or stopped. */
import type { Duplex, Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import * as z from "zod";
import { badRequest } from "../api/errors";
import { bothFamilies, eitherFamily } from "../api/headers";
import { envelopeOf, listOf, read } from "./answer";
import type { CallOptions } from "./call-options";
import { urlOf, withQuery } from "./request";
import type { WireResponse } from "./transport";
import { openUpgrade } from "./upgrade";
import type { Wire } from "./wire";

/** Owner and permissions as seen inside the container. */
export interface FileInfo {
  readonly type: "file" | "directory" | "symlink";
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  /** As the server writes it. */
  readonly modified: string | undefined;
}

export type File =
  | (FileInfo & {
      readonly type: "file";
      /** The content; it must be read to its end or destroyed, since it holds a connection. */
      readonly body: Readable;
      readonly sizeBytes: number | undefined;
    })
  | (FileInfo & { readonly type: "directory"; readonly entries: string[] })
  | (FileInfo & { readonly type: "symlink"; readonly target: string });

export interface PutFileOptions extends CallOptions {
  /** "file" when absent; the content of a symlink is its target, a directory has none. */
  readonly type?: FileInfo["type"];
  /** Owner and permissions count only for a file that did not exist. */
  readonly uid?: number;
  readonly gid?: number;
  /** Permission bits, such as 0o644. */
  readonly mode?: number;
  /** "overwrite" when absent. */
  readonly write?: "overwrite" | "append";
}

const urlFor = (instance: string, innerPath: string) => {
  if (innerPath.includes("\0")) throw badRequest("Invalid request: a path must not contain a NUL character.");
  return withQuery(urlOf`/1.0/instances/${instance}/files`, { path: innerPath });
};

export const fileCalls = (wire: Wire) => ({
  /** Reads a file, a directory's entries or a symlink's target; a symlink is not followed. @throws ApiError NOT_FOUND */
  getFile: async (instance: string, innerPath: string, options?: CallOptions): Promise<File> => {
    const path = urlFor(instance, innerPath);
    const response = await wire.send({ method: "GET", path, signal: options?.signal });
    const info = infoOf(response);
    if (info.type === "directory") {
      const { metadata } = await envelopeOf("GET", path, response);
      return { ...info, type: "directory", entries: read("GET", path, listOf(z.string()), metadata) };
    }
    if (info.type === "symlink") return { ...info, type: "symlink", target: (await textOf(response.body)).trimEnd() };
    const length = response.headers["content-length"];
    return { ...info, type: "file", body: response.body, sizeBytes: length === undefined ? undefined : Number(length) };
  },

  /** Owner, permissions and type without the content. */
  getFileInfo: async (instance: string, innerPath: string, options?: CallOptions): Promise<FileInfo> => {
    const response = await wire.send({ method: "HEAD", path: urlFor(instance, innerPath), signal: options?.signal });
    response.body.resume();
    return infoOf(response);
  },

  /** Writes a file, makes a directory or a symlink. A broken upload leaves the old file as it was. */
  putFile: async (
    instance: string,
    innerPath: string,
    content: string | Buffer | Readable | undefined,
    options: PutFileOptions = {},
  ): Promise<void> => {
    const path = urlFor(instance, innerPath);
    const response = await wire.send({
      method: "POST",
      path,
      headers: {
        "content-type": "application/octet-stream",
        ...bothFamilies({
          type: options.type ?? "file",
          write: options.write ?? "overwrite",
          uid: options.uid?.toString(),
          gid: options.gid?.toString(),
          mode: options.mode === undefined ? undefined : octal(options.mode),
        }),
      },
      body: content ?? "",
      signal: options.signal,
    });
    await envelopeOf("POST", path, response);
  },

  /**
   * Opens a session of SFTP, version 3, for a client of that protocol. It ends with the stream, with the container, and with the start of a stopped instance.
   * @returns its bytes @throws ApiError NOT_FOUND, UNAVAILABLE
   */
  openSftp: (instance: string, options?: CallOptions): Promise<Duplex> =>
    openUpgrade(wire.endpoint, wire.scoped(urlOf`/1.0/instances/${instance}/sftp`), "sftp", options?.signal),

  /** Removes a file, a symlink or an empty directory. */
  deleteFile: (instance: string, innerPath: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", urlFor(instance, innerPath), options),
});

const octal = (mode: number) => `0${mode.toString(8).padStart(3, "0")}`;

function infoOf({ headers }: WireResponse): FileInfo {
  const type = eitherFamily(headers, "type");
  return {
    type: type === "directory" || type === "symlink" ? type : "file",
    uid: Number(eitherFamily(headers, "uid") ?? 0),
    gid: Number(eitherFamily(headers, "gid") ?? 0),
    mode: Number.parseInt(eitherFamily(headers, "mode") ?? "0", 8),
    modified: eitherFamily(headers, "modified"),
  };
}
