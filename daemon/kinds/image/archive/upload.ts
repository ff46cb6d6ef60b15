/** Upload: the bytes of an image on their way into the scratch folder, hashed as they pass. */
import { createHash, type Hash, randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import { GatheredFile } from "../../../platform/folders/gathered-file";
import { giveBack } from "../../../platform/give-back";
import { storeChecked } from "./early-check";
import { beginCheck, type UploadedFiles } from "./inspect";
import { beyond, type ImageLimits } from "./limits";

/** Image files in a folder of their own below the scratch folder. Dispose of it when they are stored, or will not be. */
export interface Upload extends UploadedFiles, AsyncDisposable {
  /** SHA-256 over the exact bytes: the one file, or metadata then root. */
  readonly fingerprint: string;
  readonly sizeBytes: number;
}

/** All scratch entries of images begin so; start-up removes those that a killed daemon left. */
export const scratchPrefix = "image-";

/** Makes a folder for unfinished work. */
export async function scratchFolder(scratch: string): Promise<{ path: string } & AsyncDisposable> {
  const folder = path.join(scratch, `${scratchPrefix}${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * Stores a request's body: one tarball, or a multipart form of the parts "metadata" and "rootfs" in this order.
 * The body is not destroyed by a refusal, which is still to be sent on its connection. Its chunks are used up.
 * @throws ApiError BAD_REQUEST when the form is another one, or longer than an image may unpack to; whatever the connection throws when it breaks
 */
export async function receive(
  body: Readable,
  headers: IncomingHttpHeaders,
  scratch: string,
  limits: ImageLimits,
): Promise<Upload> {
  const folder = await scratchFolder(scratch);
  try {
    const meter = new Meter(limits);
    const main = path.join(folder.path, "main");
    const isForm = /^multipart\//i.test(headers["content-type"] ?? "");
    const rootfs = isForm ? path.join(folder.path, "rootfs") : undefined;
    let check: Upload["check"];
    if (rootfs === undefined)
      check = await storeChecked(
        body.iterator({ destroyOnReturn: false }),
        main,
        (chunk) => meter.count(chunk),
        () => beginCheck(main, limits),
      );
    else await receiveForm(body, headers, meter, { metadata: main, rootfs });
    if (meter.sizeBytes === 0)
      throw badRequest("Cannot import image: the request has no content. Send the image's tarball as its body.");
    const dispose = async () => {
      await check?.[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    };
    return { main, rootfs, check, ...meter.result(), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** Hashes a file that is in the scratch folder already. */
export async function adopt(file: Readable, main: string): Promise<Omit<Upload, keyof AsyncDisposable>> {
  const meter = new Meter();
  for await (const chunk of file) {
    meter.count(chunk as Buffer);
    giveBack(chunk as Buffer);
  }
  return { main, ...meter.result() };
}

/** Counts and hashes what passes. */
class Meter {
  readonly #hash: Hash = createHash("sha256");
  sizeBytes = 0;

  /** @param limits none for a file of the daemon's own */
  constructor(private readonly limits?: ImageLimits) {}

  count(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.sizeBytes += chunk.length;
    if (this.limits !== undefined && this.sizeBytes > this.limits.size.value)
      throw beyond(this.limits, "size", "it has more bytes");
  }

  async store(source: Readable, filePath: string): Promise<void> {
    await using file = await GatheredFile.create(filePath);
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      this.count(chunk as Buffer);
      await file.add(chunk as Buffer);
    }
    await file.written();
  }

  result(): { fingerprint: string; sizeBytes: number } {
    return { fingerprint: this.#hash.digest("hex"), sizeBytes: this.sizeBytes };
  }
}

/** What the sender did wrong; a failing disk is not that. */
function malformed(error: unknown): Error {
  if (ApiError.is(error)) return error;
  if (error instanceof Error && "syscall" in error) return error;
  const cause = error instanceof Error ? error.message : String(error);
  return badRequest(`Cannot import image: the form is malformed: ${cause}. Send it again.`, { cause: error });
}

/** Two parts are wanted; what is more, or longer, is held in memory only as far as it takes to refuse it. */
const formLimits = {
  fieldNameSize: 256,
  fieldSize: 1024,
  fields: 2,
  files: 4,
  parts: 4,
  headerPairs: 32,
  headerSize: 8192,
};

function formParser(headers: IncomingHttpHeaders): InstanceType<typeof Busboy> {
  try {
    return new Busboy({ headers: { ...headers, "content-type": headers["content-type"] ?? "" }, limits: formLimits });
  } catch (error) {
    throw malformed(error);
  }
}

async function receiveForm(
  body: Readable,
  headers: IncomingHttpHeaders,
  meter: Meter,
  paths: Readonly<{ metadata: string; rootfs: string }>,
): Promise<void> {
  const form = formParser(headers);
  const expected: (keyof typeof paths)[] = ["metadata", "rootfs"];
  let storing: Promise<void> = Promise.resolve();
  let problem: Error | undefined;
  const refusePart = (name: string, next: string | undefined) => {
    problem ??= badRequest(
      name === "rootfs.img"
        ? "Cannot import image: it is one of a virtual machine. Send an image of a container."
        : `Cannot import image: the form has the part ${JSON.stringify(name.slice(0, 100))} where ${JSON.stringify(next ?? "its end")} belongs. Send "metadata", then "rootfs", each as a file.`,
    );
  };
  form.on("field", (name) => refusePart(name, expected[0]));
  form.on("partsLimit", () => {
    problem ??= malformed(new Error("it has too many parts"));
  });
  form.on("file", (name, stream) => {
    const next = expected.shift();
    // The part may break before its turn to be stored comes.
    stream.on("error", (error) => {
      problem ??= malformed(error);
    });
    if (name !== next) {
      refusePart(name, next);
      stream.resume();
      return;
    }
    // Parts come one after the other, so that one hash runs over both.
    storing = storing.then(() => meter.store(stream, paths[next]));
    storing.catch((error: Error) => {
      problem ??= malformed(error);
      form.destroy(error);
    });
  });
  try {
    await pipeline(body.iterator({ destroyOnReturn: false }), form);
    await storing;
  } catch (error) {
    throw problem ?? malformed(error);
  }
  if (problem !== undefined) throw problem;
  if (expected.length > 0)
    throw badRequest(`Cannot import image: the form lacks the part "${expected[0]}". Send "metadata", then "rootfs".`);
}
