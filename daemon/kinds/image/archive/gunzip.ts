/**
 * Gunzip: what is packed by gzip, unpacked by the zlib that comes with Node, in half the processor time of the program gzip. What
 * unpacks the image afterwards is that program, so all that it would refuse is refused here.
 */
import type { TransformOptions } from "node:stream";
import type { Gunzip, ZlibOptions } from "node:zlib";
import { badRequest } from "../../../../sdk/api/errors";
import { giveBack } from "../../../platform/give-back";
import type { Decompressed } from "./decompressed";

const chunkBytes = 1 << 20;
/** Several chunks are unpacked while their reader is busy with what came before. */
const options: ZlibOptions & TransformOptions = { chunkSize: chunkBytes, readableHighWaterMark: 4 * chunkBytes };

/** To be called where it is confined. */
export async function gunzipped(packed: AsyncIterable<Buffer>): Promise<Decompressed> {
  // Not before: the daemon itself has no use for it.
  const { createGunzip } = await import("node:zlib");
  const stream = createGunzip(options);
  let isStopped = false;
  let hasFailed = false;
  stream.on("error", () => {
    hasFailed = true;
  });
  const fed = feed(stream, packed);
  // Whoever calls done() gets the failure; when nobody does it is not a crash.
  fed.catch(() => undefined);
  return {
    stream: lent(stream),
    done: async () => {
      // What has been stopped may wait for bytes that are still to come.
      if (isStopped && !hasFailed) return;
      await fed.catch((error: unknown) => Promise.reject(brokenBy(error)));
    },
    stop: () => {
      isStopped = true;
      stream.destroy();
    },
  };
}

/** Passes chunks on and gives back each buffer that they are parts of when its last one was read: zlib has begun another one by then. */
async function* lent(stream: Gunzip): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield chunk;
    // Small ones may be parts of a buffer that the whole program shares.
    const { buffer, byteOffset, length } = chunk;
    if (buffer.byteLength === chunkBytes && byteOffset + length === chunkBytes) giveBack(Buffer.from(buffer));
  }
}

const brokenBy = (error: unknown) =>
  badRequest(`Cannot import image: it is broken: gzip: ${(error as Error).message}. Send it again.`);

/** Resolves when all of it is unpacked. Of what follows the last member only zeros are passed over, as gzip has it. */
async function feed(gunzip: Gunzip, packed: AsyncIterable<Buffer>): Promise<void> {
  let failed: (error: Error) => void = () => undefined;
  gunzip.on("error", (error) => failed(error));
  gunzip.on("close", () => failed(new Error("it was stopped")));
  const done = (step: (told: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      failed = reject;
      step((error) => (error ? reject(error) : resolve()));
    });
  let given = 0;
  let isOver = false;
  for await (const chunk of packed) {
    if (!isOver) {
      given += chunk.length;
      await done((told) => gunzip.write(chunk, told));
    }
    const left: number = isOver ? chunk.length : given - gunzip.bytesWritten;
    isOver ||= left > 0;
    if (chunk.subarray(chunk.length - left).some((byte) => byte !== 0)) throw new Error("trailing garbage");
  }
  if (isOver) return;
  // Not by what end() calls back: that is before the last bytes are unpacked.
  await done((told) => {
    gunzip.once("end", () => told());
    gunzip.end();
  });
}
