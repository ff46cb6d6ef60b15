/** Tar end: an archive of GNU tar without its end, so that others may follow it. The end is as long as tar's record is large, and files may end in zeros too, so headers tell. */
import { internal } from "../../../sdk/api/errors";

const blockBytes = 512;
const sizeAt = 124;
const typeAt = 156;
const zeros = Buffer.alloc(blockBytes);

/** @throws ApiError INTERNAL for an archive that has no end */
export async function* withoutEnd(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const walk = new Walk();
  for await (const chunk of chunks) yield* walk.passed(chunk);
  // A tar that failed says why itself.
  if (!walk.isUntouched && !walk.isAtEnd) throw internal("Cannot pack: the archive has no end.");
}

class Walk {
  isUntouched = true;
  isAtEnd = false;
  /** Of the entry's content, up to the next header. */
  #left = 0;
  /** Part of a header, held back since it may be the end. */
  #held: Buffer = Buffer.alloc(0);
  /** Content of a pax header, which may tell the size of the entry that follows. */
  #records: Buffer[] | undefined;
  #nextSize: number | undefined;

  /** The parts of a chunk that are before the end. */
  *passed(chunk: Buffer): Generator<Buffer> {
    this.isUntouched &&= chunk.length === 0;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    while (!this.isAtEnd && at < bytes.length) {
      if (this.#left === 0 && bytes.length - at < blockBytes) break;
      at = this.#left > 0 ? this.#content(bytes, at) : this.#header(bytes, at);
    }
    this.#held = this.isAtEnd ? Buffer.alloc(0) : bytes.subarray(at);
    if (at > 0) yield bytes.subarray(0, at);
  }

  #content(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    // A copy: the chunk is passed on.
    this.#records?.push(Buffer.from(bytes.subarray(at, end)));
    this.#left -= end - at;
    if (this.#left === 0 && this.#records !== undefined) {
      this.#nextSize = sizeIn(Buffer.concat(this.#records));
      this.#records = undefined;
    }
    return end;
  }

  #header(bytes: Buffer, at: number): number {
    const header = bytes.subarray(at, at + blockBytes);
    if (header.equals(zeros)) {
      this.isAtEnd = true;
      return at;
    }
    const isPax = header[typeAt] === "x".charCodeAt(0);
    const size = isPax ? numberIn(header) : (this.#nextSize ?? numberIn(header));
    this.#nextSize = undefined;
    this.#records = isPax ? [] : undefined;
    this.#left = Math.ceil(size / blockBytes) * blockBytes;
    return at + blockBytes;
  }
}

const numberIn = (header: Buffer): number => Number.parseInt(header.toString("latin1", sizeAt, sizeAt + 12), 8) || 0;

/** The size that pax records tell: of what is larger than the 8 GiB of a header's field. Each is its own length, a space, key=value and a line break. */
function sizeIn(records: Buffer): number | undefined {
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(" ", at);
    const length = Number.parseInt(records.toString("latin1", at, space), 10);
    if (space < 0 || !(length > 0)) return undefined;
    const record = records.toString("latin1", space + 1, at + length - 1);
    if (record.startsWith("size=")) return Number(record.slice("size=".length));
    at += length;
  }
  return undefined;
}
