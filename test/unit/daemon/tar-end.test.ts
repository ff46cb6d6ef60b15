/** Tar end: what GNU tar wrote, without the end that it put there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { withoutEnd } from "../../../daemon/platform/archive/tar-end";
import { tarEnd } from "../../../daemon/platform/archive/tar-writer";

const folder = mkdtempSync(path.join(tmpdir(), "bothy-tar-end-"));
after(() => rmSync(folder, { recursive: true }));

const options = [
  "--format=pax",
  "--sparse",
  "--hole-detection=seek",
  "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
];
const archive = (factor: number) =>
  execFileSync("tar", ["-C", folder, ...options, `--blocking-factor=${factor}`, "-cf", "-", "."], {
    maxBuffer: 64 << 20,
  });

async function stripped(bytes: Buffer, chunkBytes: number): Promise<Buffer> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const parts: Buffer[] = [];
  for await (const part of withoutEnd(chunks())) parts.push(part);
  return Buffer.concat(parts);
}

test("all entries are kept, also a last file of zeros, whatever the size of the chunks", async () => {
  writeFileSync(path.join(folder, "a".repeat(150)), "a long name has a header of its own");
  writeFileSync(path.join(folder, "empty"), "");
  writeFileSync(path.join(folder, "z-zeros"), Buffer.alloc(40_000));
  writeFileSync(path.join(folder, "hole"), "x");
  truncateSync(path.join(folder, "hole"), 9 * 2 ** 30);
  // With this factor the end is two blocks, and nothing more.
  const bytes = archive(1).length - tarEnd.length;
  const whole = archive(128);
  for (const chunkBytes of [1000, 512, 65_536, 1 << 20])
    assert.ok((await stripped(whole, chunkBytes)).equals(whole.subarray(0, bytes)), `in chunks of ${chunkBytes} bytes`);
});

test("an archive that is cut off is none", async () => {
  const whole = archive(1);
  await assert.rejects(stripped(whole.subarray(0, whole.length - 4 * 512), 4096), /has no end/);
});

test("nothing at all is left to whoever knows why", async () => {
  assert.equal((await stripped(Buffer.alloc(0), 1)).length, 0);
});
