/** File systems of volumes with a size: their shape. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { shapeOf } from "../../../daemon/kinds/storage-pool/drivers/volume-disk";

/** Blocks that the kernel may write to add 16 groups at once: some of its own, four of each group, and all that are set aside. */
const creditsOf = (reserved: number) => 3 + 16 * 4 + reserved;

test("the journal of an ext4 holds what growing it while it is mounted writes at once", () => {
  for (let bytes = 2 * 2 ** 20; bytes < 2 ** 47; bytes *= 2) {
    const { blockBytes, journal, growth } = shapeOf(bytes);
    const [limit] = growth.flatMap((word) => /^resize=(\d+)$/.exec(word)?.[1] ?? []);
    const most = limit === undefined ? bytes * 1024 : Number(limit) * blockBytes;
    assert.ok(most > bytes, `${bytes} bytes can grow`);
    const groups = most / (blockBytes * 8 * blockBytes);
    const reserved = Math.min(Math.ceil(groups / (blockBytes / 64)), blockBytes / 4);
    assert.ok(creditsOf(reserved) <= (journal * 2 ** 20) / blockBytes / 4, `${bytes} bytes: ${reserved} blocks`);
  }
});
