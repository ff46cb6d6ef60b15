/** Compression: how an image file is packed, told by its first bytes, and the host program that unpacks it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { PassThrough, type Readable } from "node:stream";
import { badRequest } from "../../sdk/api/errors";
import { Tail } from "../tail";

interface Row {
  readonly magic: readonly number[];
  readonly at?: number;
  /** End of the file name of an exported image. */
  readonly extension: string;
  /** Program that decompresses standard input to standard output with "-dc"; none for a plain tarball. */
  readonly program?: string;
  /** GNU tar's option for it. */
  readonly tarOption?: string;
}

const rows = {
  gzip: { magic: [0x1f, 0x8b], extension: "tar.gz", program: "gzip", tarOption: "--gzip" },
  bzip2: { magic: [0x42, 0x5a, 0x68], extension: "tar.bz2", program: "bzip2", tarOption: "--bzip2" },
  xz: { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], extension: "tar.xz", program: "xz", tarOption: "--xz" },
  lzma: { magic: [0x5d, 0x00, 0x00], extension: "tar.lzma", program: "lzma", tarOption: "--lzma" },
  zstd: { magic: [0x28, 0xb5, 0x2f, 0xfd], extension: "tar.zst", program: "zstd", tarOption: "--zstd" },
  squashfs: { magic: [0x68, 0x73, 0x71, 0x73], extension: "squashfs" },
  none: { magic: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257, extension: "tar" },
} as const satisfies Record<string, Row>;

export type Compression = keyof typeof rows;

export const compressionOf = (name: Compression): Row => rows[name];

/** @returns how the file is packed @throws ApiError BAD_REQUEST when it is no form that images have */
export async function detectCompression(filePath: string): Promise<Compression> {
  await using file = await open(filePath, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
  const head = buffer.subarray(0, bytesRead);
  for (const [name, row] of Object.entries<Row>(rows)) {
    const at = row.at ?? 0;
    if (row.magic.every((byte, index) => head[at + index] === byte)) return name as Compression;
  }
  throw badRequest(
    "Cannot import image: it is neither a tarball nor a squashfs. Send a tarball, plain or packed by gzip, bzip2, xz, lzma or zstd.",
  );
}

export interface Decompressed {
  readonly stream: Readable;
  /** Resolves when the program ended well, or was stopped. @throws ApiError BAD_REQUEST with what it said about broken data */
  readonly done: () => Promise<void>;
  /** Ends the program early; one that has failed before keeps its failure. */
  readonly stop: () => void;
}

/** Opens a tarball for reading, decompressed by the host's program. */
export async function decompress(filePath: string, compression: Compression): Promise<Decompressed> {
  const { program }: Row = rows[compression];
  const file = await open(filePath, "r");
  if (program === undefined) {
    const stream = file.createReadStream({ highWaterMark: 1 << 18 });
    return { stream, done: async () => undefined, stop: () => stream.destroy() };
  }
  try {
    const child = spawn(program, ["-dc"], { stdio: [file.fd, "pipe", "pipe"] });
    // Taken at once: Node throws away what nobody reads when the program ends.
    const stream = child.stdout!.pipe(new PassThrough({ highWaterMark: 1 << 18 }));
    const complaint = Tail.of(child.stderr!);
    const closed = once(child, "close");
    // Whoever calls done() gets the failure; when nobody does it is no crash.
    closed.catch(() => undefined);
    await started(child, program);
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
        child.stdout!.destroy();
        stream.destroy();
      },
    };
  } finally {
    await file.close();
  }
}

async function started(child: ChildProcess, program: string): Promise<void> {
  try {
    await once(child, "spawn");
  } catch (error) {
    throw badRequest(
      `Cannot import image: the program "${program}" is not installed. Install it, or send the image packed otherwise.`,
      { cause: error },
    );
  }
}
