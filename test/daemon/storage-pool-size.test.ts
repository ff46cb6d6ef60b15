/** Sizes of volumes: one suite for all storage drivers, on real file systems. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import type { PoolPlace, StorageDriver, Volume } from "../../daemon/kinds/storage-pool/driver";
import { loopsGone } from "../../daemon/kinds/storage-pool/drivers/loops";
import { canGrow } from "../../daemon/kinds/storage-pool/drivers/volume-disk";
import { isLong } from "../support/long";
import {
  assertNoTrace,
  container,
  crashBefore,
  driversHere,
  filledBy,
  image,
  inRoot,
  smallTree,
  snapshot,
  traitsOf,
  unfinished,
  withPool,
} from "../support/storage";
import { until } from "../support/until";

const MiB = 2 ** 20;
const web = container("web");
/** A crash is tried before each step, or in `npm test` before every third. */
const stride = isLong ? 1 : 3;

/** Writes as much as it gets in, in steps that a quota is judged by. @returns whole MiB of that alone: of an overlay the image does not count */
const fill =
  "i=0; while dd if=/dev/urandom of=fill$i bs=1M count=1 conv=fsync status=none 2>/dev/null; do i=$((i+1)); [ $i -lt 90 ] || break; done; sync -f .; du -cm fill* | tail -n 1 | cut -f1";

let isGrowing = false;

async function suite(): Promise<void> {
  isGrowing = await canGrow();
  for (const { driver, skip } of await driversHere()) describe(driver.name, { skip }, () => contract(driver));
}

