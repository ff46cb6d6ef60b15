/** Gathered file: all that is added is in the file, however it comes; the memory of chunks is given back. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { GatheredFile } from "../../../daemon/platform/folders/gathered-file";
import { giveBack } from "../../../daemon/platform/give-back";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-gathered-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const chunkBytes of [700, 65_536, 1 << 20, (1 << 20) + 1, 3_000_000])
  test(`chunks of ${chunkBytes} bytes come to the same file`, () =>
    inFolder(async (folder) => {
      const name = path.join(folder, "file");
      const bytes = randomBytes(3_200_000);
      {
        await using file = await GatheredFile.create(name);
        for (let at = 0; at < bytes.length; at += chunkBytes) {
          const chunk = Buffer.from(bytes.subarray(at, at + chunkBytes));
          await file.add(chunk);
          // What was added is the adder's own again.
          chunk.fill(0);
        }
        await file.written();
        assert.equal(file.writtenBytes, bytes.length);
      }
      assert.ok(readFileSync(name).equals(bytes));
    }));

test("what is said to be written can be read", () =>
  inFolder(async (folder) => {
    const name = path.join(folder, "file");
    await using file = await GatheredFile.create(name);
    await file.add(Buffer.from("some"));
    assert.equal(file.writtenBytes, 0);
    await file.written();
    assert.equal(file.writtenBytes, 4);
    assert.equal(readFileSync(name, "utf8"), "some");
    await file.add(Buffer.from(" more"));
    await file.written();
    assert.equal(readFileSync(name, "utf8"), "some more");
  }));

test("a file that is there is not written over", () =>
  inFolder(async (folder) => {
    const name = path.join(folder, "file");
    await (await GatheredFile.create(name))[Symbol.asyncDispose]();
    await assert.rejects(GatheredFile.create(name), { code: "EEXIST" });
  }));

test("a chunk that is given back is empty, a part of a larger buffer is left alone", () => {
  const whole = Buffer.allocUnsafeSlow(65_536).fill(1);
  giveBack(whole);
  assert.equal(whole.length, 0);
  const large = Buffer.alloc(65_536, 1);
  giveBack(large.subarray(0, 100));
  assert.equal(large.length, 65_536);
});
