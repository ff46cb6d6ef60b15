/** The size of an instance's root disk: what a guest gets, what it sees of it, and what becomes of it when it changes. */
import assert from "node:assert/strict";
import { chmodSync, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { after, before, describe, test } from "node:test";
import { canGrow } from "../../daemon/kinds/storage-pool/drivers/volume-disk";
import type { Device } from "../../sdk/api/common";
import { buildGuest } from "../support/guest";
import { onlyLong } from "../support/long";
import { requireFeature } from "../support/require";
import { type SharedDaemon, shareDaemon } from "../support/shared-daemon";
import { driversHere, traitsOf } from "../support/storage";

const MiB = 2 ** 20;
const source = { type: "image", alias: "template:busybox" };
const shared: SharedDaemon = shareDaemon({ bare: true }, async () => undefined);

const client = () => shared.client;
const root = (pool: string, size?: string): Device => ({
  type: "disk",
  path: "/",
  pool,
  ...(size === undefined ? {} : { size }),
});
const create = async (name: string, disk: Device, from: object = source, profiles: string[] = []) =>
  (
    await client().createInstance({ name, source: { type: "image", ...from }, devices: { root: disk }, profiles })
  ).wait();
const act = async (name: string, action: "start" | "stop" | "restart") =>
  (await client().setInstanceState(name, { action, force: true })).wait();
const remove = async (name: string) => (await client().deleteInstance(name)).wait();
const setRoot = async (name: string, disk: Device) => {
  const { value } = await client().getInstance(name);
  await (await client().updateInstance(name, { ...value, devices: { ...value.devices, root: disk } })).wait();
};
const inside = async (name: string, command: string) => {
  const { stdout } = await client().execOutput(name, { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
};
const usage = async (name: string) => (await client().getInstanceState(name)).disk?.root;

/** What a root of some MiB may have in all: its file system takes some for itself. */
async function assertTotal(name: string, mebibytes: number): Promise<void> {
  const { total = 0 } = (await usage(name)) ?? {};
  assert.ok(total <= mebibytes * MiB && total >= mebibytes * MiB * 0.8, `${total} of ${mebibytes} MiB`);
}

async function suite(): Promise<void> {
  const isGrowing = await canGrow();
  for (const { driver, skip } of await driversHere())
    describe(driver.name, { skip }, () => {
      const pool = `of-${driver.name}`;
      const { config, hasQuota, isAlwaysBounded } = traitsOf(driver.name);
      const isLive = hasQuota || isGrowing;
      // Roots of dir and of overlay are bounded by the same code.
      const skip = driver.name === "dir" && onlyLong();

      before(() => client().createStoragePool({ name: pool, driver: driver.name, config }));
      after(() => client().deleteStoragePool(pool));

      test("a guest fills its root and no more, is told so, and is stopped and deleted like any other", async () => {
        await create("full", root(pool, "24MiB"));
        await assertTotal("full", 24);
        await act("full", "start");
        assert.match(
          await inside("full", "dd if=/dev/urandom of=/big bs=1M count=40"),
          /No space left|quota exceeded/i,
        );
        const { usage: used = 0, total = 0 } = (await usage("full")) ?? {};
        assert.ok(used > 12 * MiB && used <= total, `${used} of ${total}`);
        if (!hasQuota) {
          const blocks = Number(await inside("full", "df -Pk / | awk 'END { print $2 }'"));
          assert.ok(blocks <= 24 * 1024 && blocks > 16 * 1024, `${blocks} KiB`);
        }
        await (await client().createSnapshot("full", { name: "s" })).wait();
        await act("full", "restart");
        assert.match(await inside("full", "ls -s /big"), /big/);
        await act("full", "stop");
        await remove("full");
      });

      test("a change of the size reaches a running guest where it can, else with its next start", async () => {
        await create("web", root(pool, "24MiB"));
        await act("web", "start");
        await setRoot("web", root(pool, "48MiB"));
        await assertTotal("web", isLive ? 48 : 24);
        await act("web", "restart");
        await assertTotal("web", 48);
        await inside("web", "echo kept > /note; dd if=/dev/zero of=/big bs=1M count=30");
        if (!hasQuota) {
          await assert.rejects(setRoot("web", root(pool, "20MiB")), {
            code: "BAD_REQUEST",
            message: /it holds \d+ bytes/,
          });
          if (!isAlwaysBounded)
            await assert.rejects(setRoot("web", root(pool)), {
              code: "BAD_REQUEST",
              message: /Stop the instance first/,
            });
          assert.equal((await client().getInstance("web")).value.devices.root?.size, "48MiB", "nothing is stored");
        }
        await inside("web", "rm /big; sync");
        await setRoot("web", root(pool, "20MiB"));
        await act("web", "restart");
        await assertTotal("web", 20);
        assert.equal(await inside("web", "cat /note"), "kept");
        await act("web", "stop");
        await setRoot("web", root(pool));
        if (!isAlwaysBounded) assert.equal((await usage("web"))?.total, undefined);
        await setRoot("web", root(pool, "30MB"));
        await assertTotal("web", isAlwaysBounded ? 32 : 30e6 / MiB);
        await act("web", "start");
        assert.equal(await inside("web", "cat /note"), "kept");
        await act("web", "stop");
        await remove("web");
      });

      test("copies, restored and refreshed instances have the size that their root disk says", { skip }, async () => {
        await create("origin", root(pool, "24MiB"));
        await (await client().createSnapshot("origin", { name: "s" })).wait();
        await setRoot("origin", root(pool, "32MiB"));
        await create("copy", root(pool, "24MiB"), { type: "copy", source: "origin" });
        await assertTotal("copy", 24);
        await create("second", root(pool, "28MiB"), { type: "copy", source: "origin/s" });
        await assertTotal("second", 28);
        await (await client().restoreSnapshot("origin", "s")).wait();
        await assertTotal("origin", 24);
        await create("copy", root(pool, "40MiB"), { type: "copy", source: "origin", refresh: true });
        await assertTotal("copy", 40);
        await act("copy", "start");
        for (const name of ["copy", "second", "origin"])
          await (await client().deleteInstance(name, { force: true })).wait();
      });

      if (driver.hasSubvolumes)
        test("a guest with a size makes no subvolumes, which would not count, and one without does", async () => {
          const folder = mkdtempSync(path.join(tmpdir(), "bothy-root-size-"));
          chmodSync(folder, 0o755);
          buildGuest("subvolume", path.join(folder, "subvolume"));
          const tool: Device = { type: "disk", source: folder, path: "/tool" };
          for (const [name, size] of [
            ["open", undefined],
            ["bound", "24MiB"],
          ] as const) {
            await create(name, root(pool, size));
            const { value } = await client().getInstance(name);
            await (await client().updateInstance(name, { ...value, devices: { ...value.devices, tool } })).wait();
            await act(name, "start");
          }
          assert.equal(await inside("open", "/tool/subvolume /root"), "made\nmade\nmade");
          const refused = Array(3).fill("Inappropriate ioctl for device").join("\n");
          assert.equal(await inside("bound", "/tool/subvolume /root"), refused);
          await shared.daemon.kill();
          await shared.daemon.start();
          assert.equal(await inside("bound", "/tool/subvolume /root"), refused);
          for (const name of ["open", "bound"]) await (await client().deleteInstance(name, { force: true })).wait();
          rmSync(folder, { recursive: true });
        });

      test("moved, rebuilt and imported instances have the size that their root disk says", { skip }, async () => {
        await client().createStoragePool({ name: "elsewhere", driver: "dir", config: {} });
        await create("goer", root(pool, "24MiB"));
        await (await client().rebuildInstance("goer", { source })).wait();
        await assertTotal("goer", 24);
        await (await client().moveInstance("goer", { name: "goer", pool: "elsewhere" })).wait();
        await assertTotal("goer", 24);
        await (await client().createBackup("goer", { name: "out", compression_algorithm: "none" })).wait();
        const file = path.join(shared.daemon.dir, "goer.backup");
        await pipeline(await client().exportBackup("goer", "out"), createWriteStream(file));
        await (await client().importBackup(file, { name: "came", pool })).wait();
        await assertTotal("came", 24);
        rmSync(file);
        for (const name of ["goer", "came"]) await remove(name);
        await client().deleteStoragePool("elsewhere");
      });

      test("a pool's volume.size counts for new roots that say nothing, and 0 is no bound", { skip }, async () => {
        const { value } = await client().getStoragePool(pool);
        await client().updateStoragePool(pool, { ...value, config: { ...value.config, "volume.size": "26MiB" } });
        await create("plain", root(pool));
        await assertTotal("plain", 26);
        await create("free", root(pool, "0"));
        assert.equal((await usage("free"))?.total, undefined);
        await client().updateStoragePool(pool, value);
        await assertTotal("plain", 26);
        for (const name of ["plain", "free"]) await remove(name);
      });

      test("a size of a profile is followed by those that run and those that do not", { skip }, async () => {
        const set = (size: string) =>
          client().updateProfile("sized", { config: {}, description: "", devices: { root: root(pool, size) } });
        await client().createProfile({ name: "sized", devices: { root: root(pool, "24MiB") } });
        for (const name of ["one", "two"])
          await (await client().createInstance({ name, source, profiles: ["sized"] })).wait();
        await act("one", "start");
        await set("36MiB");
        await assertTotal("one", isLive ? 36 : 24);
        await assertTotal("two", 36);
        await act("one", "restart");
        await assertTotal("one", 36);
        for (const name of ["one", "two"]) await (await client().deleteInstance(name, { force: true })).wait();
        await client().deleteProfile("sized");
      });

      test("a killed daemon's guests go on within their size, and the next daemon knows it", { skip }, async () => {
        await create("lives", root(pool, "24MiB"));
        await act("lives", "start");
        await shared.daemon.kill();
        await shared.daemon.start();
        await assertTotal("lives", 24);
        assert.match(
          await inside("lives", "dd if=/dev/urandom of=/big bs=1M count=40"),
          /No space left|quota exceeded/i,
        );
        await (await client().deleteInstance("lives", { force: true })).wait();
      });
    });

  test("sizes that are none, and disks that have none, are refused", {
    skip: requireFeature("root", process.getuid?.() === 0),
  }, async () => {
    await client().createStoragePool({ name: "plain", driver: "dir", config: {} });
    for (const size of ["abc", "5%", "-1", "10M", "10mb", "12.5MB", " "])
      await assert.rejects(create("wrong", root("plain", size)), { code: "BAD_REQUEST", message: /size/ }, size);
    await assert.rejects(create("wrong", root("plain", "100kB")), {
      code: "BAD_REQUEST",
      message: /no file system fits/,
    });
    await create("web", root("plain"));
    const { value } = await client().getInstance("web");
    const data = { type: "disk", source: "/usr", path: "/srv", size: "10MiB" };
    await assert.rejects(
      async () => (await client().updateInstance("web", { ...value, devices: { ...value.devices, data } })).wait(),
      { code: "BAD_REQUEST", message: /Only the root disk may have a size quota/ },
    );
    await remove("web");
    await client().deleteStoragePool("plain");
  });
}

void suite();
