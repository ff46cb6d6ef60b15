/**
 * A life in a pool of each driver, as the API and a container see it: one daemon, one pool, one container that runs from the first step to the last.
 * The steps need each other. In a guest that is emulated (npm run test:vm) this is all that there is time for.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { StorageDriver } from "../../daemon/kinds/storage-pool/driver";
import type { Device } from "../../sdk/api/common";
import type { PendingOperation } from "../../sdk/index";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { driversHere, traitsOf } from "../support/storage";
import { until } from "../support/until";

const MiB = 2 ** 20;
const image = { type: "image", alias: "template:busybox" };
const pool = "pool";

const done = async (operation: Promise<PendingOperation>) => (await operation).wait();
const root = (size: string): Device => ({ type: "disk", path: "/", pool, size });

/** The file system takes some of a size for itself. */
const assertSize = (bytes: number, mebibytes: number) =>
  assert.ok(bytes <= mebibytes * MiB && bytes >= mebibytes * MiB * 0.8, `${bytes} of ${mebibytes} MiB`);

async function life(t: TestContext, driver: StorageDriver, daemon: TestDaemon): Promise<void> {
  const { client } = daemon;
  const { config, hasQuota, volumeKeys } = traitsOf(driver.name);
  let isGood = true;
  /** A step that the later ones need: after one that failed they are left out. */
  const step = (title: string, work: () => Promise<void>) =>
    t.test(title, { skip: !isGood && "an earlier step failed" }, async () => {
      isGood = false;
      await work();
      isGood = true;
    });
  const act = (name: string, action: "start" | "stop" | "restart") =>
    done(client.setInstanceState(name, { action, force: true }));
  const remove = (name: string) => done(client.deleteInstance(name, { force: true }));
  const inside = async (name: string, command: string) => {
    const { stdout } = await client.execOutput(name, { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
    return String(stdout).trim();
  };
  const setDevices = async (name: string, change: Readonly<Record<string, Device>>) => {
    const { value } = await client.getInstance(name);
    await done(client.updateInstance(name, { ...value, devices: { ...value.devices, ...change } }));
  };
  const total = async (name: string) => (await client.getInstanceState(name)).disk?.root?.total ?? 0;
  const names = async () => (await client.listInstances()).map(({ name }) => name);
  const folder = (...parts: string[]) => path.join(daemon.dir, "storage-pools", pool, ...parts);

  await client.createStoragePool({ name: pool, driver: driver.name, config });

  await step("a container that is made of an image is started, and its root is all its own", async () => {
    await done(client.createInstance({ name: "web", source: image, devices: { root: root("48MiB") } }));
    await act("web", "start");
    assert.match(await inside("web", "head -n1 /proc/self/uid_map"), /^\s*0\s+[1-9]\d{4,}/, "it is unprivileged");
    assert.equal(await inside("web", "stat -c '%u:%g' / /bin/busybox"), "0:0\n0:0");
    await inside("web", "echo first > /note; chown 1000:1001 /note; mkdir /data; sync");
    assert.equal(await inside("web", "cat /note; stat -c '%u:%g' /note"), "first\n1000:1001");
    assertSize(await total("web"), 48);
  });

  await step("it is snapshotted while it runs, and put back with what it was", async () => {
    await done(client.createSnapshot("web", { name: "s0" }));
    await inside("web", "echo second > /note; rm -r /data; sync");
    await done(client.createSnapshot("web", { name: "s1" }));
    await act("web", "stop");
    await done(client.restoreSnapshot("web", "s0"));
    await act("web", "start");
    assert.equal(await inside("web", "cat /note; stat -c '%u:%g' /note; ls -d /data"), "first\n1000:1001\n/data");
    assert.deepEqual(
      (await client.listSnapshots("web")).map(({ name }) => name),
      ["s0", "s1"],
      "newer snapshots stay",
    );
    assertSize(await total("web"), 48);
  });

  await step("a copy of it and one of its snapshot run beside it, and share nothing that they write", async () => {
    await done(client.createInstance({ name: "copy", source: { type: "copy", source: "web" } }));
    await done(client.createInstance({ name: "old", source: { type: "copy", source: "web/s1" } }));
    for (const name of ["copy", "old"]) await act(name, "start");
    assert.equal(await inside("copy", "cat /note; stat -c '%u:%g' /note"), "first\n1000:1001");
    assert.equal(await inside("old", "cat /note"), "second");
    await inside("copy", "echo copied > /note; sync");
    assert.equal(await inside("web", "cat /note"), "first");
    assert.equal((await client.listSnapshots("copy")).length, 2, "its snapshots came with it");
    for (const name of ["copy", "old"]) await remove(name);
  });

  await step("it fills its size and no more, and gets more in when it is enlarged", async () => {
    assert.match(await inside("web", "dd if=/dev/urandom of=/big bs=1M count=80"), /No space left|quota exceeded/i);
    assert.equal(await inside("web", "cat /note"), "first");
    await inside("web", "rm /big; sync");
    await setDevices("web", { root: root("96MiB") });
    const isLive = Math.round((await total("web")) / MiB) > 48;
    if (!isLive) await act("web", "restart");
    assertSize(await total("web"), 96);
    assert.match(await inside("web", "dd if=/dev/urandom of=/big bs=1M count=60 && sync && echo whole"), /whole/);
    if (!hasQuota) assert.ok(Number(await inside("web", "df -Pk / | awk 'END { print $2 }'")) > 70 * 1024);
    await inside("web", "rm /big; sync");
  });

  await step("a volume of files comes to it and goes from it while it runs, with its snapshots", async () => {
    const keys = volumeKeys ?? { made: {}, changed: {} };
    const config = { size: "32MiB", ...keys.made };
    await client.createStorageVolume(pool, { name: "data", config });
    assert.deepEqual((await client.getStorageVolume(pool, "data")).value.config, config);
    await setDevices("web", { data: { type: "disk", pool, source: "data", path: "/srv/data" } });
    await inside("web", "echo kept > /srv/data/file; chown 7:8 /srv/data/file; sync");
    await client.patchStorageVolume(pool, "data", { config: keys.changed });
    await done(client.createStorageVolumeSnapshot(pool, "data", { name: "v0" }));
    assert.match(
      await inside("web", "dd if=/dev/urandom of=/srv/data/big bs=1M count=50"),
      /No space left|quota exceeded/i,
    );
    await inside("web", "rm /srv/data/big; echo changed > /srv/data/file; sync");
    await done(client.copyStorageVolume(pool, { name: "twin", source: { name: "data/v0", pool } }));
    await setDevices("web", { twin: { type: "disk", pool, source: "twin", path: "/srv/twin" } });
    assert.equal(await inside("web", "cat /srv/twin/file; stat -c '%u:%g' /srv/twin/file"), "kept\n7:8");
    await act("web", "stop");
    await client.restoreStorageVolume(pool, "data", "v0");
    await act("web", "start");
    assert.equal(await inside("web", "cat /srv/data/file"), "kept");
    const { value } = await client.getInstance("web");
    const { twin: _, ...devices } = value.devices;
    await done(client.updateInstance("web", { ...value, devices }));
    assert.equal(await inside("web", "ls /srv/twin"), "");
    await client.deleteStorageVolume(pool, "twin");
  });

  await step("a block volume has the bytes that it should have, grows, and is copied", async () => {
    await client.createStorageVolume(pool, { name: "disk", content_type: "block", config: { size: "8MiB" } });
    const file = (name: string) => folder("custom", `default_${name}`, "rootfs/root.img");
    assert.equal(statSync(file("disk")).size, 8 * MiB);
    writeFileSync(file("disk"), "boot", { flag: "r+" });
    await done(client.createStorageVolumeSnapshot(pool, "disk", { name: "b0" }));
    await client.patchStorageVolume(pool, "disk", { config: { size: "12MiB" } });
    assert.equal(statSync(file("disk")).size, 12 * MiB);
    await done(client.copyStorageVolume(pool, { name: "twin", source: { name: "disk", pool } }));
    assert.equal(statSync(file("twin")).size, 12 * MiB);
    for (const name of ["disk", "twin"]) await client.deleteStorageVolume(pool, name);
    assert.equal(existsSync(folder("custom-snapshots/default_disk")), false);
  });

  await step("it runs on while the daemon is killed, and the next one has all of it", async () => {
    await inside(
      "web",
      "echo before > /note; : > /srv/data/clock; (while :; do date >> /srv/data/clock; sleep 1; done) >/dev/null 2>&1 & true",
    );
    const { pid } = await client.getInstanceState("web");
    const ticked = () => statSync(`/proc/${pid}/root/srv/data/clock`).size;
    const ticksOn = async () => {
      const then = ticked();
      await until(async () => ticked() > then);
    };
    await daemon.kill();
    await ticksOn();
    await daemon.start();
    assert.equal((await client.getInstanceState("web")).pid, pid);
    assert.equal(await inside("web", "cat /note; cat /srv/data/file"), "before\nkept");
    // Within a copy it may be frozen, and the next daemon lets it go on.
    await client.createInstance({ name: "half", source: { type: "copy", source: "web" } });
    await daemon.kill();
    await daemon.start();
    await ticksOn();
    assert.equal((await client.getInstanceState("web")).pid, pid);
    if ((await names()).includes("half")) {
      await act("half", "start");
      assert.equal(await inside("half", "cat /note"), "before");
      await remove("half");
    }
    await done(client.createSnapshot("web", { name: "s2" }));
    await inside("web", "echo after > /note; sync");
    await act("web", "stop");
    await done(client.restoreSnapshot("web", "s2"));
    assertSize(await total("web"), 96);
  });

  await step("it runs again after the host's end of the daemon closed the pool", async () => {
    await act("web", "start");
    await daemon.stop("SIGPWR");
    assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(folder()), "nothing of it is mounted");
    await daemon.start();
    await until(async () => (await client.getInstanceState("web")).status === "Running");
    assert.equal(await inside("web", "cat /note; cat /srv/data/file"), "before\nkept");
  });

  await step("it is deleted with its snapshots and its volume, and leaves nothing", async () => {
    await remove("web");
    await client.deleteStorageVolume(pool, "data");
    for (const type of ["containers", "containers-snapshots", "custom", "custom-snapshots"])
      assert.deepEqual(readdirSync(folder(type)), [], type);
  });

  // Also after a step that failed.
  if (!daemon.isRunning) await daemon.start();
  for (const name of await names()) await remove(name);
  for (const { name } of await client.listStorageVolumes(pool, "custom"))
    if (!name.includes("/")) await client.deleteStorageVolume(pool, name);
  await client.deleteStoragePool(pool);
  assert.equal(existsSync(folder()), false, "nothing of the pool is left");
}

driversHere().then((all) => {
  for (const { driver, skip } of all)
    test(driver.name, { skip }, (t) => withDaemon({ bare: true }, (daemon) => life(t, driver, daemon)));
});
