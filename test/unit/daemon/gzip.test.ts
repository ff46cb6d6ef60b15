/** Gzip: what is packed in blocks is what every reader unpacks, and the same each time. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { gzipLevel, gzipped } from "../../../daemon/platform/archive/gzip";

const block = 1024 * 1024;

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function pack(bytes: Buffer, chunkBytes = 65_536, level = 6): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of gzipped(inChunks(bytes, chunkBytes), level)) parts.push(part);
  return Buffer.concat(parts);
}

const words = Buffer.from(Array.from({ length: 120_000 }, (_, index) => `line ${index % 997} of a log\n`).join(""));
const contents: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  "one byte": Buffer.from("x"),
  "exactly one block": words.subarray(0, block),
  "exactly two blocks": words.subarray(0, 2 * block),
  text: words,
  "random bytes": randomBytes(3 * block + 17),
  "text, random bytes, text": Buffer.concat([words.subarray(0, block + 5), randomBytes(2 * block), words]),
};

for (const [name, bytes] of Object.entries(contents))
  test(`${name} come back by zlib and by the program gzip, from one member`, async () => {
    const packed = await pack(bytes);
    assert.ok(gunzipSync(packed).equals(bytes));
    assert.ok(execFileSync("gzip", ["-dc"], { input: packed, maxBuffer: 64 << 20 }).equals(bytes));
  });

test("text becomes smaller, and what is random grows by little", async () => {
  assert.ok((await pack(words)).length < words.length / 10);
  assert.ok((await pack(contents["random bytes"]!)).length < contents["random bytes"]!.length * 1.001);
});

test("the same bytes give the same file however they arrive", async () => {
  const first = await pack(words, 65_536);
  assert.ok((await pack(words, 1000)).equals(first));
  assert.ok((await pack(words, words.length)).equals(first));
});

test("a source that fails fails the packing", async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield words;
    throw new Error("the disk is gone");
  }
  await assert.rejects(async () => {
    for await (const _ of gzipped(broken(), 6));
  }, /the disk is gone/);
});

test("levels are ours, and other options the program's", () => {
  assert.equal(gzipLevel([]), 6);
  assert.equal(gzipLevel(["-9"]), 9);
  for (const options of [["--rsyncable"], ["-1", "-9"], ["-12"]]) assert.equal(gzipLevel(options), undefined);
});
