/** What only the lvm driver has: image files, devices and volume groups as pools, file systems, a thin pool that is full. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { PoolPlace, Volume } from "../../daemon/kinds/storage-pool/driver";
import { lvm } from "../../daemon/kinds/storage-pool/drivers/lvm";
import type { Config } from "../../sdk/api/common";
import {
  assertNoTrace,
  container,
  driversHere,
  image,
  inRoot,
  makeState,
  smallTree,
  snapshot,
  withClone,
  withPool,
} from "../support/storage";

const MiB = 2 ** 20;
const base = image("base");
const web = container("web");

const sh = (script: string, ...args: string[]) =>
  execFileSync("sh", ["-euc", script, "sh", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
const groups = () => lines(sh("vgs --noheadings -o vg_name"));
const volumes = (vg: string, select = "lv_name!=x") =>
  lines(sh('lvs --noheadings -o lv_name --select "$2" "$1"', vg, select));
const see = (pool: PoolPlace, volume: Volume, script: string) => inRoot(lvm.root(pool, volume), script);

/** A blank disk of some MiB, by a loop device. */
async function withDisk(mebibytes: number, work: (device: string) => Promise<void>): Promise<void> {
  const state = makeState();
  const file = path.join(state, "device");
  writeFileSync(file, "");
  truncateSync(file, mebibytes * MiB);
  const device = sh('losetup --find --show "$1"', file);
  try {
    await work(device);
  } finally {
    sh('losetup --detach "$1"', device);
    rmSync(state, { recursive: true });
  }
}

const withWeb = (work: (pool: PoolPlace) => Promise<void>, config: Config = {}) => withClone(lvm, work, config);

