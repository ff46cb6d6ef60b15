/** Gunzip: it takes what the program gzip takes, which unpacks afterwards, and nothing else. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { deflateRawSync, gzipSync } from "node:zlib";
import { gunzipped } from "../../../daemon/kinds/image/archive/gunzip";

async function* chunksOf(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** @returns what it unpacks to @throws ApiError as the check does */
async function unpacked(bytes: Buffer, chunkBytes: number): Promise<Buffer> {
  const { stream, done, stop } = await gunzipped(chunksOf(bytes, chunkBytes));
  const parts: Buffer[] = [];
  try {
    for await (const part of stream) parts.push(Buffer.from(part));
  } catch {
    stop();
  }
  await done();
  return Buffer.concat(parts);
}

const text = Buffer.concat([Buffer.from("a text ".repeat(1000)), randomBytes(400_000)]);
const packed = gzipSync(text);
const zeros = Buffer.alloc(3000);

/** By the flags of its header: 2 is a sum of the header, 4 more fields, 8 a name, 16 a comment. */
function withHeader(flags: number, fields: Buffer): Buffer {
  const trailer = packed.subarray(-8);
  return Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]), fields, deflateRawSync(text), trailer]);
}

const flip = (at: number) => {
  const bytes = Buffer.from(packed);
  bytes[at]! ^= 1;
  return bytes;
};

const files: Readonly<Record<string, Buffer>> = {
  "one member": packed,
  "two members": Buffer.concat([packed, packed]),
  "an empty member before another": Buffer.concat([gzipSync(""), packed]),
  "zeros after it": Buffer.concat([packed, zeros]),
  "one zero after it": Buffer.concat([packed, Buffer.alloc(1)]),
  "zeros, and then another member": Buffer.concat([packed, zeros, packed]),
  "zeros, and then anything": Buffer.concat([packed, zeros, Buffer.from("x")]),
  "garbage after it": Buffer.concat([packed, Buffer.from("garbage")]),
  "half a magic after it": Buffer.concat([packed, Buffer.from([0x1f])]),
  "its end missing": packed.subarray(0, -10),
  "half its sum missing": packed.subarray(0, -6),
  "a wrong sum": flip(packed.length - 6),
  "a wrong length": flip(packed.length - 1),
  "a wrong byte": flip(packed.length >> 1),
  "a name": withHeader(8, Buffer.from("name\0")),
  "more fields and a comment": withHeader(4 + 16, Buffer.from("\x04\0abcdcomment\0", "latin1")),
  "reserved flags": withHeader(0x80, Buffer.alloc(0)),
  "its header alone": packed.subarray(0, 10),
};

const refused = { code: "BAD_REQUEST", message: /^Cannot import image: it is broken: gzip: / };

for (const [what, bytes] of Object.entries(files))
  test(`a file with ${what} is unpacked as gzip does it, or refused`, async () => {
    const { status, stdout } = spawnSync("gzip", ["-dc"], { input: bytes, maxBuffer: 64 << 20 });
    for (const chunkBytes of [511, packed.length, packed.length + 1, bytes.length])
      if (status === 0) assert.ok((await unpacked(bytes, chunkBytes)).equals(stdout), `in chunks of ${chunkBytes}`);
      else await assert.rejects(unpacked(bytes, chunkBytes), refused, `in chunks of ${chunkBytes}`);
  });

test("a member that only compress could have made is refused, where gzip takes it", async () => {
  const other = Buffer.from([0x1f, 0x9d, 0x90, 0, 0, 0, 0]);
  await assert.rejects(unpacked(Buffer.concat([packed, other]), 511), refused);
});
