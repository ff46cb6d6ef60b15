/** The contract of storage drivers: one suite for all, on real file systems. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { PoolPlace, StorageDriver, Volume } from "../../daemon/kinds/storage-pool/driver";
import { isLong } from "../support/long";
import {
  assertNoTrace,
  container,
  crashBefore,
  custom,
  customSnapshot,
  describeTree,
  driversHere,
  filledBy,
  image,
  inRoot,
  smallTree,
  snapshot,
  unfinished,
  withPool,
} from "../support/storage";

const read = (driver: StorageDriver, pool: PoolPlace, volume: Volume, script: string) =>
  inRoot(driver.root(pool, volume), script);

/** A crash is tried before each step, or in `npm test` before every second. */
const stride = isLong ? 1 : 2;

async function suite(): Promise<void> {
  for (const { driver, skip } of await driversHere()) describe(driver.name, { skip }, () => contract(driver));
}

function contract(driver: StorageDriver): void {
  /** A pool with the image "base" and the container "web" made from it. */
  const withWeb = (work: (pool: PoolPlace) => Promise<void>) =>
    withPool(driver, async (pool) => {
      await driver.create(pool, image("base"), smallTree);
      await driver.clone(pool, image("base"), container("web"));
      await work(pool);
    });
  const see = (pool: PoolPlace, volume: Volume, script: string) => read(driver, pool, volume, script);

  test("a clone of an image has everything that the image has", () =>
    withWeb(async (pool) => {
      const original = see(pool, image("base"), describeTree);
      assert.match(original, /bin\/tool regular file 4755/);
      assert.match(original, /hard-linked/);
      assert.match(original, /note=remember/);
      assert.equal(see(pool, container("web"), describeTree), original);
    }));

  test("owner and mode of the root folder follow the image", () =>
    withPool(driver, async (pool) => {
      await driver.create(pool, image("odd"), filledBy("chmod 1751 . && chown 7:8 ."));
      await driver.clone(pool, image("odd"), container("web"));
      assert.equal(see(pool, container("web"), "stat -c '%a %u:%g' ."), "1751 7:8");
    }));

  test("a container's changes reach neither the image nor another container", () =>
    withWeb(async (pool) => {
      await driver.clone(pool, image("base"), container("other"));
      see(pool, container("web"), "echo changed > etc/name && rm etc/kept && touch etc/new");
      for (const volume of [image("base"), container("other")])
        assert.equal(see(pool, volume, "cat etc/name etc/kept && ls etc | grep -c new || true"), "image\nkept\n0");
    }));

  test("a restore brings deleted files back and takes new ones away", () =>
    withWeb(async (pool) => {
      see(pool, container("web"), "echo before > etc/name && rm etc/two");
      await driver.clone(pool, container("web"), snapshot("web/snap0"));
      see(pool, container("web"), "echo after > etc/name && rm -r bin etc/kept && touch etc/new && echo 2 > etc/two");
      await driver.restore(pool, snapshot("web/snap0"), container("web"));
      assert.equal(see(pool, container("web"), "cat etc/name bin/tool etc/kept"), "before\ntool\nkept");
      assert.equal(see(pool, container("web"), "ls -d etc/new etc/two 2>/dev/null | wc -l"), "0");
      see(pool, container("web"), "echo more > etc/name");
      assert.equal(see(pool, snapshot("web/snap0"), "cat etc/name"), "before", "the snapshot stays as it was");
      assert.deepEqual(unfinished(pool), []);
    }));

  test("a copy keeps what was deleted, replaced and linked in the original", () =>
    withWeb(async (pool) => {
      see(pool, container("web"), "rm etc/kept && rm -r var && mkdir var && echo 1 > var/a && ln var/a var/b");
      see(pool, container("web"), "chmod 600 etc/name && chown 5:6 etc/name");
      await driver.clone(pool, container("web"), container("copy"));
      await driver.clone(pool, container("web"), snapshot("web/s"));
      await driver.clone(pool, snapshot("web/s"), container("from-snapshot"));
      const look = "ls etc/kept 2>/dev/null | wc -l; ls var; stat -c '%h' var/a; stat -c '%a %u:%g' etc/name";
      const expected = "0\na\nb\n2\n600 5:6";
      for (const name of ["web", "copy", "from-snapshot"])
        assert.equal(see(pool, container(name), look), expected, name);
    }));

  test("a renamed container is the same one under the new name only", () =>
    withWeb(async (pool) => {
      see(pool, container("web"), "echo mine > etc/name");
      await driver.clone(pool, container("web"), snapshot("web/snap0"));
      await driver.rename(pool, container("web"), container("web2"));
      await driver.rename(pool, snapshot("web/snap0"), snapshot("web2/snap0"));
      await driver.rename(pool, snapshot("web2/snap0"), snapshot("web2/first"));
      assert.deepEqual(await driver.list(pool, "containers"), ["web2"]);
      assert.deepEqual(await driver.list(pool, "containers-snapshots"), ["web2/first"]);
      assert.equal(see(pool, container("web2"), "cat etc/name"), "mine");
      await driver.restore(pool, snapshot("web2/first"), container("web2"));
      assert.equal(see(pool, container("web2"), "cat etc/name"), "mine");
    }));

  test("a name that is taken is refused, and what has it stays", () =>
    withWeb(async (pool) => {
      see(pool, container("web"), "echo mine > etc/name");
      await driver.clone(pool, image("base"), container("other"));
      await assert.rejects(driver.clone(pool, image("base"), container("web")), { code: "CONFLICT" });
      await assert.rejects(driver.rename(pool, container("other"), container("web")), { code: "CONFLICT" });
      assert.equal(see(pool, container("web"), "cat etc/name"), "mine");
      assert.deepEqual(await driver.list(pool, "containers"), ["other", "web"]);
      assert.deepEqual(unfinished(pool), []);
    }));

  test("a volume that does not exist can be deleted, but neither copied nor renamed", () =>
    withWeb(async (pool) => {
      await driver.delete(pool, container("nobody"));
      await driver.delete(pool, snapshot("nobody/snap0"));
      await assert.rejects(driver.clone(pool, container("nobody"), container("copy")), { code: "NOT_FOUND" });
      await assert.rejects(driver.restore(pool, snapshot("web/nothing"), container("web")), { code: "NOT_FOUND" });
      await assert.rejects(driver.rename(pool, snapshot("web/nothing"), snapshot("x/y")), { code: "NOT_FOUND" });
      assert.equal(see(pool, container("web"), "cat etc/name"), "image");
      assert.deepEqual(unfinished(pool), []);
    }));

  test("lists and exists tell what is there", () =>
    withWeb(async (pool) => {
      await driver.create(pool, container("empty"), async () => undefined);
      await driver.clone(pool, container("web"), snapshot("web/b"));
      await driver.clone(pool, container("web"), snapshot("web/.a"));
      assert.deepEqual(await driver.list(pool, "containers"), ["empty", "web"]);
      assert.deepEqual(await driver.list(pool, "containers-snapshots"), ["web/.a", "web/b"]);
      assert.deepEqual(await driver.list(pool, "images"), ["base"]);
      assert.equal(see(pool, container("empty"), "ls -A | wc -l"), "0");
      await driver.delete(pool, snapshot("web/.a"));
      await driver.delete(pool, snapshot("web/b"));
      await driver.delete(pool, container("web"));
      await driver.sweep(pool);
      assert.equal(await driver.exists(pool, container("web")), false);
      assert.equal(await driver.exists(pool, container("empty")), true);
      assert.deepEqual(await driver.list(pool, "containers-snapshots"), []);
    }));

  test("containers live on when their image is deleted, and when it comes again", () =>
    withWeb(async (pool) => {
      await driver.clone(pool, container("web"), snapshot("web/snap0"));
      await driver.delete(pool, image("base"));
      assert.equal(await driver.exists(pool, image("base")), false);
      await driver.create(pool, image("base"), filledBy("mkdir etc && echo second > etc/name"));
      await driver.clone(pool, image("base"), container("second"));
      await driver.sweep(pool);
      await driver.restore(pool, snapshot("web/snap0"), container("web"));
      assert.equal(see(pool, container("web"), "cat etc/name bin/tool"), "image\ntool");
      assert.equal(see(pool, container("second"), "cat etc/name"), "second");
    }));

  test("an image whose unpacking fails leaves nothing", () =>
    withPool(driver, async (pool) => {
      const broken = async (rootPath: string) => {
        await smallTree(rootPath);
        throw new Error("the tarball ends too early");
      };
      await assert.rejects(driver.create(pool, image("base"), broken), /ends too early/);
      assert.deepEqual(await driver.list(pool, "images"), []);
      assert.deepEqual(unfinished(pool), []);
    }));

  test("a custom volume is empty at first, and is copied, snapshotted, put back, renamed and deleted", () =>
    withPool(driver, async (pool) => {
      await driver.create(pool, custom("default_a b"), async () => undefined);
      assert.equal(see(pool, custom("default_a b"), "ls -A | wc -l; stat -c '%u:%g' ."), "0\n0:0");
      await driver.delete(pool, custom("default_a b"));
      await driver.create(pool, custom("default_data"), smallTree);
      const original = see(pool, custom("default_data"), describeTree);
      await driver.clone(pool, custom("default_data"), customSnapshot("default_data/s0"));
      see(pool, custom("default_data"), "rm -r bin && echo changed > etc/name");
      await driver.clone(pool, custom("default_data"), custom("lab_copy"));
      assert.equal(see(pool, custom("lab_copy"), "cat etc/name; ls -d bin 2>/dev/null | wc -l"), "changed\n0");
      await driver.restore(pool, customSnapshot("default_data/s0"), custom("default_data"));
      assert.equal(see(pool, custom("default_data"), describeTree), original);
      await driver.rename(pool, custom("default_data"), custom("lab_data"));
      await driver.rename(pool, customSnapshot("default_data/s0"), customSnapshot("lab_data/s0"));
      assert.deepEqual(await driver.list(pool, "custom"), ["lab_copy", "lab_data"]);
      assert.deepEqual(await driver.list(pool, "custom-snapshots"), ["lab_data/s0"]);
      assert.equal(see(pool, customSnapshot("lab_data/s0"), describeTree), original);
      assert.equal(driver.root(pool, custom("lab_data")).type, "dir", "a container gets it as a folder");
      assert.equal(statSync(path.join(pool.path, "custom/lab_data")).mode & 0o7777, 0o700);
      await driver.delete(pool, customSnapshot("lab_data/s0"));
      await driver.delete(pool, custom("lab_data"));
      assert.deepEqual(await driver.list(pool, "custom-snapshots"), []);
      assert.deepEqual(unfinished(pool), []);
    }));

  test("nobody but root reaches the set-uid files of a container", () =>
    withWeb(async (pool) => {
      await driver.clone(pool, container("web"), snapshot("web/s"));
      const modeOf = (parts: string) => statSync(path.join(pool.path, parts)).mode & 0o777;
      // As LXD has it, which scripts look at.
      assert.equal(modeOf("containers/web"), 0o100);
      for (const parts of ["containers-snapshots/web/s", "images/base"]) assert.equal(modeOf(parts) & 0o077, 0, parts);
      for (const volume of [container("web"), image("base")]) {
        const root = driver.root(pool, volume);
        const folders = root.type === "dir" ? [root.path] : [root.upper, ...root.lower];
        for (const folder of folders) assert.equal(statSync(path.dirname(folder)).mode & 0o077, 0, folder);
      }
    }));

  test("names that leave the pool are refused", () =>
    withWeb(async (pool) => {
      for (const name of ["..", ".", "", "a/b", "/etc", "a\0b"]) {
        assert.throws(() => driver.root(pool, container(name)), /not one of a volume/, name);
        await assert.rejects(async () => driver.delete(pool, container(name)), /not one of a volume/, name);
      }
      for (const name of ["web", "web/../x", "web/", "a/b/c"])
        await assert.rejects(async () => driver.delete(pool, snapshot(name)), /not one of a volume/, name);
    }));

  test("a file of 50 MB survives snapshot and restore byte for byte", () =>
    withWeb(async (pool) => {
      see(pool, container("web"), "dd if=/dev/urandom of=big bs=1M count=50 status=none");
      const before = see(pool, container("web"), "sha256sum < big");
      await driver.clone(pool, container("web"), snapshot("web/big"));
      see(pool, container("web"), "rm big");
      await driver.restore(pool, snapshot("web/big"), container("web"));
      assert.equal(see(pool, container("web"), "sha256sum < big"), before);
    }));

  test("resources tell space and inodes", () =>
    withWeb(async (pool) => {
      const { space, inodes } = await driver.resources(pool);
      assert.ok(space.used > 0 && space.used < space.total);
      assert.ok(inodes.used <= inodes.total);
    }));

  test("a pool can be closed and opened again", () =>
    withWeb(async (pool) => {
      await driver.unmountPool(pool);
      await driver.mountPool(pool);
      await driver.mountPool(pool);
      assert.equal(see(pool, container("web"), "cat etc/name"), "image");
    }));

  test("a deleted pool leaves no mount, loop device or file", async () => {
    let place: PoolPlace | undefined;
    await withPool(driver, async (pool) => {
      place = pool;
      await driver.create(pool, image("base"), smallTree);
      await driver.clone(pool, image("base"), container("web"));
      await driver.deletePool(pool);
      await assertNoTrace(pool);
    });
    assert.ok(place);
  });

  describe("a crash before any step", () => crashes(driver));
}

