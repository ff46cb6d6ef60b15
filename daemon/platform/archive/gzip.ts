/**
 * Gzip: bytes packed on several processors, by the zlib that comes with Node, which takes half the time of the program gzip. Blocks
 * of a fixed size are packed each for itself and become one member (RFC 1952), so that the same bytes give the same file. A block
 * that cannot be made smaller is stored as it is.
 */
import { availableParallelism } from "node:os";
import type * as Zlib from "node:zlib";

/** So large that it hardly matters that a block refers to nothing before it. */
const blockBytes = 1024 * 1024;
const defaultLevel = 6;

/** Of the threads that read files as well. */
const atOnce = Math.min(3, availableParallelism());

/** So much of a block tells whether the rest is worth the time. */
const trialBytes = 16 * 1024;
const trialLevel = 1;
const storedLevel = 0;
/** What is larger after the trial is random, or packed already. */
const worthwhile = 0.97;

/** The last block, with nothing in it. */
const lastBlock = Buffer.from([0x03, 0x00]);

/** @param options of the program gzip @returns the level that they ask for, or nothing when only the program knows them */
export function gzipLevel(options: readonly string[]): number | undefined {
  if (options.length === 0) return defaultLevel;
  const level = options.length === 1 ? /^-([1-9])$/.exec(options[0] ?? "")?.[1] : undefined;
  return level === undefined ? undefined : Number(level);
}

/** @param level 1 to 9 */
export async function* gzipped(source: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  // Not before: who makes no backup does not pay for it at every start.
  const zlib = await import("node:zlib");
  const packers = Array.from({ length: atOnce }, () => new Packer(zlib, level));
  try {
    yield header(level);
    yield* bodyOf(zlib, source, packers);
  } finally {
    for (const packer of packers) packer.close();
  }
}

async function* bodyOf(
  zlib: typeof Zlib,
  source: AsyncIterable<Buffer>,
  packers: readonly Packer[],
): AsyncGenerator<Buffer> {
  let sum = 0;
  let length = 0;
  let count = 0;
  const packing: Promise<Buffer>[] = [];
  for await (const block of blocksOf(source, packers.length)) {
    sum = zlib.crc32(block, sum);
    length += block.length;
    const packed = packers[count++ % packers.length]!.pack(block);
    // Whoever waits for it below gets the failure.
    packed.catch(() => undefined);
    packing.push(packed);
    if (packing.length === packers.length) yield await packing.shift()!;
  }
  for (const packed of packing) yield await packed;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(sum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield Buffer.concat([lastBlock, trailer]);
}

/** No name, no time: as `gzip -n` has it. */
function header(level: number): Buffer {
  const [slowest, fastest] = [2, 4];
  const extra = level === 9 ? slowest : level === 1 ? fastest : 0;
  const unix = 3;
  return Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extra, unix]);
}

/** Packs one block after the other. It lives as long as the file: what zlib needs is half a megabyte, which V8 would have to collect for every block. */
class Packer {
  readonly #stream: Zlib.DeflateRaw;
  readonly #parts: Buffer[] = [];
  #failed: (error: Error) => void = () => undefined;

  constructor(
    private readonly zlib: typeof Zlib,
    private readonly level: number,
  ) {
    const { Z_MAX_MEMLEVEL: memLevel } = zlib.constants;
    this.#stream = zlib.createDeflateRaw({ level: trialLevel, memLevel, chunkSize: blockBytes / 4 });
    this.#stream.on("data", (part: Buffer) => this.#parts.push(part));
    this.#stream.on("error", (error) => this.#failed(error));
  }

  /** @returns the block as deflate has it, up to a whole byte */
  async pack(block: Buffer): Promise<Buffer> {
    const trial = block.subarray(0, trialBytes);
    const isWorthwhile = (await this.#deflate(trial, trialLevel)).length < trial.length * worthwhile;
    return this.#deflate(block, isWorthwhile ? this.level : storedLevel);
  }

  #deflate(bytes: Buffer, level: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      const { Z_DEFAULT_STRATEGY, Z_SYNC_FLUSH } = this.zlib.constants;
      this.#stream.reset();
      this.#stream.params(level, Z_DEFAULT_STRATEGY, () => {
        this.#stream.write(bytes);
        this.#stream.flush(Z_SYNC_FLUSH, () => resolve(Buffer.concat(this.#parts.splice(0))));
      });
    });
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** The same bytes in blocks of one size, but for the last. @param held how many of them the caller uses at a time */
async function* blocksOf(source: AsyncIterable<Buffer>, held: number): AsyncGenerator<Buffer> {
  const blocks = Array.from({ length: held + 1 }, () => Buffer.allocUnsafeSlow(blockBytes));
  let turn = 0;
  let filled = 0;
  for await (const chunk of source)
    for (let from = 0; from < chunk.length; ) {
      const block = blocks[turn]!;
      const taken = chunk.copy(block, filled, from);
      from += taken;
      filled += taken;
      if (filled < blockBytes) continue;
      yield block;
      turn = (turn + 1) % blocks.length;
      filled = 0;
    }
  if (filled > 0) yield blocks[turn]!.subarray(0, filled);
}
