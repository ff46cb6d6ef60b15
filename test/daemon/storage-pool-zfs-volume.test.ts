/** What only volumes of the zfs driver have: how they are copied, and their properties. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import type { PoolPlace, Volume } from "../../daemon/kinds/storage-pool/driver";
import { zfs } from "../../daemon/kinds/storage-pool/drivers/zfs";
import type { Config } from "../../sdk/api/common";
import { container, custom, driversHere, image, inRoot, smallTree, snapshot, withClone } from "../support/storage";

const sh = (script: string, ...args: string[]) =>
  execFileSync("sh", ["-euc", script, "sh", ...args], { encoding: "utf8" }).trim();
const MiB = 2 ** 20;
const base = image("base");
const web = container("web");
const see = (pool: PoolPlace, volume: Volume, script: string) => inRoot(zfs.root(pool, volume), script);
const propertyOf = (property: string, set: string) => sh('zfs get -H -p -o value "$1" "$2"', property, set);
const withWeb = (work: (pool: PoolPlace) => Promise<void>, config: Config = {}) => withClone(zfs, work, config);

/** Of what was deleted only the folders are left. */
const assertNothingDeleted = () =>
  assert.equal(
    sh("zfs list -H -o name -r -t all pool/deleted"),
    ["pool/deleted", ...["containers", "custom", "images"].map((name) => `pool/deleted/${name}`)].join("\n"),
  );

function suite(): void {
  for (const way of ["false", "rebase"])
    test(`with zfs.clone_copy=${way} a copy stands on no other volume`, () =>
      withWeb(
        async (pool) => {
          see(pool, web, "head -c 3000000 /dev/urandom > big; echo changed > etc/name");
          await zfs.clone(pool, web, snapshot("web/s"));
          await zfs.clone(pool, snapshot("web/s"), container("copy"), 64 * MiB);
          await zfs.clone(pool, web, container("more"));
          assert.equal(
            propertyOf("origin", "pool/containers/copy"),
            way === "false" ? "-" : "pool/images/base@readonly",
          );
          assert.equal(see(pool, container("copy"), "cat etc/name bin/tool; stat -c %s big"), "changed\ntool\n3000000");
          assert.equal((await zfs.usage(pool, container("copy")))?.total, 64 * MiB);
          await zfs.delete(pool, snapshot("web/s"));
          await zfs.delete(pool, web);
          for (const name of ["copy", "more"]) await zfs.delete(pool, container(name));
          assertNothingDeleted();
        },
        { "zfs.clone_copy": way },
      ));

  test("sizes are quotas or refquotas, reserved where the pool wants it, and blocks are as large as it says", () =>
    withWeb(
      async (pool) => {
        await zfs.create(pool, custom("default_data"), async () => undefined, 40 * MiB);
        const said = ["quota", "refquota", "refreservation", "recordsize"].map((name) =>
          propertyOf(name, "pool/custom/default_data"),
        );
        assert.deepEqual(said, ["0", String(40 * MiB), String(40 * MiB), "16384"]);
        await zfs.setSize(pool, custom("default_data"), undefined, true);
        assert.deepEqual(
          [
            propertyOf("refquota", "pool/custom/default_data"),
            propertyOf("refreservation", "pool/custom/default_data"),
          ],
          ["0", "0"],
        );
        await zfs.clone(pool, base, container("two"), 40 * MiB);
        assert.equal((await zfs.usage(pool, container("two")))?.total, 40 * MiB);
      },
      {
        "volume.zfs.use_refquota": "true",
        "volume.zfs.reserve_space": "true",
        "volume.zfs.blocksize": "16KiB",
        "volume.zfs.remove_snapshots": "true",
      },
    ));

  test("a volume has the blocks and the bounds that it says, and follows when it says others", () =>
    withWeb(
      async (pool) => {
        const data = custom("default_data");
        const set = "pool/custom/default_data";
        const saying = (keys: Config): PoolPlace => ({ ...pool, keysOf: () => keys });
        const said = () =>
          ["quota", "refquota", "reservation", "refreservation", "recordsize"].map((name) => propertyOf(name, set));
        const size = 40 * MiB;
        await zfs.create(saying({ "zfs.blocksize": "64KiB", "zfs.use_refquota": "true" }), data, smallTree, size);
        assert.deepEqual(said(), ["0", String(size), "0", "0", "65536"]);
        await zfs.follow?.(saying({ "zfs.use_refquota": "true", "zfs.reserve_space": "true" }), data);
        assert.deepEqual(said(), ["0", String(size), "0", String(size), "16384"], "the pool's blocks");
        await zfs.follow?.(saying({ "zfs.reserve_space": "true", "zfs.blocksize": "1MiB" }), data);
        assert.deepEqual(said(), [String(size), "0", String(size), "0", String(MiB)]);
        await assert.rejects(zfs.setSize(saying({ "zfs.reserve_space": "true" }), data, 2 ** 40, true), {
          code: "BAD_REQUEST",
          message: /the pool has not that much free/,
        });
        await zfs.follow?.(saying({}), data);
        assert.deepEqual(said(), [String(size), "0", "0", "0", "16384"]);
        await zfs.clone(saying({ "zfs.blocksize": "8KiB" }), data, custom("default_copy"));
        assert.equal(propertyOf("recordsize", "pool/custom/default_copy"), "8192");
        assert.equal(see(pool, custom("default_copy"), "cat etc/name bin/tool"), "image\ntool");
      },
      { "volume.zfs.blocksize": "16KiB" },
    ));
}

driversHere().then((all) => {
  const here = all.find(({ driver }) => driver === zfs);
  describe("zfs volumes", { skip: here?.skip }, suite);
});
