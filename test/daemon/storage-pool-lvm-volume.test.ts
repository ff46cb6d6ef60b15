/** What only volumes of the lvm driver have: file systems, mount options, growth in place, room that they share and give back. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, test } from "node:test";
import type { PoolPlace, Volume } from "../../daemon/kinds/storage-pool/driver";
import { lvm } from "../../daemon/kinds/storage-pool/drivers/lvm";
import type { Config } from "../../sdk/api/common";
import { container, custom, driversHere, image, inRoot, smallTree, snapshot, withClone } from "../support/storage";
import { until } from "../support/until";

const MiB = 2 ** 20;
const base = image("base");
const web = container("web");

const sh = (script: string, ...args: string[]) =>
  execFileSync("sh", ["-euc", script, "sh", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
const see = (pool: PoolPlace, volume: Volume, script: string) => inRoot(lvm.root(pool, volume), script);
const withWeb = (work: (pool: PoolPlace) => Promise<void>, config: Config = {}) => withClone(lvm, work, config);

function suite(): void {
  test("what is removed in a volume is room in the pool", () =>
    withWeb(async (pool) => {
      const used = async () => (await lvm.resources(pool)).space.used;
      const before = await used();
      see(pool, web, "dd if=/dev/urandom of=big bs=1M count=50 conv=fsync status=none");
      assert.ok((await used()) > before + 45 * MiB);
      see(pool, web, "rm big; sync -f .");
      await until(async () => (await used()) < before + 20 * MiB);
    }));

  test("a large volume that is made smaller shares what it has with its image", () =>
    withWeb(async (pool) => {
      await lvm.create(pool, image("big"), async (root) => {
        inRoot({ type: "dir", path: root }, "dd if=/dev/urandom of=big bs=1M count=100 conv=fsync status=none");
      });
      const before = (await lvm.resources(pool)).space.used;
      await lvm.clone(pool, image("big"), container("small"), 2048 * MiB);
      const { total = 0 } = (await lvm.usage(pool, container("small"))) ?? {};
      assert.ok(total <= 2048 * MiB && total > 1800 * MiB, String(total));
      assert.ok((await lvm.resources(pool)).space.used < before + 30 * MiB);
      assert.equal(see(pool, container("small"), "stat -c %s big"), String(100 * MiB));
      await lvm.clone(pool, image("big"), container("large"), 12 * 1024 * MiB);
      assert.ok(((await lvm.usage(pool, container("large")))?.total ?? 0) > 11 * 1024 * MiB);
    }));

  for (const fileSystem of ["xfs", "btrfs"])
    test(`volumes of ${fileSystem} are used beside their copies, and grow`, () =>
      withWeb(
        async (pool) => {
          assert.equal(see(pool, web, "stat -f -c %T ."), fileSystem);
          see(pool, web, "echo now > etc/name");
          await lvm.clone(pool, web, snapshot("web/s"));
          await lvm.clone(pool, snapshot("web/s"), container("copy"));
          see(pool, web, "echo later > etc/name");
          for (const volume of [container("copy"), snapshot("web/s")])
            assert.equal(see(pool, volume, "cat etc/name; cat bin/tool"), "now\ntool");
          await lvm.unmountPool(pool);
          await lvm.mountPool(pool);
          assert.equal(await lvm.setSize(pool, web, 700 * MiB, true), true);
          assert.ok(((await lvm.usage(pool, web))?.total ?? 0) > 550 * MiB);
          assert.equal(await lvm.setSize(pool, web, 400 * MiB, false), true);
          assert.equal(see(pool, web, "stat -f -c %T .; cat etc/name"), `${fileSystem}\nlater`);
          await lvm.restore(pool, snapshot("web/s"), web);
          assert.equal(see(pool, web, "cat etc/name"), "now");
        },
        { "volume.block.filesystem": fileSystem, "volume.size": "500MiB" },
      ));

  test("a volume has the file system and the mount options that it says, and a copy others", () =>
    withWeb(async (pool) => {
      const data = custom("default_data");
      const saying = (...keys: [string, string][]): PoolPlace => ({ ...pool, keysOf: () => Object.fromEntries(keys) });
      const options = (volume: Volume) =>
        sh('findmnt -no OPTIONS "$1"', path.join(pool.path, volume.type, volume.name));
      const own = saying(["block.filesystem", "btrfs"], ["block.mount_options", "noatime"]);
      await lvm.create(own, data, smallTree, 128 * MiB);
      assert.equal(see(pool, data, "stat -f -c %T ."), "btrfs");
      assert.match(options(data), /noatime/);
      assert.doesNotMatch(options(data), /discard/);
      await lvm.follow?.(saying(["block.mount_options", "nodev,discard"]), data);
      assert.match(options(data), /nodev.*discard/);
      await assert.rejects(async () => lvm.follow?.(saying(["block.mount_options", "no_such"]), data), {
        code: "BAD_REQUEST",
        message: /Cannot mount volume "default_data" with the options/,
      });
      see(pool, data, "echo still > etc/name");
      const copy = custom("default_copy");
      await lvm.clone(saying(["block.filesystem", "ext4"]), data, copy);
      assert.equal(see(pool, copy, "stat -f -c %T .; cat etc/name bin/tool"), "ext2/ext3\nstill\ntool");
      for (const make of [
        (wrong: PoolPlace) => lvm.create(wrong, custom("default_wrong"), smallTree, 64 * MiB),
        (wrong: PoolPlace) => lvm.clone(wrong, web, custom("default_wrong")),
      ])
        await assert.rejects(make(saying(["block.mount_options", "no_such"])), { code: "BAD_REQUEST" });
      assert.deepEqual(await lvm.list(pool, "custom"), ["default_copy", "default_data"]);
      assert.equal(sh("lvs --noheadings -o lv_name --select 'lv_name=~partial' pool"), "");
    }));

  test("a file system grows while it is mounted, from the least size and from that of nobody's saying", () =>
    withWeb(async (pool) => {
      await lvm.create(pool, custom("default_small"), smallTree, 8 * MiB);
      for (const [volume, bytes] of [
        [custom("default_small"), 400 * MiB],
        [web, 12 * 1024 * MiB],
      ] as const) {
        assert.equal(await lvm.setSize(pool, volume, bytes, true), true);
        assert.ok(((await lvm.usage(pool, volume))?.total ?? 0) > bytes * 0.9, volume.name);
      }
    }));

  test("what a crash left between the growth of a volume and that of its file system is finished", () =>
    withWeb(async (pool) => {
      sh("lvchange --addtag bothy.growing pool/containers_web; lvextend -q -L 12G pool/containers_web");
      await lvm.unmountPool(pool);
      await lvm.mountPool(pool);
      assert.ok(((await lvm.usage(pool, web))?.total ?? 0) > 11 * 1024 * MiB);
      assert.equal(sh("lvs --noheadings -o lv_tags pool/containers_web"), "");
    }));

  test("a volume whose file system is damaged is told of and keeps no other from being used", () =>
    withWeb(async (pool) => {
      await lvm.clone(pool, base, container("good"));
      sh(
        'umount "$1/containers/web"; dd if=/dev/zero of=/dev/mapper/pool-containers_web bs=1M count=64 conv=fsync',
        pool.path,
      );
      const told: string[] = [];
      await lvm.mountPool({ ...pool, onClosed: ({ name }: Volume) => void told.push(name) });
      assert.deepEqual(told, ["web"]);
      assert.throws(() => lvm.root(pool, web), { code: "UNAVAILABLE", message: /is not mounted/ });
      assert.equal(see(pool, container("good"), "cat etc/name"), "image");
      await lvm.delete(pool, web);
    }));
}

driversHere().then((all) => {
  const here = all.find(({ driver }) => driver === lvm);
  describe("lvm volumes", { skip: here?.skip }, suite);
});
