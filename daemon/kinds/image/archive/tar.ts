/**
 * Tar: a strict reader of tar headers (ustar, pax, GNU long names and sparse files), for the check before anything is unpacked.
 * It refuses what is unusual rather than guess, since GNU tar unpacks later and must see the same entries.
 */
import { badRequest } from "../../../../sdk/api/errors";

export type TarType = "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo";

export interface TarEntry {
  /** Name as it is in the archive, one character a byte. */
  readonly name: string;
  readonly type: TarType;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that the entry takes in the archive. */
  readonly size: number;
  /** Whether it leaves holes out, so that it is longer on disk than here. */
  readonly isSparse: boolean;
  /** Reads the content, at most once and before the next entry. @param limit bytes beyond which it refuses */
  readonly read: (limit: number) => Promise<Buffer>;
}

const block = 512;
/** Extended headers of one entry hold names and extended attributes; the kernel takes 64 KiB an attribute. */
const maxExtendedBytes = 4 << 20;

export const broken = (cause: string) =>
  badRequest(`Cannot import image: its tarball is broken: ${cause}. Make it again with GNU tar.`);

/** Reads exact amounts from a stream of chunks. What it gives is there until more is read, as its chunks are. */
class Bytes {
  #chunk: Buffer = Buffer.alloc(0);
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const rest = Buffer.from(this.#chunk);
    const { done, value } = await this.#chunks.next();
    if (done === true) {
      this.#chunk = rest;
      return false;
    }
    this.#chunk = rest.length === 0 ? value : Buffer.concat([rest, value]);
    return true;
  }

