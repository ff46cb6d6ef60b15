/** File: one file inside a container's root, never followed out of it. */
import { Readable } from "node:stream";
import * as z from "zod";
import { ApiError, badRequest, type ErrorCode } from "../../../sdk/api/errors";
import { type CellConnection, errnoOf } from "./connection";
import { justEnded } from "./ended";

export const FileStat = z.object({
  type: z.enum(["file", "directory", "symlink", "other"]),
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  size: z.number(),
  mtime: z.number(),
});
export type FileStat = z.infer<typeof FileStat>;

const Got = z.object({ stat: FileStat, entries: z.array(z.string()).optional(), target: z.string().optional() });
export interface GotFile extends z.infer<typeof Got> {
  /** Content of a file; ends with an error when the file shrinks meanwhile. */
  readonly content?: Readable;
}

export interface PutFile {
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  /** For a new file only; the default is 0644, 0755 for a folder. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly append: boolean;
}

/** Reads the answer to a get. @throws ApiError with the status that clients expect of the errno */
export async function getFile(connection: CellConnection, path: string): Promise<GotFile> {
  try {
    const got = Got.parse(await connection.need());
    if (got.stat.type !== "file") {
      connection.close();
      return got;
    }
    const content = Readable.from(connection.bytes(got.stat.size), { objectMode: false });
    content.once("close", () => connection.close());
    return { ...got, content };
  } catch (error) {
    connection.close();
    throw fileError(error, path);
  }
}

/**
 * Sends the content; when the source fails midway the connection ends without the last chunk and the old file stays.
 * @param content is not destroyed by a refusal: it may be a request that still has to be answered
 */
export async function putFile(connection: CellConnection, { path, type }: PutFile, content: Readable): Promise<void> {
  try {
    // A folder has no body: bothy-cell answers at once, and a write after that would meet a closed socket.
    if (type !== "directory") {
      for await (const chunk of content.iterator({ destroyOnReturn: false })) {
        // Before the end nothing comes but a refusal.
        if (connection.hasAnswer) break;
        const data = chunk as Buffer;
        for (let at = 0; at < data.length; at += maxChunkBytes)
          await connection.write(chunkOf(data.subarray(at, at + maxChunkBytes)));
      }
      if (!connection.hasAnswer) await connection.write(Buffer.alloc(4));
    }
    await connection.need();
  } catch (error) {
    throw fileError(error, path);
  } finally {
    connection.close();
  }
}

/** What bothy-cell takes at once (docs/native-protocol.md, Verb file). */
const maxChunkBytes = 1024 * 1024;

function chunkOf(data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}

/** Reads the answer to a delete. @throws ApiError with the status that clients expect of the errno */
export async function deleteFile(connection: CellConnection, path: string): Promise<void> {
  try {
    await connection.need();
  } catch (error) {
    throw fileError(error, path);
  } finally {
    connection.close();
  }
}

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "NOT_FOUND",
  ENOTDIR: "NOT_FOUND",
  EEXIST: "CONFLICT",
  EISDIR: "BAD_REQUEST",
  ELOOP: "BAD_REQUEST",
  EXDEV: "BAD_REQUEST",
  EINVAL: "BAD_REQUEST",
  ENOTEMPTY: "BAD_REQUEST",
  ENAMETOOLONG: "BAD_REQUEST",
  EACCES: "FORBIDDEN",
  EPERM: "FORBIDDEN",
  EROFS: "FORBIDDEN",
  EOPNOTSUPP: "BAD_REQUEST",
  // A fifo, socket or device; a mount point or a running program.
  ENXIO: "BAD_REQUEST",
  EBUSY: "BAD_REQUEST",
  ETXTBSY: "BAD_REQUEST",
  // An id that the container has not.
  EOVERFLOW: "BAD_REQUEST",
};

/** Gives bothy-cell's complaint the status that a client expects. */
function fileError(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || !ApiError.is(error)) return error;
  if (errno === "ESRCH") return justEnded(error);
  const code = codes[errno];
  if (code === "NOT_FOUND") return new ApiError(code, `Not Found: ${path}`, { details: error.details });
  return code === undefined ? error : new ApiError(code, error.message, { details: error.details });
}

/** @throws ApiError BAD_REQUEST for a path that no file can have */
export function checkPath(path: string): string {
  if (path === "") throw badRequest("Missing path argument. Name the file with ?path=.");
  return path.startsWith("/") ? path : `/${path}`;
}
