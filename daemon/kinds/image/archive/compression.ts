/** Compression: how an image file is packed, told by its first bytes, and what unpacks it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { PassThrough, type Writable } from "node:stream";
import { badRequest } from "../../../../sdk/api/errors";
import { findProgram } from "../../../../sdk/host/program";
import { Tail } from "../../../platform/processes/tail";
import type { Decompressed } from "./decompressed";
import { gunzipped } from "./gunzip";
import { handOver } from "./hand-over";
import { limited } from "./limited";

interface Row {
  readonly magic: readonly number[];
  readonly at?: number;
  /** End of the file name of an exported image. */
  readonly extension: string;
  /** Program and options that decompress standard input to standard output; none for a plain tarball. */
  readonly command?: readonly [program: string, ...options: string[]];
}

/** Of a decompressor; a dictionary of xz -9 takes an eighth of it. */
export const decompressorBytes = 768 * 1024 * 1024;
const xzLimit = "--memlimit-decompress=512MiB";

const rows = {
  gzip: { magic: [0x1f, 0x8b], extension: "tar.gz", command: ["gzip", "-dc"] },
  bzip2: { magic: [0x42, 0x5a, 0x68], extension: "tar.bz2", command: ["bzip2", "-dc"] },
  xz: { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], extension: "tar.xz", command: ["xz", "-dc", xzLimit] },
  lzma: { magic: [0x5d, 0x00, 0x00], extension: "tar.lzma", command: ["xz", "--format=lzma", "-dc", xzLimit] },
  zstd: { magic: [0x28, 0xb5, 0x2f, 0xfd], extension: "tar.zst", command: ["zstd", "-dc"] },
  squashfs: { magic: [0x68, 0x73, 0x71, 0x73], extension: "squashfs" },
  none: { magic: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257, extension: "tar" },
} as const satisfies Record<string, Row>;

export type Compression = keyof typeof rows;

export const compressionOf = (name: Compression): Row => rows[name];

/** Bytes of a file's beginning that tell how it is packed. */
export const headBytes = 512;

/** @returns how the file is packed @throws ApiError BAD_REQUEST when it is not a form that images have */
export async function detectCompression(filePath: string): Promise<Compression> {
  const found = await knownCompression(filePath);
  if (found !== undefined) return found;
  throw badRequest(
    "Cannot import image: it is neither a tarball nor a squashfs. Send a tarball, plain or packed by gzip, bzip2, xz, lzma or zstd.",
  );
}

/** The same; nothing when it is not a form that images have. */
export async function knownCompression(filePath: string): Promise<Compression | undefined> {
  await using file = await open(filePath, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  const head = buffer.subarray(0, bytesRead);
  for (const [name, row] of Object.entries<Row>(rows)) {
    const at = row.at ?? 0;
    if (row.magic.every((byte, index) => head[at + index] === byte)) return name as Compression;
  }
  return undefined;
}

/** Decompresses a tarball: gzip here, all others by the host's program. To be called where that is confined. */
export async function decompress(packed: AsyncIterable<Buffer>, compression: Compression): Promise<Decompressed> {
  if (compression === "gzip") return gunzipped(packed);
  const { command }: Row = rows[compression];
  return command === undefined ? asItIs(packed) : throughProgram(packed, command);
}

const asItIs = (packed: AsyncIterable<Buffer>): Decompressed => ({
  stream: packed,
  done: async () => undefined,
  stop: () => undefined,
});

function throughProgram(
  packed: AsyncIterable<Buffer>,
  [program, ...options]: readonly [string, ...string[]],
): Decompressed {
  if (findProgram(program) === undefined)
    throw badRequest(
      `Cannot import image: the program "${program}" is not installed. Install it, or send the image packed otherwise.`,
    );
  const child = spawn(...limited(program, options, decompressorBytes), { stdio: ["pipe", "pipe", "pipe"] });
  void feed(child.stdin, packed);
  // Taken at once: Node throws away what nobody reads when the program ends.
  const stream = child.stdout.pipe(new PassThrough({ highWaterMark: 1 << 18 }));
  const complaint = Tail.of(child.stderr);
  const closed = once(child, "close");
  // Whoever calls done() gets the failure; when nobody does it is not a crash.
  closed.catch(() => undefined);
  return {
    stream,
    done: async () => {
      const [code, signal] = await closed;
      if (code !== 0 && signal !== "SIGKILL")
        throw badRequest(
          `Cannot import image: it is broken: ${complaint.text.replaceAll("\n", "; ") || `${program} failed`}. Send it again.`,
        );
    },
    stop: () => {
      child.kill("SIGKILL");
      // Else what is left unread keeps the child from being closed.
      child.stdout.destroy();
      stream.destroy();
    },
  };
}

/** A program that ended early takes no more; its exit code tells why. */
async function feed(stdin: Writable, packed: AsyncIterable<Buffer>): Promise<void> {
  stdin.on("error", () => undefined);
  for await (const chunk of packed) {
    if (!stdin.writable) return;
    await handOver(stdin, chunk);
  }
  stdin.end();
}
