/** Export: the stored bytes as they came, one file or LXD's multipart form of two (docs/lxd-api.md, Images). */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { ImageRow } from "../store";
import { compressionOf } from "./compression";

export interface Stored {
  readonly row: ImageRow;
  readonly main: string;
  readonly rootfs: string | undefined;
}

export interface Exported {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/**
 * The headers and the body of an export.
 * @param range as a client sends it, to go on where a connection broke; only one file can be had from the middle
 */
export function exported({ row, main, rootfs }: Stored, range?: string): Exported {
  const { fingerprint, files } = row;
  const mainName = `${fingerprint}.${compressionOf(files.main).extension}`;
  if (rootfs === undefined) return inOne(row, main, mainName, range);
  const boundary = randomUUID();
  const parts = [
    { field: "metadata", name: `meta-${mainName}`, file: main },
    { field: "rootfs", name: `${fingerprint}.${compressionOf(files.rootfs!).extension}`, file: rootfs },
  ];
  return {
    status: 200,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: Readable.from(formOf(parts, boundary), { objectMode: false }),
  };
}

function inOne({ size, fingerprint }: ImageRow, file: string, name: string, range: string | undefined): Exported {
  const start = Number(/^bytes=(\d{1,15})-$/.exec(range ?? "")?.[1] ?? 0);
  const isRest = start > 0 && start < size;
  return {
    status: isRest ? 206 : 200,
    headers: {
      "content-length": String(isRest ? size - start : size),
      "content-disposition": `inline;filename=${name}`,
      "accept-ranges": "bytes",
      // The bytes of a fingerprint are always the same.
      etag: `"${fingerprint}"`,
      ...(isRest ? { "content-range": `bytes ${start}-${size - 1}/${size}` } : {}),
    },
    body: createReadStream(file, isRest ? { start } : {}),
  };
}

async function* formOf(
  parts: readonly { field: string; name: string; file: string }[],
  boundary: string,
): AsyncGenerator<Buffer> {
  for (const { field, name, file } of parts) {
    yield Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
    );
    yield* createReadStream(file) as AsyncIterable<Buffer>;
    yield Buffer.from("\r\n");
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}
