/** What only the overlay driver promises: layers that live as long as their users, clones without a program. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { PoolPlace } from "../../daemon/kinds/storage-pool/driver";
import { overlay } from "../../daemon/kinds/storage-pool/drivers/overlay";
import {
  container,
  crashBefore,
  driversHere,
  filledBy,
  image,
  inRoot,
  smallTree,
  snapshot,
  withPool,
} from "../support/storage";

const layers = (pool: PoolPlace) => readdirSync(path.join(pool.path, "layers")).filter((name) => name !== "empty");
const base = image("base");
const web = container("web");

function suite(): void {
  const withWeb = (work: (pool: PoolPlace) => Promise<void>) =>
    withPool(overlay, async (pool) => {
      await overlay.create(pool, base, smallTree);
      await overlay.clone(pool, base, web);
      await work(pool);
    });

  test("a clone of an image starts no program", () =>
    withWeb(async (pool) => {
      const { programs } = await crashBefore(1000, () => overlay.clone(pool, base, container("other")));
      assert.equal(programs, 0);
      const copied = await crashBefore(1000, () => overlay.clone(pool, web, container("copy")));
      assert.equal(copied.programs, 1, "a copy of an upper needs one");
    }));

  test("the content of a deleted image goes with the last volume on it", () =>
    withWeb(async (pool) => {
      await overlay.clone(pool, web, snapshot("web/snap0"));
      await overlay.clone(pool, snapshot("web/snap0"), container("copy"));
      await overlay.delete(pool, base);
      for (const volume of [web, container("copy")]) {
        await overlay.delete(pool, volume);
        assert.equal(layers(pool).length, 1);
      }
      await overlay.delete(pool, snapshot("web/snap0"));
      assert.deepEqual(layers(pool), []);
    }));

  test("the content of an image stays when its containers go", () =>
    withWeb(async (pool) => {
      await overlay.delete(pool, web);
      assert.equal(layers(pool).length, 1);
      await overlay.delete(pool, base);
      assert.deepEqual(layers(pool), []);
    }));

  test("a sweep removes content that a crash left without a user", () =>
    withPool(overlay, async (pool) => {
      for (let step = 1, isDone = false; !isDone; step += 1) {
        ({ isDone } = await crashBefore(step, () => overlay.create(pool, base, smallTree)));
        await overlay.sweep(pool);
        const expected = (await overlay.exists(pool, base)) ? 1 : 0;
        assert.equal(layers(pool).length, expected, `step ${step}`);
        await overlay.delete(pool, base);
      }
    }));

  test("clones made while other containers and the image are deleted keep their content", () =>
    withWeb(async (pool) => {
      const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
      await Promise.all(names.map((name) => overlay.clone(pool, base, container(name))));
      await overlay.delete(pool, base);
      const copies = names.map((name) => overlay.clone(pool, container(name), container(`${name}-copy`)));
      await Promise.all([overlay.delete(pool, web), ...copies]);
      await Promise.all(names.map((name) => overlay.delete(pool, container(name))));
      for (const name of names)
        assert.equal(inRoot(overlay.root(pool, container(`${name}-copy`)), "cat etc/name"), "image");
    }));

  test("a folder that was removed and made again shows nothing of the image in a copy", () =>
    withWeb(async (pool) => {
      inRoot(overlay.root(pool, web), "rm -r etc && mkdir etc && touch etc/only && rm bin/tool");
      await overlay.clone(pool, web, snapshot("web/snap0"));
      await overlay.clone(pool, snapshot("web/snap0"), container("copy"));
      assert.equal(inRoot(overlay.root(pool, container("copy")), "ls etc bin"), "bin:\n\netc:\nonly");
    }));

  test("a copy of an image with odd owners stands 0-based on disk", () =>
    withPool(overlay, async (pool) => {
      await overlay.create(pool, base, filledBy("mkdir home && chown 1000:1000 home"));
      await overlay.clone(pool, base, web);
      assert.equal(inRoot(overlay.root(pool, web), "stat -c %u:%g home ."), "1000:1000\n0:0");
    }));
}

driversHere().then((all) => {
  const here = all.find(({ driver }) => driver === overlay);
  describe("overlay layers", { skip: here?.skip }, suite);
});