function contract(driver: StorageDriver): void {
  const { hasQuota: isQuota, isAlwaysBounded, hasDiskFiles } = traitsOf(driver.name);
  const isLive = isQuota || isGrowing;
  const see = (pool: PoolPlace, volume: Volume, script: string) => inRoot(driver.root(pool, volume), script);
  const totalOf = async (pool: PoolPlace, volume: Volume) => (await driver.usage(pool, volume))?.total ?? 0;
  /** A pool with the image "base" and the container "web" made from it, of 20 MiB. */
  const withWeb = (work: (pool: PoolPlace) => Promise<void>) =>
    withPool(driver, async (pool) => {
      await driver.create(pool, image("base"), smallTree);
      await driver.clone(pool, image("base"), web, 20 * MiB);
      see(pool, web, "echo now > etc/name");
      await work(pool);
    });
  /** A file system takes some of a size for itself. */
  const assertSize = async (pool: PoolPlace, volume: Volume, size: number) => {
    const total = await totalOf(pool, volume);
    assert.ok(total <= size && total >= size * 0.8, `${total} of ${size} bytes`);
  };

  test("a volume that is made with more than its size holds is refused, and leaves nothing", () =>
    withPool(driver, async (pool) => {
      assert.equal(await driver.cannotBound(pool), undefined);
      const much = filledBy("dd if=/dev/urandom of=big bs=1M count=30 conv=fsync");
      await assert.rejects(driver.create(pool, web, much, 20 * MiB), { code: "BAD_REQUEST", message: /does not fit/ });
      assert.deepEqual(await driver.list(pool, "containers"), []);
      assert.deepEqual(unfinished(pool), []);
    }));

  test("a volume takes no more than its size, and what it holds stays whole", () =>
    withWeb(async (pool) => {
      const got = Number(see(pool, web, fill));
      assert.ok(got >= 14 && got <= 20, `${got} MiB`);
      const { used = 0, total } = (await driver.usage(pool, web)) ?? {};
      assert.ok(total !== undefined && total <= 20 * MiB && used > 14 * MiB && used <= total, `${used} of ${total}`);
      assert.equal(see(pool, web, "cat etc/name bin/tool"), "now\ntool");
      see(pool, web, "rm fill*; echo again > etc/again");
      await driver.delete(pool, web);
      assert.deepEqual(readdirSync(path.join(pool.path, "containers")), []);
    }));

  test("a volume is enlarged while it is used where the host lets us, and gets more in", () =>
    withWeb(async (pool) => {
      see(pool, web, fill);
      assert.equal(await driver.setSize(pool, web, 60 * MiB, true), isLive);
      if (!isLive) await driver.setSize(pool, web, 60 * MiB, false);
      await assertSize(pool, web, 60 * MiB);
      const got = Number(see(pool, web, `rm fill*; ${fill}`));
      assert.ok(got >= 45 && got <= 60, `${got} MiB`);
      assert.equal(see(pool, web, "cat etc/name"), "now");
    }));

  test("a volume that nobody uses is made smaller, and its size is taken away", () =>
    withWeb(async (pool) => {
      assert.equal(await driver.setSize(pool, web, 12 * MiB, true), isQuota);
      if (!isQuota) await assertSize(pool, web, 20 * MiB);
      assert.equal(await driver.setSize(pool, web, 12 * MiB, false), true);
      await assertSize(pool, web, 12 * MiB);
      assert.equal(await driver.setSize(pool, web, undefined, false), true);
      if (!isAlwaysBounded) assert.equal(await totalOf(pool, web), 0);
      else await driver.setSize(pool, web, 48 * MiB, false);
      see(pool, web, "dd if=/dev/zero of=big bs=1M count=30 conv=fsync status=none");
      assert.equal(
        see(pool, web, "cat etc/name bin/tool && stat -c '%a %u' bin/tool var/spool"),
        "now\ntool\n4755 0\n1770 1000",
      );
      assert.deepEqual(unfinished(pool), []);
    }));

  test("a volume without a size gets one, with all that it holds", () =>
    withWeb(async (pool) => {
      await driver.clone(pool, image("base"), container("free"));
      see(pool, container("free"), "echo mine > etc/name; rm etc/kept");
      assert.equal(await driver.setSize(pool, container("free"), 20 * MiB, false), true);
      await assertSize(pool, container("free"), 20 * MiB);
      assert.equal(see(pool, container("free"), "cat etc/name; ls etc/kept 2>/dev/null | wc -l"), "mine\n0");
    }));

  test("a restored, renamed and copied volume has the size that it should have", () =>
    withWeb(async (pool) => {
      await driver.clone(pool, web, snapshot("web/s"));
      see(pool, web, "rm etc/name");
      await driver.restore(pool, snapshot("web/s"), web);
      await assertSize(pool, web, 20 * MiB);
      assert.equal(see(pool, web, "cat etc/name"), "now");
      await driver.rename(pool, web, container("other"));
      await assertSize(pool, container("other"), 20 * MiB);
      await driver.clone(pool, snapshot("web/s"), container("copy"), 30 * MiB);
      await assertSize(pool, container("copy"), 30 * MiB);
      assert.equal(see(pool, container("copy"), "cat etc/name bin/tool"), "now\ntool");
      await driver.clone(pool, container("other"), container("free"));
      if (isAlwaysBounded) await assertSize(pool, container("free"), 20 * MiB);
      else assert.equal(await totalOf(pool, container("free")), 0);
    }));

  test("a full volume can be copied, put back and deleted", () =>
    withWeb(async (pool) => {
      see(pool, web, fill);
      await driver.clone(pool, web, snapshot("web/full"));
      await driver.restore(pool, snapshot("web/full"), web);
      await assertSize(pool, web, 20 * MiB);
      assert.equal(see(pool, web, "cat etc/name"), "now");
      await driver.rename(pool, web, container("other"));
      await driver.delete(pool, container("other"));
      assert.deepEqual(unfinished(pool), []);
    }));

  test("a closed and opened pool has its volumes as they were, and a deleted one leaves nothing", () =>
    withWeb(async (pool) => {
      await driver.unmountPool(pool);
      await driver.mountPool(pool);
      await driver.sweep(pool);
      await assertSize(pool, web, 20 * MiB);
      assert.equal(see(pool, web, "cat etc/name"), "now");
      await driver.deletePool(pool);
      await assertNoTrace(pool);
    }));

  if (!isQuota)
    test("what does not fit is refused, and nothing is changed", () =>
      withWeb(async (pool) => {
        see(pool, web, "dd if=/dev/zero of=big bs=1M count=12 conv=fsync status=none");
        await assert.rejects(driver.setSize(pool, web, 8 * MiB, true), {
          code: "BAD_REQUEST",
          message: /it holds \d+ bytes/,
        });
        await assert.rejects(driver.clone(pool, web, container("small"), 8 * MiB), { code: "BAD_REQUEST" });
        await assert.rejects(driver.clone(pool, web, container("tiny"), 100), /no file system fits/);
        await assert.rejects(driver.clone(pool, web, container("huge"), 2 ** 62), / is so large/);
        await assert.rejects(driver.setSize(pool, web, 2 ** 62, isLive), / is so large/);
        await driver.clone(pool, web, container("free"));
        await assert.rejects(driver.setSize(pool, container("free"), 8 * MiB, false), { code: "BAD_REQUEST" });
        assert.equal(see(pool, container("free"), "cat etc/name"), "now");
        await assertSize(pool, web, 20 * MiB);
        assert.deepEqual(await driver.list(pool, "containers"), ["free", "web"]);
        assert.deepEqual(unfinished(pool), []);
      }));

  if (hasDiskFiles) {
    test("the file system of a guest is as large as its size, and gives back what is removed", () =>
      withWeb(async (pool) => {
        const df = see(pool, web, "df -k --output=size . | tail -1");
        assert.ok(Number(df) * 1024 <= 20 * MiB && Number(df) * 1024 > 16 * MiB, df);
        const taken = () =>
          Number(inRoot({ type: "dir", path: pool.path }, "du -sm containers/web/disk.img | cut -f1"));
        see(pool, web, "dd if=/dev/urandom of=big bs=1M count=12 conv=fsync status=none");
        await until(async () => taken() >= 12);
        see(pool, web, "rm big; sync -f .");
        await until(async () => taken() < 12);
      }));

    test("a volume that the kernel closed on a full disk of the host is usable again when there is room", async () => {
      const host = mkdtempSync(path.join(tmpdir(), "bothy-full-"));
      const sh = (script: string) => execFileSync("sh", ["-euc", script, "sh", host], { stdio: "ignore" });
      sh('truncate -s 60M "$1/img" && mkfs.ext4 -qF "$1/img" && mkdir "$1/disk" && mount -o loop "$1/img" "$1/disk"');
      try {
        sh('mkdir "$1/disk/pool" && dd if=/dev/zero of="$1/disk/ballast" bs=1M count=20');
        const work = async (pool: PoolPlace) => {
          await driver.create(pool, image("base"), smallTree);
          await driver.clone(pool, image("base"), web, 100 * MiB);
          see(
            pool,
            web,
            "echo now > etc/name; sync; dd if=/dev/zero of=big bs=1M count=60 conv=fsync 2>/dev/null || true",
          );
          assert.throws(() => see(pool, web, "echo more > more && sync -d more"), "it can be written no more");
          sh('rm "$1/disk/ballast" && sync');
          // The kernel may find that its journal has failed at the next write only; then the start after that opens it anew.
          await until(async () => {
            assert.equal(await driver.setSize(pool, web, 100 * MiB, false), true);
            const isWritten = "rm -f big && echo more > more && sync more && echo yes || echo no";
            return see(pool, web, isWritten) === "yes";
          });
          assert.equal(see(pool, web, "cat etc/name more"), "now\nmore");
        };
        await withPool(driver, work, { source: path.join(host, "disk/pool") });
      } finally {
        sh('umount "$1/disk"');
        rmSync(host, { recursive: true });
      }
    });

    test("a volume whose file system is damaged is told of and keeps no other from being used", () =>
      withWeb(async (pool) => {
        await driver.clone(pool, image("base"), container("good"), 20 * MiB);
        await driver.unmountPool(pool);
        await loopsGone(path.join(pool.path, "containers/web/disk.img"));
        writeFileSync(path.join(pool.path, "containers/web/disk.img"), Buffer.alloc(20 * MiB));
        const told: string[] = [];
        const listening = { ...pool, onClosed: ({ name }: Volume) => void told.push(name) };
        await driver.mountPool(listening);
        assert.deepEqual(told, ["web"]);
        assert.throws(() => driver.root(pool, web), { code: "UNAVAILABLE", message: /is not mounted/ });
        assert.equal(see(pool, container("good"), "cat etc/name"), "image");
        await driver.delete(pool, web);
      }));
  }

  // dir and overlay share what could go wrong.
  if (driver.name === "dir") return;
  describe("a crash before any step, with the host", () => {
    const each = (
      title: string,
      work: (pool: PoolPlace, name: string) => Promise<unknown>,
      check: (pool: PoolPlace, name: string) => Promise<void>,
    ) =>
      test(title, () =>
        withPool(driver, async (pool) => {
          await driver.create(pool, image("base"), smallTree);
          let steps = 0;
          for (let isDone = false; !isDone; steps += stride) {
            const name = `web${steps}`;
            await driver.clone(pool, image("base"), container(name), 20 * MiB);
            see(pool, container(name), "echo now > etc/name");
            ({ isDone } = await crashBefore(steps + 1, async () => void (await work(pool, name))));
            await driver.unmountPool(pool);
            await driver.mountPool(pool);
            await driver.sweep(pool);
            await check(pool, name);
            assert.deepEqual(unfinished(pool), [], `step ${steps}`);
            await driver.delete(pool, container(name));
          }
          assert.ok(steps > stride, "at least one step was cut off");
        }),
      );
    const isOneOf = async (pool: PoolPlace, name: string, sizes: readonly number[]) => {
      assert.equal(see(pool, container(name), "cat etc/name"), "now");
      const total = await totalOf(pool, container(name));
      assert.ok(
        sizes.some((size) => total <= size && total >= size * 0.8),
        `${total} is none of ${sizes}`,
      );
    };

    // Where a volume cannot be enlarged in its place it is made anew, as one that is made smaller.
    if (isLive)
      each(
        "leaves an enlarged volume with one of the sizes",
        (pool, name) => driver.setSize(pool, container(name), 40 * MiB, isLive),
        (pool, name) => isOneOf(pool, name, [20 * MiB, 40 * MiB]),
      );

    if (!isQuota)
      each(
        "leaves a volume that was made smaller with one of the sizes",
        (pool, name) => driver.setSize(pool, container(name), 12 * MiB, false),
        (pool, name) => isOneOf(pool, name, [12 * MiB, 20 * MiB]),
      );

    each(
      "leaves a clone whole or gone",
      (pool, name) => driver.clone(pool, container(name), container(`copy-${name}`), 16 * MiB),
      async (pool, name) => {
        if (await driver.exists(pool, container(`copy-${name}`))) await isOneOf(pool, `copy-${name}`, [16 * MiB]);
        await driver.delete(pool, container(`copy-${name}`));
      },
    );

    each(
      "leaves a deleted volume whole or gone",
      (pool, name) => driver.delete(pool, container(name)),
      async (pool, name) => {
        if (await driver.exists(pool, container(name))) await isOneOf(pool, name, [20 * MiB]);
      },
    );
  });
}

suite();
