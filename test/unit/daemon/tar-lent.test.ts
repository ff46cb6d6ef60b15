/** The reader of tarballs on chunks that are lent: each is written over when the next one is asked for. */
import assert from "node:assert/strict";
import test from "node:test";
import { pack } from "tar-stream";
import { readTar } from "../../../daemon/kinds/image/archive/tar";

async function tarball(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: "metadata.yaml" }, "architecture: x86_64\n");
  archive.entry({ name: "rootfs", type: "directory", mode: 0o755 });
  archive.entry({ name: `rootfs/${"long/".repeat(60)}name` }, "x".repeat(3000));
  archive.entry({ name: "rootfs/link", type: "symlink", linkname: "name" });
  archive.entry({ name: "rootfs/last", uid: 1000, gid: 100, mode: 0o640 }, "y".repeat(700));
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(Buffer.from(part as Buffer));
  return Buffer.concat(parts);
}

async function* lent(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(chunkBytes);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield chunk.subarray(0, bytes.copy(chunk, 0, at));
    chunk.fill("?");
  }
}

async function entriesOf(bytes: Buffer, chunkBytes: number): Promise<unknown[]> {
  const entries: unknown[] = [];
  for await (const { read, ...entry } of readTar(lent(bytes, chunkBytes)))
    entries.push({ ...entry, content: entry.size > 0 ? (await read(5000)).toString() : "" });
  return entries;
}

for (const chunkBytes of [1, 100, 511, 512, 513, 1024, 5000])
  test(`a tarball in chunks of ${chunkBytes} bytes has the same entries`, async () => {
    const bytes = await tarball();
    const entries = await entriesOf(bytes, chunkBytes);
    assert.deepEqual(entries, await entriesOf(bytes, bytes.length));
    assert.deepEqual(
      entries.map((entry) => (entry as { content: string }).content.length),
      [21, 0, 3000, 0, 700],
    );
  });
