/** Download: the files of a found image on their way into the scratch folder: counted and hashed as they pass, and resumed where a connection broke. */
import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { type Readable, Transform } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { badRequest, unavailable } from "../../../../sdk/api/errors";
import { beyond, type ImageLimits } from "../archive/limits";
import { receive, scratchFolder, type Upload } from "../archive/upload";
import type { FoundFile, FoundImage } from "./found";
import type { Tell } from "./progress";
import { isBroken, refusedBy, type Web, type WebAnswer, webError } from "./web";

/** How often a file is asked for, in all. */
const mostAttempts = 8;
const pauseMs = 500;
/** However slowly a server sends, it has an end. */
const mostMs = 12 * 60 * 60 * 1000;

export interface DownloadOptions {
  readonly scratch: string;
  readonly limits: ImageLimits;
  readonly signal: AbortSignal;
  readonly tell: Tell;
}

/**
 * Fetches the files of an image.
 * @returns them, with the fingerprint that was promised
 * @throws ApiError BAD_REQUEST for other bytes than were promised, or more; UNAVAILABLE when they cannot be had. Nothing is left of it then
 */
export async function download(web: Web, image: FoundImage, options: DownloadOptions): Promise<Upload> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(mostMs)]);
  try {
    return await fetchAll(web, image, { ...options, signal });
  } catch (error) {
    if (!signal.aborted || options.signal.aborted) throw error;
    throw unavailable(`Cannot download image: it takes longer than ${mostMs / 3_600_000} hours.`, { cause: error });
  }
}

