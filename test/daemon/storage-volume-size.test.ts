/** Sizes of custom volumes, in a pool of each driver: what is more does not fit, and the size follows copies, restores and restarts. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { canGrow } from "../../daemon/kinds/storage-pool/drivers/volume-disk";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { driversHere } from "../support/storage";
import { until } from "../support/until";

const hasBtrfs = driversHere().then((all) => all.find(({ driver }) => driver.name === "btrfs")?.skip === false);
const pools = async () => ["default", "dir", ...((await hasBtrfs) ? ["btrfs"] : [])];

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "overlay");
  await client.createStoragePool({ name: "dir", driver: "dir" });
  if (await hasBtrfs) await client.createStoragePool({ name: "btrfs", driver: "btrfs", config: { size: "512MiB" } });
  const devices = Object.fromEntries(
    (await pools()).map((pool) => [pool, { type: "disk", pool, source: "vol", path: `/srv/${pool}` }]),
  );
  for (const pool of await pools()) await client.createStorageVolume(pool, { name: "vol", config: { size: "16MiB" } });
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "box", source, devices })).wait();
  await (await client.setInstanceState("box", { action: "start" })).wait();
});

const done = async (operation: Promise<{ wait(): Promise<unknown> }>) => (await operation).wait();

async function inside(command: string): Promise<string> {
  const { stdout } = await shared.client.execOutput("box", { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
}

const fill = (pool: string, mebibytes: number) =>
  inside(`dd if=/dev/zero of=/srv/${pool}/file bs=1M count=${mebibytes} conv=fsync`);
const usage = async (pool: string, name = "vol") => {
  const found = (await shared.client.getStorageVolumeState(pool, name)).usage;
  assert.ok(found);
  return found;
};
/** A file system of a volume's own has a little less for files than its size. */
async function assertTotal(pool: string, mebibytes: number, name?: string): Promise<void> {
  const { total } = await usage(pool, name);
  const most = mebibytes * 2 ** 20;
  assert.ok(total <= most && total >= most * (pool === "btrfs" ? 1 : 0.8), `${pool}: ${total} of ${most}`);
}

const setSize = (pool: string, size: string) => shared.client.patchStorageVolume(pool, "vol", { config: { size } });

test("a container can put no more into a volume than its size, and the state tells both", async () => {
  for (const pool of await pools()) {
    assert.match(await fill(pool, 24), /No space left|Disk quota exceeded/, pool);
    await inside(`rm /srv/${pool}/file; sync`);
    await assertTotal(pool, 16);
  }
});

test("it grows, while the container runs where the host lets it", async () => {
  const isGrowing = await canGrow();
  for (const pool of await pools()) {
    if (isGrowing || pool === "btrfs") await setSize(pool, "48MiB");
    else {
      await assert.rejects(setSize(pool, "48MiB"), /a running container has it/, pool);
      await done(shared.client.setInstanceState("box", { action: "stop", force: true }));
      await setSize(pool, "48MiB");
      await done(shared.client.setInstanceState("box", { action: "start" }));
    }
    assert.match(await fill(pool, 24), /24\+0 records out/, pool);
    await assertTotal(pool, 48);
    // btrfs counts when it commits, of itself every half minute.
    execFileSync("sync", ["--file-system", path.join(shared.daemon.dir, "storage-pools", pool)]);
    await until(async () => (await usage(pool)).used > 20 * 2 ** 20);
  }
});

test("it shrinks when nobody uses it, and not below what it holds where the pool cannot do that", async () => {
  for (const pool of (await pools()).filter((name) => name !== "btrfs"))
    await assert.rejects(setSize(pool, "40MiB"), /a running container has it/, pool);
  await done(shared.client.setInstanceState("box", { action: "stop", force: true }));
  for (const pool of (await pools()).filter((name) => name !== "btrfs"))
    await assert.rejects(setSize(pool, "8MiB"), /it holds \d+ bytes/, pool);
  for (const pool of await pools()) {
    await setSize(pool, "40MiB");
    await assertTotal(pool, 40);
  }
});

test("a restored volume and a copy have their sizes", async () => {
  const { client } = shared;
  for (const pool of await pools()) {
    await done(client.createStorageVolumeSnapshot(pool, "vol", { name: "s0" }));
    await client.restoreStorageVolume(pool, "vol", "s0");
    await assertTotal(pool, 40);
    await done(client.copyStorageVolume("dir", { name: pool, source: { name: "vol", pool } }));
    await assertTotal("dir", 40, pool);
    const small = { name: `${pool}-small`, config: { size: "8MiB" }, source: { name: "vol", pool } };
    await assert.rejects(done(client.copyStorageVolume("dir", small)), /does not fit/, pool);
    await client.deleteStorageVolume("dir", pool);
  }
  assert.ok(!existsSync(path.join(shared.daemon.dir, "storage-pools/dir/custom/default_btrfs-small")));
});

test("the files are there again after a restart of the daemon, of a kill and of the container", async () => {
  const { daemon, client } = shared;
  await done(client.setInstanceState("box", { action: "start" }));
  await daemon.kill();
  await daemon.start();
  for (const pool of await pools()) assert.match(await inside(`ls /srv/${pool}`), /file/, pool);
  await done(client.setInstanceState("box", { action: "stop", force: true }));
  await daemon.stop();
  await daemon.start();
  await done(client.setInstanceState("box", { action: "start" }));
  for (const pool of await pools()) {
    assert.match(await inside(`ls /srv/${pool}`), /file/, pool);
    assert.match(await fill(pool, 64), /No space left|Disk quota exceeded/, pool);
  }
});

test("a size is taken away, and a volume goes with its file system", async () => {
  const { client, daemon } = shared;
  await done(client.deleteInstance("box", { force: true }));
  for (const pool of await pools()) {
    await setSize(pool, "");
    const folder = path.join(daemon.dir, "storage-pools", pool, "custom/default_vol/rootfs");
    writeFileSync(path.join(folder, "large"), Buffer.alloc(64 * 2 ** 20));
    await client.deleteStorageVolume(pool, "vol");
  }
  assert.doesNotMatch(readFileSync("/proc/self/mounts", "utf8"), new RegExp(`${daemon.dir}.*/custom/`));
});
