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

/** The headers and the body of an export. */
export function exported({ row, main, rootfs }: Stored): { headers: Record<string, string>; body: Readable } {
  const { fingerprint, files } = row;
  const mainName = `${fingerprint}.${compressionOf(files.main).extension}`;
  if (rootfs === undefined)
    return {
      headers: { "content-length": String(row.size), "content-disposition": `inline;filename=${mainName}` },
      body: createReadStream(main),
    };
  const boundary = randomUUID();
  const parts = [
    { field: "metadata", name: `meta-${mainName}`, file: main },
    { field: "rootfs", name: `${fingerprint}.${compressionOf(files.rootfs!).extension}`, file: rootfs },
  ];
  return {
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: Readable.from(formOf(parts, boundary), { objectMode: false }),
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