  /** @returns that many bytes, or undefined when the stream has ended before the first */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#chunk.length < count)
      if (!(await this.#more())) {
        if (this.#chunk.length === 0) return undefined;
        throw broken("it ends in the middle of an entry");
      }
    const taken = this.#chunk.subarray(0, count);
    this.#chunk = this.#chunk.subarray(count);
    return taken;
  }

  async must(count: number): Promise<Buffer> {
    const taken = count === 0 ? Buffer.alloc(0) : await this.take(count);
    if (taken === undefined) throw broken("it ends in the middle of an entry");
    return taken;
  }

  async skip(count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      if (this.#chunk.length === 0 && !(await this.#more())) throw broken("it ends in the middle of an entry");
      const step = Math.min(left, this.#chunk.length);
      this.#chunk = this.#chunk.subarray(step);
      left -= step;
    }
  }

  async drain(): Promise<void> {
    this.#chunk = Buffer.alloc(0);
    while (await this.#more()) this.#chunk = Buffer.alloc(0);
  }
}

const types: Readonly<Record<string, TarType>> = {
  "\0": "file",
  "0": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

const padded = (size: number) => Math.ceil(size / block) * block;

/**
 * Yields every entry of an archive.
 * @param chunks the decompressed archive
 * @throws ApiError BAD_REQUEST when it is truncated, has a wrong checksum, or uses what this reader does not know
 */
export async function* readTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const bytes = new Bytes(chunks);
  let pax = new Map<string, string>();
  let longName: string | undefined;
  let longLink: string | undefined;
  let extendedBytes = 0;
  for (;;) {
    const header = await bytes.take(block);
    if (header === undefined) throw broken("its end is missing");
    if (isZero(header)) {
      const second = await bytes.take(block);
      if (second !== undefined && !isZero(second)) throw broken("it goes on after its end mark");
      if (pax.size > 0 || longName !== undefined || longLink !== undefined)
        throw broken("its last header has no entry");
      return bytes.drain();
    }
    const flag = String.fromCharCode(header[156]!);
    const raw = parseHeader(header);
    if (flag === "x" || flag === "g" || flag === "L" || flag === "K") {
      extendedBytes += block + raw.size;
      if (extendedBytes > maxExtendedBytes) throw broken("the extended headers of an entry are too long");
      const body = (await bytes.must(padded(raw.size))).subarray(0, raw.size);
      if (flag === "x") pax = new Map([...pax, ...parsePax(body)]);
      else if (flag === "g") requireHarmless(parsePax(body));
      else if (flag === "L") longName = longText(body);
      else longLink = longText(body);
      continue;
    }
    let type = types[flag];
    if (type === undefined) throw broken(`it has an entry of the unknown type ${JSON.stringify(flag)}`);
    if (flag === "S") await skipSparseMap(bytes, header);
    const name = pax.get("GNU.sparse.name") ?? pax.get("path") ?? longName ?? raw.name;
    if (type === "file" && name.endsWith("/")) type = "directory";
    const size = pax.has("size") ? decimal(pax.get("size")!) : raw.size;
    if (type !== "file" && size !== 0) throw broken("an entry that is not a file has content");
    let left = size;
    yield {
      name,
      type,
      linkName: pax.get("linkpath") ?? longLink ?? raw.linkName,
      mode: raw.mode,
      uid: pax.has("uid") ? decimal(pax.get("uid")!) : raw.uid,
      gid: pax.has("gid") ? decimal(pax.get("gid")!) : raw.gid,
      size,
      isSparse: flag === "S" || (pax.size > 0 && [...pax.keys()].some((key) => key.startsWith("GNU.sparse."))),
      read: async (limit) => {
        if (size > limit) throw broken(`the entry ${JSON.stringify(name)} is longer than ${limit} bytes`);
        left = 0;
        return Buffer.from((await bytes.must(padded(size))).subarray(0, size));
      },
    };
    if (left > 0) await bytes.skip(padded(size));
    if (pax.size > 0) pax = new Map();
    longName = undefined;
    longLink = undefined;
    extendedBytes = 0;
  }
}

function parseHeader(header: Buffer) {
  const expected = octal(header, 148, 8);
  let sum = 0;
  for (let index = 0; index < block; index += 1) sum += index >= 148 && index < 156 ? 32 : header[index]!;
  if (sum !== expected) throw broken("a header has a wrong checksum");
  const name = field(header, 0, 100);
  const isUstar = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? field(header, 345, 155) : "";
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkName: field(header, 157, 100),
    mode: octal(header, 100, 8) & 0o7777,
    uid: octal(header, 108, 8),
    gid: octal(header, 116, 8),
    size: octal(header, 124, 12),
  };
}

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

/** A text field: up to its first NUL. */
function field(header: Buffer, start: number, length: number): string {
  const text = header.toString("latin1", start, start + length);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** A number: octal digits, or GNU's base 256 when the top bit is set. */
function octal(header: Buffer, start: number, length: number): number {
  if ((header[start]! & 0x80) !== 0) return base256(header.subarray(start, start + length));
  let end = start + length;
  while (end > start && (header[end - 1] === 0 || header[end - 1] === space)) end -= 1;
  let at = start;
  while (at < end && header[at] === space) at += 1;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = header[at]! - digitZero;
    if (digit < 0 || digit > 7) throw broken("a header has a number that is none");
    value = value * 8 + digit;
  }
  return value;
}

const space = 0x20;
const digitZero = 0x30;

function base256(bytes: Buffer): number {
  const value = bytes.reduce((sum, byte, index) => sum * 256n + BigInt(index === 0 ? byte & 0x7f : byte), 0n);
  if ((bytes[0]! & 0x40) !== 0 || value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken("a number is out of range");
  return Number(value);
}

function decimal(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw broken("a header has a number that is none");
  return value;
}

/** The records "<length> <key>=<value>\n" of a pax header. */
function parsePax(body: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : decimal(body.toString("latin1", at, space));
    const end = at + length;
    if (!(end <= body.length) || end <= space || body[end - 1] !== 0x0a)
      throw broken("an extended header is malformed");
    const record = body.toString("latin1", space + 1, end - 1);
    const equals = record.indexOf("=");
    if (equals <= 0) throw broken("an extended header is malformed");
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    if (records.has(key) && naming.has(key)) throw broken("an extended header names its entry twice");
    if (naming.has(key) && (value === "" || value.includes("\0")))
      throw broken("a name is empty or holds a NUL character");
    records.set(key, value);
    at = end;
  }
  return records;
}

/** Records that change which entry it is. */
const naming = new Set(["path", "linkpath", "size", "uid", "gid", "GNU.sparse.name"]);

/** Global headers hold comments (git archive); one that would name or size entries is a trick. */
function requireHarmless(records: Map<string, string>): void {
  for (const key of records.keys())
    if (naming.has(key) || key.startsWith("GNU.") || key.startsWith("SCHILY."))
      throw broken(`a global header sets ${JSON.stringify(key)}`);
}

function longText(body: Buffer): string {
  const text = body.toString("latin1").replace(/\0+$/, "");
  if (text === "" || text.includes("\0")) throw broken("a name is empty or holds a NUL character");
  return text;
}

/** The sparse map of the old GNU form goes on in blocks after the header, before the content. */
async function skipSparseMap(bytes: Bytes, header: Buffer): Promise<void> {
  let isExtended = header[482] !== 0;
  while (isExtended) isExtended = (await bytes.must(block))[504] !== 0;
}