async function fetchAll(web: Web, image: FoundImage, options: DownloadOptions): Promise<Upload> {
  const [first, second] = image.files;
  const begun = image.mayBeForm ? await startOf(web, first, options.signal) : undefined;
  if (begun !== undefined && /^multipart\//i.test(String(begun.headers["content-type"])))
    return requireSame(image, await receiveForm(begun, options), first.url);
  const folder = await scratchFolder(options.scratch);
  try {
    const main = path.join(folder.path, "main");
    const rootfs = second === undefined ? undefined : path.join(folder.path, "rootfs");
    const whole = await new FileDownload(web, first, options, createHash("sha256"), 0).into(main, begun);
    const all =
      second === undefined || rootfs === undefined
        ? whole
        : await new FileDownload(web, second, options, whole.sum, whole.bytes).into(rootfs);
    const upload: Upload = {
      main,
      rootfs,
      fingerprint: all.sum.digest("hex"),
      sizeBytes: all.bytes,
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
    return await requireSame(image, upload, first.url);
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** The answer to a request for a whole file. */
async function startOf(web: Web, { url }: FoundFile, signal: AbortSignal): Promise<WebAnswer> {
  const answer = await web.send(url, { signal });
  if (answer.status === 200) return answer;
  answer.body.on("error", () => undefined).destroy();
  throw refusedBy(url, answer.status);
}

/** A form tells its parts by what it holds, so that it cannot be resumed. */
async function receiveForm(
  { body, headers }: WebAnswer,
  { scratch, limits, signal, tell }: DownloadOptions,
): Promise<Upload> {
  const length = Number(headers["content-length"]) || undefined;
  let bytes = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      tell({ bytes, of: length });
      done(null, chunk);
    },
  });
  body.on("error", (error) => counted.destroy(error));
  body.pipe(counted);
  try {
    return await receive(counted, { "content-type": String(headers["content-type"]) }, scratch, limits);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    body.on("error", () => undefined).destroy();
  }
}

async function requireSame({ fingerprint }: FoundImage, upload: Upload, url: string): Promise<Upload> {
  if (upload.fingerprint === fingerprint) return upload;
  await upload[Symbol.asyncDispose]();
  throw badRequest(
    `Cannot download image: what "${url.replace(/\?.*/s, "")}" gives has the fingerprint ${upload.fingerprint}, not ${fingerprint}. The server tells the wrong one, or somebody changed the bytes on their way.`,
  );
}

interface Got {
  /** Over this file and those before it. */
  readonly sum: Hash;
  /** Of this file and those before it. */
  readonly bytes: number;
}

/** One file; it begins anew when the server cannot go on in the middle. */
class FileDownload {
  #at = 0;
  #own = createHash("sha256");
  #sum: Hash;
  #etag: string | undefined;

  /** @param sum over the files before it @param before their bytes */
  constructor(
    private readonly web: Web,
    private readonly file: FoundFile,
    private readonly options: DownloadOptions,
    private readonly sum: Hash,
    private readonly before: number,
  ) {
    this.#sum = sum.copy();
  }

  /** @param begun the answer to a request that was sent already */
  async into(target: string, begun?: WebAnswer): Promise<Got> {
    const { signal } = this.options;
    await using handle = await open(target, "wx", 0o600);
    let next = begun;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#store(next ?? (await this.#ask()), handle);
        this.#requirePromised();
        return { sum: this.#sum, bytes: this.before + this.#at };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const mayGoOn = isBroken(error) && attempt < mostAttempts;
        if (!mayGoOn) throw isBroken(error) ? webError(new URL(this.file.url), error) : error;
        next = undefined;
        await pause(pauseMs * attempt, undefined, { signal });
      }
    }
  }

  async #ask(): Promise<WebAnswer> {
    const { url } = this.file;
    if (this.#at === 0) return startOf(this.web, this.file, this.options.signal);
    const headers = {
      range: `bytes=${this.#at}-`,
      ...(this.#etag === undefined ? {} : { "if-range": this.#etag }),
    };
    const answer = await this.web.send(url, { headers, signal: this.options.signal });
    const isRest = answer.status === 206 && String(answer.headers["content-range"]).startsWith(`bytes ${this.#at}-`);
    if (isRest || answer.status === 200) return answer;
    answer.body.on("error", () => undefined).destroy();
    if (answer.status !== 206 && answer.status !== 416) throw refusedBy(url, answer.status);
    // It has another idea of the file.
    this.#at = 0;
    this.#etag = undefined;
    return startOf(this.web, this.file, this.options.signal);
  }

  /** Writes what comes. @throws Error with the code of a broken connection when less comes than was promised */
  async #store({ status, headers, body }: WebAnswer, handle: FileHandle): Promise<void> {
    const { sizeBytes } = this.file;
    if (status === 200) {
      this.#at = 0;
      this.#own = createHash("sha256");
      this.#sum = this.sum.copy();
      await handle.truncate(0);
    }
    const { etag } = headers;
    this.#etag = typeof etag === "string" && !etag.startsWith("W/") ? etag : undefined;
    const told = Number(headers["content-length"]);
    const all = sizeBytes ?? (Number.isNaN(told) ? undefined : this.#at + told);
    try {
      for await (const chunk of body as Readable & AsyncIterable<Buffer>) {
        this.#requireRoom(chunk.length);
        await writeAll(handle, chunk, this.#at);
        this.#own.update(chunk);
        this.#sum.update(chunk);
        this.#at += chunk.length;
        this.options.tell({ part: this.file.part, bytes: this.#at, of: all });
      }
    } finally {
      body.on("error", () => undefined).destroy();
    }
    if (sizeBytes !== undefined && this.#at < sizeBytes)
      throw Object.assign(new Error("It ended early."), { code: "ECONNRESET" });
  }

  #requireRoom(more: number): void {
    const { sizeBytes, url } = this.file;
    const bytes = this.#at + more;
    if (sizeBytes !== undefined && bytes > sizeBytes)
      throw badRequest(
        `Cannot download image: "${url}" has more than the ${sizeBytes} bytes that the server's list says.`,
      );
    const { limits } = this.options;
    if (this.before + bytes > limits.size.value) throw beyond(limits, "size", "it has more bytes");
  }

  #requirePromised(): void {
    const { sha256, url } = this.file;
    const own = this.#own.copy().digest("hex");
    if (sha256 !== undefined && own !== sha256)
      throw badRequest(
        `Cannot download image: "${url}" has the SHA-256 ${own}, and the server's list says ${sha256}. The server is being updated, or somebody changed the bytes on their way. Try again later.`,
      );
  }
}

/** On a disk that is almost full a write may take a part. */
async function writeAll(handle: FileHandle, chunk: Buffer, at: number): Promise<void> {
  for (let done = 0; done < chunk.length; )
    done += (await handle.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
}
