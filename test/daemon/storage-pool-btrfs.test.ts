/** What only the btrfs driver has: image files, devices and folders as pools, nested subvolumes, quotas. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import type { PoolPlace } from "../../daemon/kinds/storage-pool/driver";
import { btrfs } from "../../daemon/kinds/storage-pool/drivers/btrfs";
import { copyNested } from "../../daemon/kinds/storage-pool/drivers/btrfs-nested";
import { isMounted } from "../../daemon/platform/host/mounts";
import {
  assertNoTrace,
  container,
  driversHere,
  hands,
  image,
  inRoot,
  makeState,
  smallTree,
  snapshot,
  withClone,
  withPool,
} from "../support/storage";

const sh = (script: string, ...args: string[]) =>
  execFileSync("sh", ["-euc", script, "sh", ...args], { encoding: "utf8" }).trim();
const base = image("base");
const web = container("web");

function suite(): void {
  const withWeb = (work: (pool: PoolPlace) => Promise<void>) => withClone(btrfs, work);

  test("an image file has the size asked for and takes little space", () =>
    withPool(btrfs, async (pool) => {
      assert.deepEqual(pool.config, { size: "512MiB", source: pool.diskImage });
      const { size, blocks, mode } = statSync(pool.diskImage);
      assert.equal(size, 512 * 2 ** 20);
      assert.ok(blocks * 512 < size / 4);
      assert.equal(mode & 0o777, 0o600);
    }));

  test("without a size the image file takes 30 GiB or 80% of the free space, sparsely", () =>
    withPool(
      btrfs,
      async (pool) => {
        assert.match(pool.config.size ?? "", /^\d+(GiB|MiB)$/);
        assert.ok(statSync(pool.diskImage).size <= 30 * 2 ** 30);
      },
      { size: "" },
    ));

  test("a pool in an image file is enlarged while it is used, and made smaller never", () =>
    withWeb(async (pool) => {
      const { space } = await btrfs.resources(pool);
      await btrfs.changePool(pool, { ...pool.config, size: "600MiB" });
      assert.equal(statSync(pool.diskImage).size, 600 * 2 ** 20);
      assert.equal((await btrfs.resources(pool)).space.total, space.total + 88 * 2 ** 20);
      const grown = { ...pool, config: { ...pool.config, size: "600MiB" } };
      await assert.rejects(btrfs.changePool(grown, { ...pool.config, size: "599MiB" }), {
        code: "BAD_REQUEST",
        message: /can only be made larger/,
      });
      assert.equal(inRoot(btrfs.root(pool, web), "cat etc/name"), "image");
    }));

  test("other mount options count at once, and wrong ones change nothing", () =>
    withWeb(async (pool) => {
      const options = () =>
        readFileSync("/proc/mounts", "utf8")
          .split("\n")
          .find((line) => line.includes(pool.path));
      await btrfs.changePool(pool, { ...pool.config, "btrfs.mount_options": "compress=zstd" });
      assert.match(options() ?? "", /compress=zstd/);
      await assert.rejects(btrfs.changePool(pool, { ...pool.config, "btrfs.mount_options": "noatime,nonsense" }), {
        code: "BAD_REQUEST",
        message: /btrfs.mount_options/,
      });
      assert.doesNotMatch(options() ?? "", /noatime/);
    }));

  test("a size that cannot hold a file system fails and leaves nothing once the pool is deleted", async () => {
    const state = makeState();
    const pool = {
      name: "tiny",
      path: path.join(state, "storage-pools", "tiny"),
      diskImage: path.join(state, "disks", "tiny.img"),
      config: { size: "1MiB" },
      ...hands,
    };
    await assert.rejects(btrfs.createPool(pool), /mkfs.btrfs/);
    await btrfs.deletePool(pool);
    await assertNoTrace(pool);
    rmSync(state, { recursive: true });
  });

  test("images and snapshots are read-only, containers are not", () =>
    withWeb(async (pool) => {
      await btrfs.clone(pool, web, snapshot("web/snap0"));
      await btrfs.rename(pool, snapshot("web/snap0"), snapshot("other/snap0"));
      for (const volume of [base, snapshot("other/snap0")])
        assert.throws(() => inRoot(btrfs.root(pool, volume), "touch x 2>/dev/null"), /status|failed/i);
      inRoot(btrfs.root(pool, web), "touch x");
    }));

  test("a container with subvolumes of its own is deleted whole", () =>
    withWeb(async (pool) => {
      const nest =
        "btrfs -q subvolume create a; btrfs -q subvolume create a/b; mkdir a/b/c; btrfs -q subvolume snapshot -r a/b 'a/b/c/odd\nname'";
      inRoot(btrfs.root(pool, web), nest);
      await btrfs.delete(pool, web);
      assert.deepEqual(readdirSync(path.join(pool.path, "containers")), []);
      assert.equal(sh('btrfs subvolume list "$1" | grep -c containers || true', pool.path), "0");
    }));

  test("subvolumes of a container's own go along with snapshots, copies and restores, and stay read-only where they are", () =>
    withWeb(async (pool) => {
      const nest =
        "btrfs -q subvolume create a; btrfs -q subvolume create a/b; btrfs -q subvolume create 'a/b/c\nd'; echo one | tee a/f a/b/f 'a/b/c\nd/f'; btrfs property set a/b ro true";
      inRoot(btrfs.root(pool, web), nest);
      const [snap, copy] = [snapshot("web/snap0"), container("copy")];
      await btrfs.clone(pool, web, snap);
      inRoot(
        btrfs.root(pool, web),
        "btrfs property set a/b ro false; btrfs -q subvolume delete 'a/b/c\nd'; echo two > a/b/f",
      );
      await btrfs.clone(pool, snap, copy);
      await btrfs.restore(pool, snap, web);
      const look = "cat a/f a/b/f 'a/b/c\nd/f'; touch a/new 'a/b/c\nd/new'; touch a/b/new 2>/dev/null || echo refused";
      for (const volume of [copy, web]) assert.equal(inRoot(btrfs.root(pool, volume), look), "one\none\none\nrefused");
      assert.equal(inRoot(btrfs.root(pool, snap), "touch x 2>/dev/null || echo refused"), "refused");
      for (const volume of [snap, copy, web]) await btrfs.delete(pool, volume);
      assert.equal(sh('btrfs subvolume list "$1" | grep -c containers || true', pool.path), "0");
    }));

  test("a link that a guest put in the place of a subvolume's folder is not followed", () =>
    withWeb(async (pool) => {
      inRoot(btrfs.root(pool, web), "btrfs -q subvolume create a; btrfs -q subvolume create a/b");
      const outside = path.join(pool.path, "custom", "outside");
      mkdirSync(path.join(outside, "b"), { recursive: true });
      const root = path.join(pool.path, "containers", "web", "rootfs");
      const copyRoot = path.join(pool.path, "containers", "copy");
      mkdirSync(copyRoot);
      symlinkSync(outside, path.join(copyRoot, "a"));
      await copyNested(pool, root, copyRoot, ["a/b"]);
      assert.deepEqual(readdirSync(outside), ["b"], "its empty folder is not taken away");
      renameSync(path.join(root, "a"), path.join(root, "x"));
      symlinkSync(outside, path.join(root, "a"));
      rmSync(path.join(copyRoot, "a"));
      mkdirSync(path.join(copyRoot, "a", "b"), { recursive: true });
      await copyNested(pool, root, copyRoot, ["a/b"]);
      assert.equal(statSync(path.join(copyRoot, "a", "b")).ino === 256, false, "what is elsewhere is not copied");
      rmSync(copyRoot, { recursive: true });
      rmSync(outside, { recursive: true });
    }));

  test("usage is known only where quotas are on", () =>
    withWeb(async (pool) => {
      assert.equal(await btrfs.usage(pool, web), undefined);
      sh('btrfs quota enable "$1"', pool.path);
      inRoot(btrfs.root(pool, web), "head -c 3000000 /dev/urandom > big");
      sh('btrfs filesystem sync "$1" && btrfs quota rescan -w "$1"', pool.path);
      const used = await btrfs.usage(pool, web);
      assert.ok(used !== undefined && used.used >= 3_000_000 && used.used < 4_000_000, String(used?.used));
    }));

  test("a loop device that a killed daemon left is used again, and given back", () =>
    withWeb(async (pool) => {
      await btrfs.unmountPool(pool);
      sh('losetup --find "$1"', pool.diskImage);
      await btrfs.mountPool(pool);
      assert.equal(sh('losetup --associated "$1" --noheadings --output NAME | wc -l', pool.diskImage), "1");
      assert.equal(inRoot(btrfs.root(pool, web), "cat etc/name"), "image");
      await btrfs.deletePool(pool);
      await assertNoTrace(pool);
    }));

  test("a pool whose image file is gone says so", () =>
    withPool(btrfs, async (pool) => {
      await btrfs.unmountPool(pool);
      rmSync(pool.diskImage);
      await assert.rejects(btrfs.mountPool(pool), { code: "UNAVAILABLE", message: /pool\.img" is missing/ });
    }));

  test("a folder on btrfs becomes a pool, and is empty again after it", () =>
    withPool(btrfs, async (host) => {
      const source = path.join(host.path, "folder");
      mkdirSync(source);
      const state = makeState();
      const bare = {
        name: "inner",
        path: path.join(state, "storage-pools", "inner"),
        diskImage: path.join(state, "disks", "inner.img"),
        config: { source },
        ...hands,
      };
      const pool = { ...bare, config: await btrfs.createPool(bare) };
      await btrfs.create(pool, base, smallTree);
      await btrfs.clone(pool, base, web);
      await btrfs.clone(pool, web, snapshot("web/snap0"));
      assert.equal(inRoot(btrfs.root(pool, snapshot("web/snap0")), "cat etc/name"), "image");
      await btrfs.deletePool(pool);
      assert.deepEqual(readdirSync(source), []);
      await assertNoTrace(pool);
      rmSync(state, { recursive: true });
    }));

  test("a folder on another file system is refused", async () => {
    const state = makeState();
    const source = mkdtempSync(path.join(tmpdir(), "bothy-source-"));
    const places = { path: path.join(state, "storage-pools", "p"), diskImage: path.join(state, "disks", "p.img") };
    await assert.rejects(btrfs.createPool({ name: "p", ...places, ...hands, config: { source } }), {
      code: "BAD_REQUEST",
      message: /neither a folder on btrfs nor a block device/,
    });
    rmSync(source, { recursive: true });
    rmSync(state, { recursive: true });
  });

  test("a block device is formatted only when it is blank, and wiped when the pool goes", async () => {
    const state = makeState();
    const file = path.join(state, "device");
    writeFileSync(file, "");
    truncateSync(file, 256 * 2 ** 20);
    const device = sh('losetup --find --show "$1"', file);
    try {
      const bare = {
        name: "pool",
        path: path.join(state, "storage-pools", "pool"),
        diskImage: path.join(state, "disks", "pool.img"),
        config: { source: device },
        ...hands,
      };
      for (let round = 0; round < 2; round += 1) {
        const pool = { ...bare, config: await btrfs.createPool(bare) };
        await btrfs.create(pool, base, smallTree);
        await assert.rejects(btrfs.createPool({ ...bare, name: "thief", path: `${bare.path}2` }), /mkfs.btrfs/);
        await btrfs.deletePool(pool);
        assert.equal(await isMounted(pool.path), false);
      }
    } finally {
      sh('losetup --detach "$1"', device);
      rmSync(state, { recursive: true });
    }
  });
}

driversHere().then((all) => {
  const here = all.find(({ driver }) => driver === btrfs);
  describe("btrfs pools", { skip: here?.skip }, suite);
});