/** Each operation, cut off before each of its changes in turn; then what a sweep has to find. */
function crashes(driver: StorageDriver): void {
  const name = (pool: PoolPlace, volume: Volume) => read(driver, pool, volume, "cat etc/name");

  const each = (
    title: string,
    prepare: (pool: PoolPlace, web: string) => Promise<void>,
    work: (pool: PoolPlace, web: string) => Promise<void>,
    check: (pool: PoolPlace, web: string) => Promise<void>,
  ) =>
    test(title, () =>
      withPool(driver, async (pool) => {
        await driver.create(pool, image("base"), smallTree);
        let steps = 0;
        for (let isDone = false; !isDone; steps += stride) {
          const web = `web${steps}`;
          await driver.clone(pool, image("base"), container(web));
          read(driver, pool, container(web), "echo now > etc/name");
          await prepare(pool, web);
          ({ isDone } = await crashBefore(steps + 1, () => work(pool, web)));
          await driver.sweep(pool);
          await check(pool, web);
          assert.deepEqual(unfinished(pool), [], `step ${steps}`);
        }
        assert.ok(steps > stride, "at least one step was cut off");
      }),
    );
  const nothing = async () => undefined;

  each(
    "leaves an image whole or gone",
    nothing,
    (pool, web) => driver.create(pool, image(`of-${web}`), smallTree),
    async (pool, web) => {
      if (await driver.exists(pool, image(`of-${web}`))) assert.equal(name(pool, image(`of-${web}`)), "image");
    },
  );

  each(
    "leaves a clone of an image whole or gone",
    nothing,
    (pool, web) => driver.clone(pool, image("base"), container(`copy-${web}`)),
    async (pool, web) => {
      if (await driver.exists(pool, container(`copy-${web}`)))
        assert.equal(name(pool, container(`copy-${web}`)), "image");
    },
  );

  each(
    "leaves a snapshot whole or gone",
    nothing,
    (pool, web) => driver.clone(pool, container(web), snapshot(`${web}/s`)),
    async (pool, web) => {
      if (await driver.exists(pool, snapshot(`${web}/s`))) assert.equal(name(pool, snapshot(`${web}/s`)), "now");
      assert.equal(name(pool, container(web)), "now");
    },
  );

  each(
    "leaves a restored container as before or as after",
    async (pool, web) => {
      await driver.clone(pool, container(web), snapshot(`${web}/s`));
      read(driver, pool, container(web), "echo later > etc/name && touch etc/later");
    },
    (pool, web) => driver.restore(pool, snapshot(`${web}/s`), container(web)),
    async (pool, web) => {
      const seen = read(driver, pool, container(web), "cat etc/name; ls etc | grep -c later || true");
      assert.ok(["now\n0", "later\n1"].includes(seen), seen);
      assert.equal(name(pool, snapshot(`${web}/s`)), "now");
    },
  );

  each(
    "leaves a renamed snapshot under one of its names",
    (pool, web) => driver.clone(pool, container(web), snapshot(`${web}/s`)),
    (pool, web) => driver.rename(pool, snapshot(`${web}/s`), snapshot(`new-${web}/s`)),
    async (pool, web) => {
      const there = (await driver.list(pool, "containers-snapshots")).filter((one) => one.includes(`${web}/s`));
      assert.equal(there.length, 1);
      assert.equal(name(pool, snapshot(there[0]!)), "now");
    },
  );

  each(
    "leaves a deleted container whole or gone",
    nothing,
    (pool, web) => driver.delete(pool, container(web)),
    async (pool, web) => {
      if (await driver.exists(pool, container(web))) assert.equal(name(pool, container(web)), "now");
    },
  );
}

suite();
