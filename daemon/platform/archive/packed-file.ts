/** Packed file: bytes on their way through a compressor into a file, hashed and counted. Nothing is held in memory but what is on its way. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { compressionForms, compressionWords } from "../../../sdk/api/compression";
import { badRequest, internal } from "../../../sdk/api/errors";
import { findProgram } from "../../../sdk/host/program";
import { confined } from "../processes/confine";
import { Tail } from "../processes/tail";
import { gzipLevel, gzipped } from "./gzip";

/** @param algorithm such as "gzip" or "zstd -19" @throws ApiError BAD_REQUEST for one that is not known, or not installed */
export function requireCompression(algorithm: string): void {
  const words = compressionWords(algorithm);
  if (words === undefined)
    throw badRequest(`Invalid compression algorithm ${JSON.stringify(algorithm)}. Use ${compressionForms}.`);
  if (words.program !== "none" && findProgram(words.program) === undefined)
    throw badRequest(
      `Invalid compression algorithm ${JSON.stringify(algorithm)}: the program "${words.program}" is not installed. Install it, or use another one.`,
    );
}

export interface PackedFile {
  readonly fingerprint: string;
  readonly sizeBytes: number;
}

export interface PackOptions {
  readonly algorithm: string;
  readonly signal: AbortSignal;
  /** Told of each chunk before it is packed; throws to stop. */
  readonly count?: (bytes: number) => void;
}

/**
 * Writes a new file; one that is not finished is left to the caller to remove.
 * @returns the SHA-256 of the file's bytes, and how many they are
 * @throws ApiError; whatever the source throws; the signal's reason when it aborts
 */
export async function writePacked(
  source: AsyncIterable<Buffer>,
  filePath: string,
  { algorithm, signal, count }: PackOptions,
): Promise<PackedFile> {
  requireCompression(algorithm);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      count?.(chunk.length);
      yield chunk;
    }
  };
  const target = createWriteStream(filePath, { mode: 0o600, flags: "wx" });
  const { program, options } = compressionWords(algorithm)!;
  const level = program === "gzip" ? gzipLevel(options) : undefined;
  if (program === "none") await pipeline(counted, meter, target, { signal });
  else if (level !== undefined) await pipeline(gzipped(counted(), level), meter, target, { signal });
  else
    await throughProgram(counted, [program, options], (packed) => pipeline(packed, meter, target, { signal }), signal);
  return { fingerprint: hash.digest("hex"), sizeBytes };
}

/** Programs that write the time of their work into it, unless told not to. */
const reproducible: ReadonlySet<string> = new Set(["gzip", "pigz"]);

async function throughProgram(
  source: () => AsyncIterable<Buffer>,
  [program, options]: readonly [string, readonly string[]],
  store: (packed: Readable) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const args = ["-c", ...options, ...(reproducible.has(program) ? ["-n"] : [])];
  const child = spawn(...confined(program, args, {}), { stdio: ["pipe", "pipe", "pipe"] });
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  // Whoever waits for it below gets the failure.
  closed.catch(() => undefined);
  const complaint = Tail.of(child.stderr);
  const failures: unknown[] = [];
  const failed = (error: unknown) => {
    failures.push(error);
    child.kill("SIGKILL");
  };
  await Promise.all([pipeline(source, child.stdin, { signal }).catch(failed), store(child.stdout).catch(failed)]);
  const [code] = await closed;
  signal.throwIfAborted();
  if (code !== 0 && failures.every(isBrokenPipe))
    throw internal(`Cannot pack: "${program}" failed: ${complaint.text || `exit code ${code}`}`);
  if (failures.length > 0) throw failures.find((error) => !isBrokenPipe(error)) ?? failures[0];
}

/** What the end of the program does to whoever still writes to it. */
const isBrokenPipe = (error: unknown): boolean =>
  ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET"].includes((error as NodeJS.ErrnoException).code ?? "");
