/**
 * Gzip: bytes packed on several processors, by the zlib that comes with Node, which takes half the time of the program gzip. Blocks
 * of a fixed size are packed each for itself, with the end of the one before as their dictionary, and become one member (RFC 1952),
 * so that the same bytes give the same file. A block that cannot be made smaller is stored as it is.
 */
import { availableParallelism } from "node:os";
import type * as Zlib from "node:zlib";

const blockBytes = 256 * 1024;
/** As far back as deflate can refer. */
const windowBytes = 32 * 1024;
const defaultLevel = 6;

/** Of the threads that read files as well. */
const atOnce = Math.min(3, availableParallelism());

/** So much of a block tells whether the rest is worth the time. */
const trialBytes = 8 * 1024;
const trialLevel = 1;
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
  yield header(level);
  let sum = 0;
  let length = 0;
  let before: Buffer | undefined;
  const packing: Promise<Buffer>[] = [];
  for await (const block of blocksOf(source)) {
    sum = zlib.crc32(block, sum);
    length += block.length;
    const packed = pack(zlib, block, before, level);
    // Whoever waits for it below gets the failure.
    packed.catch(() => undefined);
    packing.push(packed);
    before = block.subarray(Math.max(0, block.length - windowBytes));
    if (packing.length > atOnce) yield await packing.shift()!;
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

type Deflate = typeof Zlib;

function deflate({ deflateRaw }: Deflate, bytes: Buffer, options: Zlib.ZlibOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflateRaw(bytes, options, (error, packed) => (error === null ? resolve(packed) : reject(error)));
  });
}

/** The block as deflate has it, up to a whole byte. */
async function pack(zlib: Deflate, block: Buffer, dictionary: Buffer | undefined, level: number): Promise<Buffer> {
  const trial = block.subarray(0, trialBytes);
  const known = dictionary === undefined ? {} : { dictionary };
  const tried = await deflate(zlib, trial, { level: trialLevel, ...known });
  const isWorthwhile = tried.length < trial.length * worthwhile;
  return deflate(zlib, block, {
    level: isWorthwhile ? level : 0,
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    memLevel: zlib.constants.Z_MAX_MEMLEVEL,
    chunkSize: block.length + trialBytes,
    ...known,
  });
}

/** The same bytes in blocks of one size, but for the last. */
async function* blocksOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let block = Buffer.allocUnsafeSlow(blockBytes);
  let filled = 0;
  for await (const chunk of source)
    for (let from = 0; from < chunk.length; ) {
      const taken = chunk.copy(block, filled, from);
      from += taken;
      filled += taken;
      if (filled < blockBytes) continue;
      yield block;
      block = Buffer.allocUnsafeSlow(blockBytes);
      filled = 0;
    }
  if (filled > 0) yield block.subarray(0, filled);
}