function suite(): void {
  test("an image file holds a volume group of the pool's name with a thin pool, and is gone with all of it", () =>
    withWeb(async (pool) => {
      assert.deepEqual(pool.config, {
        size: "1GiB",
        source: pool.diskImage,
        "lvm.vg_name": "pool",
        "lvm.thinpool_name": "LXDThinPool",
      });
      assert.equal(statSync(pool.diskImage).mode & 0o777, 0o600);
      assert.deepEqual(groups(), ["pool"]);
      assert.deepEqual(volumes("pool").sort(), ["LXDThinPool", "containers_web", "images_base"]);
      const { space } = await lvm.resources(pool);
      assert.ok(space.total > 900 * MiB && space.used < 100 * MiB, JSON.stringify(space));
      await lvm.deletePool(pool);
      assert.deepEqual(groups(), []);
      await assertNoTrace(pool);
    }));

  test("a thin pool has the name and the metadata that are asked for, and volumes the options", () =>
    withWeb(
      async (pool) => {
        assert.equal(sh("lvs --noheadings --units m --nosuffix -o lv_metadata_size pool/thin"), "8.00");
        assert.match(sh('findmnt -no OPTIONS "$1"', `${pool.path}/containers/web`), /noatime/);
      },
      {
        "lvm.thinpool_name": "thin",
        "lvm.thinpool_metadata_size": "8MiB",
        "volume.block.mount_options": "noatime,discard",
        "lvm.vg.force_reuse": "false",
      },
    ));

  test("the host activates no volume of a pool that is closed", () =>
    withWeb(async (pool) => {
      await lvm.clone(pool, web, snapshot("web/s"));
      await lvm.unmountPool(pool);
      assert.deepEqual(groups(), []);
      const device = sh('losetup --find --show "$1"', pool.diskImage);
      sh("udevadm settle; vgchange -aay pool; vgchange -ay pool; udevadm settle");
      assert.deepEqual(volumes("pool", "lv_active=active && pool_lv!=''"), []);
      assert.match(device, /loop/);
      await lvm.mountPool(pool);
      assert.equal(see(pool, web, "cat etc/name"), "image");
      assert.throws(() => see(pool, snapshot("web/s"), "touch x 2>/dev/null"), "a snapshot is read-only");
    }));

  test("a volume group that was there is used, and left with what is others'", () =>
    withDisk(600, async (device) => {
      sh('vgcreate -q shared "$1"; lvcreate -qy -L 64M -n theirs shared', device);
      try {
        await withPool(
          lvm,
          async (pool) => {
            assert.equal(pool.config["lvm.vg_name"], "shared");
            await lvm.create(pool, base, smallTree);
            await lvm.clone(pool, base, web, 64 * MiB);
            const second = { ...pool, name: "second", path: `${pool.path}2`, config: { source: "shared" } };
            await assert.rejects(lvm.createPool(second), {
              code: "BAD_REQUEST",
              message: /that of another storage pool/,
            });
            await lvm.deletePool(second);
            assert.equal(see(pool, web, "cat etc/name"), "image");
            await lvm.unmountPool(pool);
            assert.deepEqual(volumes("shared", "lv_active=active && pool_lv!=''"), []);
            await lvm.mountPool(pool);
            assert.equal(see(pool, web, "cat etc/name"), "image");
          },
          { source: "shared", size: "" },
        );
        assert.deepEqual(volumes("shared"), ["theirs"]);
        assert.equal(sh("vgs --noheadings -o vg_tags shared"), "");
      } finally {
        sh("vgremove -qff -y shared");
      }
    }));

  test("a block device is taken only when it is blank, and is blank again when the pool goes", () =>
    withDisk(300, async (device) => {
      const config = { source: device, size: "" };
      sh('mkfs.ext4 -q "$1"', device);
      await assert.rejects(
        withPool(lvm, async () => undefined, config),
        { code: "BAD_REQUEST", message: /LVM refuses/ },
      );
      assert.match(sh('blkid -p -o value -s TYPE "$1"', device), /ext4/);
      sh('wipefs -qa "$1"', device);
      for (let round = 0; round < 2; round += 1) {
        await withPool(
          lvm,
          async (pool) => {
            assert.equal(pool.config.source, "pool");
            assert.equal(pool.config["volatile.initial_source"], device);
            await lvm.create(pool, base, smallTree, 64 * MiB);
            await lvm.deletePool(pool);
          },
          config,
        );
        assert.equal(sh('wipefs --noheadings "$1"', device), "");
      }
    }));

  test("what cannot be a pool is refused, and what has the name stays", () =>
    withPool(lvm, async (pool) => {
      const other = { ...pool, path: `${pool.path}2`, diskImage: `${pool.diskImage}2`, name: "other" };
      const cases: [Config, RegExp][] = [
        [{ "lvm.vg_name": "pool" }, /a volume group "pool" is there already/],
        [{ "lvm.vg_name": "a b" }, /"a b" is no name for LVM/],
        [{ source: "nowhere" }, /there is no volume group "nowhere"/],
        [{ "lvm.use_thinpool": "false" }, /every volume is in a thin pool/],
        [{ source: "pool", size: "1GiB" }, /Leave one of both out/],
        [{ size: "4MiB" }, /LVM refuses/],
      ];
      for (const [config, message] of cases) {
        await assert.rejects(lvm.createPool({ ...other, config }), { code: "BAD_REQUEST", message });
        await lvm.deletePool({ ...other, config });
      }
      assert.deepEqual(groups(), ["pool"]);
      await lvm.create(pool, base, smallTree);
    }));

  test("a pool in an image file is enlarged while it is used, and made smaller never", () =>
    withWeb(async (pool) => {
      const { space } = await lvm.resources(pool);
      await lvm.changePool(pool, { ...pool.config, size: "1100MiB" });
      const grown = (await lvm.resources(pool)).space.total - space.total;
      assert.ok(grown >= 70 * MiB && grown <= 76 * MiB, String(grown));
      const after = { ...pool, config: { ...pool.config, size: "1100MiB" } };
      await assert.rejects(lvm.changePool(after, { ...pool.config, size: "1GiB" }), {
        code: "BAD_REQUEST",
        message: /can only be made larger/,
      });
      assert.equal(see(pool, web, "cat etc/name"), "image");
    }));

  test("a full thin pool says so, and is usable again when something is removed", () =>
    withPool(
      lvm,
      async (pool) => {
        await lvm.create(pool, base, smallTree);
        for (const name of ["hog", "web"]) await lvm.clone(pool, base, container(name));
        see(pool, web, "echo now > etc/name; sync -f .");
        see(pool, container("hog"), "dd if=/dev/zero of=big bs=1M count=400 conv=fsync 2>/dev/null || true");
        await assert.rejects(lvm.clone(pool, base, container("more")), {
          code: "UNAVAILABLE",
          message: /No space left in storage pool "pool": the space of its thin pool "pool\/LXDThinPool" is used up/,
        });
        await lvm.delete(pool, container("hog"));
        await lvm.mountPool(pool);
        await lvm.sweep(pool);
        assert.equal(see(pool, web, "echo more > etc/more; sync -f .; cat etc/name etc/more"), "now\nmore");
        await lvm.clone(pool, base, container("more"));
      },
      { size: "300MiB" },
    ));

  test("an image that does not fit into the thin pool is refused, not kept with holes", () =>
    withPool(
      lvm,
      async (pool) => {
        const much = async (root: string) => {
          inRoot({ type: "dir", path: root }, "dd if=/dev/urandom of=big bs=1M count=400 2>/dev/null");
        };
        await assert.rejects(lvm.create(pool, base, much));
        assert.deepEqual(await lvm.list(pool, "images"), []);
        await lvm.create(pool, base, smallTree);
      },
      { size: "300MiB" },
    ));

  test("a thin pool lies across as many disks as the pool says", () =>
    withDisk(200, (one) =>
      withDisk(200, async (two) => {
        sh('vgcreate -q wide "$1" "$2"', one, two);
        try {
          const config = { source: "wide", size: "", "volume.lvm.stripes": "2", "volume.lvm.stripes.size": "128KiB" };
          await withPool(
            lvm,
            async (pool) => {
              const shape = sh(
                "lvs -a --noheadings --units k --nosuffix -o stripes,stripe_size wide/LXDThinPool_tdata",
              );
              assert.match(shape, /^2\s+128\.00$/);
              await lvm.create(pool, base, smallTree, 64 * MiB);
            },
            config,
          );
          const bare = { ...config, "volume.lvm.stripes": "3" };
          await assert.rejects(
            withPool(lvm, async () => undefined, bare),
            { code: "BAD_REQUEST", message: /LVM refuses to make it in the volume group "wide"/ },
          );
        } finally {
          sh("vgremove -qff -y wide");
        }
      }),
    ));

  test("a pool whose image file or volume group is gone says so", () =>
    withPool(lvm, async (pool) => {
      await lvm.unmountPool(pool);
      const lost = {
        ...pool,
        diskImage: `${pool.diskImage}.lost`,
        config: { ...pool.config, source: `${pool.diskImage}.lost` },
      };
      await assert.rejects(lvm.mountPool(lost), { code: "UNAVAILABLE", message: /is missing/ });
      const elsewhere = { ...pool, config: { source: "nowhere", "lvm.vg_name": "nowhere" } };
      await assert.rejects(lvm.mountPool(elsewhere), {
        code: "UNAVAILABLE",
        message: /"nowhere\/LXDThinPool" is missing/,
      });
      await lvm.mountPool(pool);
    }));
}

driversHere().then((all) => {
  const here = all.find(({ driver }) => driver === lvm);
  describe("lvm pools", { skip: here?.skip }, suite);
});
