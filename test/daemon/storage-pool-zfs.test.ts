/** What only the zfs driver has: pools of ZFS that are there, clones and what they stand on, copies byte by byte, properties. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { PoolPlace, Volume } from "../../daemon/kinds/storage-pool/driver";
import { zfs } from "../../daemon/kinds/storage-pool/drivers/zfs";
import type { Config } from "../../sdk/api/common";
import {
  assertNoTrace,
  container,
  custom,
  driversHere,
  filledBy,
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
const MiB = 2 ** 20;
const base = image("base");
const web = container("web");
const see = (pool: PoolPlace, volume: Volume, script: string) => inRoot(zfs.root(pool, volume), script);
/** Names of all data sets and snapshots below a part of the pool. */
const sets = (part: string) =>
  sh('zfs list -H -o name -r -t all "pool/$1" | tail -n +2', part).split("\n").filter(Boolean);
const propertyOf = (property: string, set: string) => sh('zfs get -H -p -o value "$1" "$2"', property, set);

/** Of what was deleted only the folders are left. */
const assertNothingDeleted = () =>
  assert.deepEqual(
    sets("deleted"),
    ["containers", "custom", "images"].map((name) => `pool/deleted/${name}`),
  );

function suite(): void {
  const withWeb = (work: (pool: PoolPlace) => Promise<void>, config: Config = {}) => withClone(zfs, work, config);
  /** A place in a state folder of its own. */
  const placeIn = (state: string, config: Config, name = "other"): PoolPlace => ({
    name,
    path: path.join(state, "storage-pools", name),
    diskImage: path.join(state, "disks", `${name}.img`),
    config,
    ...hands,
  });

  test("an image file has the size asked for, and is made larger while it is used, smaller never", () =>
    withWeb(async (pool) => {
      assert.deepEqual(pool.config, { size: "1GiB", source: pool.diskImage, "zfs.pool_name": "pool" });
      assert.equal(statSync(pool.diskImage).size, 1024 * MiB);
      const { space } = await zfs.resources(pool);
      await zfs.changePool(pool, { ...pool.config, size: "2GiB" });
      assert.ok((await zfs.resources(pool)).space.total > space.total + 800 * MiB);
      await assert.rejects(zfs.changePool(pool, { ...pool.config, size: "1GiB" }), { code: "BAD_REQUEST" });
      assert.equal(see(pool, web, "cat etc/name"), "image");
    }));

  test("data sets are those that LXD makes", () =>
    withWeb(async (pool) => {
      await zfs.clone(pool, web, snapshot("web/s 0"));
      await zfs.create(pool, custom("default_a b:c"), async () => undefined);
      assert.deepEqual(await zfs.list(pool, "containers-snapshots"), ["web/s 0"]);
      assert.deepEqual(sets("containers"), ["pool/containers/web", "pool/containers/web@snapshot-s:200"]);
      assert.deepEqual(sets("custom"), ["pool/custom/default_a:20b:3ac"]);
      assert.equal(propertyOf("origin", "pool/containers/web"), "pool/images/base@readonly");
      assert.equal(propertyOf("mountpoint", "pool/containers/web"), "legacy");
      assert.throws(() => see(pool, base, "touch x 2>/dev/null"), /status|failed/i);
      assert.throws(() => see(pool, snapshot("web/s 0"), "touch x 2>/dev/null"), /status|failed/i);
      see(pool, web, "touch x");
    }));

  test("what a clone stands on is kept without its name, and goes with the last one that needs it", () =>
    withWeb(async (pool) => {
      await zfs.clone(pool, web, snapshot("web/s"));
      await zfs.clone(pool, snapshot("web/s"), container("two"));
      await zfs.clone(pool, container("two"), container("three"));
      await zfs.delete(pool, base);
      await zfs.delete(pool, snapshot("web/s"));
      await zfs.delete(pool, web);
      await zfs.delete(pool, container("two"));
      assert.deepEqual(await zfs.list(pool, "containers"), ["three"]);
      assert.deepEqual([await zfs.list(pool, "images"), await zfs.list(pool, "containers-snapshots")], [[], []]);
      await zfs.sweep(pool);
      assert.equal(see(pool, container("three"), "cat etc/name bin/tool"), "image\ntool");
      await zfs.delete(pool, container("three"));
      assertNothingDeleted();
    }));

  test("an older snapshot is put back, and newer ones stay; what was written since then frees its space", () =>
    withWeb(async (pool) => {
      for (const name of ["one", "two"]) {
        see(pool, web, `echo ${name} > etc/name`);
        await zfs.clone(pool, web, snapshot(`web/${name}`));
      }
      await zfs.clone(pool, web, container("copy"));
      see(pool, web, "head -c 30000000 /dev/urandom > big; sync");
      await zfs.restore(pool, snapshot("web/one"), web);
      assert.equal(see(pool, web, "cat etc/name; ls big 2>/dev/null | wc -l"), "one\n0");
      sh("zpool sync pool");
      assert.ok(Number(propertyOf("used", "pool")) < 25 * MiB, propertyOf("used", "pool"));
      await zfs.restore(pool, snapshot("web/two"), web);
      assert.equal(see(pool, web, "cat etc/name"), "two");
      await zfs.restore(pool, snapshot("web/one"), web);
      assert.deepEqual(await zfs.list(pool, "containers-snapshots"), ["web/one", "web/two"]);
      await zfs.clone(pool, web, snapshot("web/three"));
      for (const name of ["one", "two", "three"]) await zfs.delete(pool, snapshot(`web/${name}`));
      for (const name of ["web", "copy"]) await zfs.delete(pool, container(name));
      assertNothingDeleted();
    }));

  test("snapshots that come with a copy are the copy's, and follow it to another name", () =>
    withWeb(async (pool) => {
      see(pool, web, "echo then > etc/name");
      await zfs.clone(pool, web, snapshot("web/s"));
      see(pool, web, "echo now > etc/name");
      await zfs.clone(pool, snapshot("web/s"), snapshot("copy/s"));
      await zfs.clone(pool, web, container("copy"));
      await zfs.create(pool, snapshot("copy/filled"), filledBy("mkdir etc; echo filled > etc/name"));
      // The daemon renames snapshots first.
      for (const name of ["s", "filled"]) await zfs.rename(pool, snapshot(`copy/${name}`), snapshot(`new/${name}`));
      await zfs.rename(pool, container("copy"), container("new"));
      await zfs.delete(pool, snapshot("web/s"));
      await zfs.delete(pool, web);
      await zfs.unmountPool(pool);
      await zfs.mountPool(pool);
      await zfs.sweep(pool);
      assert.deepEqual(await zfs.list(pool, "containers-snapshots"), ["new/filled", "new/s"]);
      await zfs.restore(pool, snapshot("new/filled"), container("new"));
      assert.equal(see(pool, container("new"), "cat etc/name"), "filled");
      await zfs.restore(pool, snapshot("new/s"), container("new"));
      assert.equal(see(pool, container("new"), "cat etc/name"), "then");
      // A name that was another's snapshot once is free.
      await zfs.clone(pool, container("new"), snapshot("new/again"));
      await zfs.rename(pool, snapshot("new/again"), snapshot("elsewhere/again"));
      await zfs.clone(pool, container("new"), snapshot("new/again"));
      assert.equal(see(pool, snapshot("new/again"), "cat etc/name"), "then");
      for (const name of await zfs.list(pool, "containers-snapshots")) await zfs.delete(pool, snapshot(name));
      await zfs.delete(pool, container("new"));
      assertNothingDeleted();
    }));

  test("a part of a pool of ZFS that is there becomes a pool, when it is empty, and is empty again after it", () =>
    withPool(zfs, async () => {
      sh(
        "zfs create -o mountpoint=none pool/taken && zfs create pool/taken/inner && zfs create -o mountpoint=none pool/free",
      );
      const state = makeState();
      const refuses = (config: Config, message: RegExp) =>
        assert.rejects(zfs.createPool(placeIn(state, config)), { code: "BAD_REQUEST", message });
      await refuses({ source: "pool/taken" }, /not empty/);
      await refuses({ source: "pool/nothing" }, /there is no pool or data set/);
      await refuses({ source: "pool/free", "zfs.pool_name": "pool/other" }, /must be the same/);
      await refuses({ source: "pool/free", size: "1GiB" }, /"size" is for the image file/);
      await refuses({ "zfs.pool_name": "pool" }, /exists already/);
      await zfs.deletePool(placeIn(state, { "zfs.pool_name": "pool" }));
      await zfs.deletePool(placeIn(state, { source: "pool/taken" }));
      assert.equal(sh("zfs list -H -o name pool/taken/inner"), "pool/taken/inner", "what is another's stays");
      const bare = placeIn(state, { source: "pool/free" });
      const place = { ...bare, config: await zfs.createPool(bare) };
      assert.deepEqual(place.config, { source: "pool/free", "zfs.pool_name": "pool/free" });
      await zfs.create(place, base, smallTree);
      await zfs.clone(place, base, web);
      await zfs.unmountPool(place);
      await zfs.mountPool(place);
      assert.equal(see(place, web, "cat etc/name"), "image");
      await zfs.deletePool(place);
      assert.equal(sh("zfs list -H -r -o name pool/free"), "pool/free");
      assert.equal(existsSync(place.path), false);
      rmSync(state, { recursive: true });
    }));

  test("a block device becomes a pool only when it is blank, and is blank after it", async () => {
    const state = makeState();
    const file = path.join(state, "device");
    writeFileSync(file, "");
    truncateSync(file, 256 * MiB);
    const device = sh('losetup --find --show "$1"', file);
    try {
      for (let round = 0; round < 2; round += 1) {
        const bare = placeIn(state, { source: device });
        const pool = { ...bare, config: await zfs.createPool(bare) };
        assert.deepEqual(pool.config, { source: "other", "zfs.pool_name": "other", "volatile.initial_source": device });
        await zfs.create(pool, base, smallTree);
        await assert.rejects(zfs.createPool(placeIn(state, { source: device }, "thief")), /zpool refuses/);
        await zfs.deletePool(placeIn(state, { source: device }, "thief"));
        await zfs.unmountPool(pool);
        await zfs.mountPool(pool);
        assert.equal(see(pool, base, "cat etc/name"), "image");
        await zfs.deletePool(pool);
      }
    } finally {
      sh('losetup --detach "$1"', device);
      rmSync(state, { recursive: true });
    }
  });

  test("a pool that an administrator imports, or that stays imported, is opened as it is", () =>
    withWeb(
      async (pool) => {
        await zfs.unmountPool(pool);
        assert.equal(sh("zpool list -H -o name"), "pool");
        sh("umount -a -t zfs; zpool export pool");
        sh('zpool import -N -d "$1" pool', path.dirname(pool.diskImage));
        await zfs.mountPool(pool);
        assert.equal(see(pool, web, "cat etc/name"), "image");
        sh("zfs snapshot pool/containers/web@daily");
        await zfs.sweep(pool);
        assert.equal(sh("zfs list -H -o name pool/containers/web@daily"), "pool/containers/web@daily");
        sh("zfs destroy pool/containers/web@daily");
      },
      { "zfs.export": "false" },
    ));

  test("a pool whose image file is gone says so", () =>
    withPool(zfs, async (pool) => {
      await zfs.unmountPool(pool);
      rmSync(pool.diskImage);
      await assert.rejects(zfs.mountPool(pool), { code: "UNAVAILABLE", message: /pool\.img" is missing/ });
    }));

  test("a full pool can be looked at, and has room again when something is deleted", () =>
    withWeb(
      async (pool) => {
        await zfs.clone(pool, base, container("full"));
        see(pool, container("full"), "head -c 2000000000 /dev/urandom > big 2>/dev/null || true; sync");
        assert.ok(Number(propertyOf("available", "pool")) < MiB);
        assert.equal(see(pool, web, "cat etc/name"), "image");
        await assert.rejects(zfs.create(pool, custom("default_data"), filledBy("head -c 50000000 /dev/urandom > big")));
        assert.deepEqual(await zfs.list(pool, "custom"), []);
        await zfs.unmountPool(pool);
        await zfs.mountPool(pool);
        await zfs.sweep(pool);
        await zfs.delete(pool, container("full"));
        sh("zpool sync pool");
        see(pool, web, "head -c 50000000 /dev/urandom > big");
      },
      { size: "512MiB" },
    ));

  test("a deleted pool leaves nothing of ZFS", () =>
    withWeb(async (pool) => {
      await zfs.deletePool(pool);
      await assertNoTrace(pool);
      assert.equal(sh("zpool list -H -o name"), "");
    }));
}

driversHere().then((all) => {
  const here = all.find(({ driver }) => driver === zfs);
  describe("zfs pools", { skip: here?.skip }, suite);
});
