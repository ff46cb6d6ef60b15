/** Pools whose file system gets project quotas when they have volumes in files already; what the file system counts, the test says. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { PoolPlace } from "../../daemon/kinds/storage-pool/driver";
import { drivers } from "../../daemon/kinds/storage-pool/drivers";
import type { FolderProject } from "../../daemon/platform/native/index";
import { requireFeature } from "../support/require";
import { container, inRoot, smallTree, withPool } from "../support/storage";

const MiB = 2 ** 20;
const skip = requireFeature("root", process.getuid?.() === 0);
const none: FolderProject = { id: 0, isOwn: false, used: 0, limit: undefined };

/** The pool on a file system that has them by now. @returns it, and the sizes that folders were bounded to */
function counted(pool: PoolPlace): { pool: PoolPlace; made: number[] } {
  const made: number[] = [];
  const folderProject: PoolPlace["folderProject"] = async (_folder, change) => {
    if (change?.[0] === "make") made.push(change[1]);
    return none;
  };
  return { pool: { ...pool, folderProject }, made };
}

for (const name of ["dir", "overlay"] as const)
  describe(name, { skip }, () => {
    const driver = drivers[name]!;
    test("a volume in a file goes on as one, and one that is made from it is counted by the file system", () =>
      withPool(driver, async (bare) => {
        await driver.create({ ...bare, folderProject: async () => undefined }, container("web"), smallTree, 20 * MiB);
        const image = path.join(bare.path, "containers/web/disk.img");
        assert.ok(existsSync(image));
        const { pool, made } = counted(bare);
        await driver.unmountPool(pool);
        await driver.mountPool(pool);
        assert.equal(inRoot(driver.root(pool, container("web")), "cat etc/name"), "image");
        assert.equal(await driver.setSize(pool, container("web"), 20 * MiB, true), true, "it has that size");
        const { total = 0 } = (await driver.usage(pool, container("web"))) ?? {};
        assert.ok(total > 16 * MiB && total <= 20 * MiB, String(total));
        assert.deepEqual(made, []);

        await driver.clone(pool, container("web"), container("copy"), 8 * MiB);
        assert.deepEqual(made, [8 * MiB]);
        assert.equal(existsSync(path.join(bare.path, "containers/copy/disk.img")), false);
        assert.equal(inRoot(driver.root(pool, container("copy")), "cat etc/name"), "image");

        await driver.delete(pool, container("web"));
        assert.deepEqual(readdirSync(path.join(bare.path, "containers")), ["copy"]);
        assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), new RegExp(`${bare.path}/containers/web`));
      }));
  });
