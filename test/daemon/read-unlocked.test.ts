/** Reading without locks: while an instance or a volume is packed or sent, others start, stop, change and delete it; what is packed is what it was. */
import assert from "node:assert/strict";
import { createWriteStream, existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { type TestContext, test } from "node:test";
import { copiesWhole } from "../../daemon/kinds/storage-pool/drivers/copy";
import { decodeHeader } from "../../daemon/platform/migration/messages";
import { apart, whileHeldUp } from "../support/held-up";
import { onlyLong } from "../support/long";
import { Migrating, never } from "../support/migration";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { driversHere, hands, smallPool } from "../support/storage";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);

const pools = ["btrfs", "dir", "overlay"];

/** A test in a pool of one driver. @param left the reason why it is left out */
const inPool = (
  pool: string,
  title: string,
  work: (context: TestContext) => Promise<void>,
  left: string | false = false,
) =>
  test(title, { skip: skip || left }, async (context) => {
    const missing = (await driversHere()).find(({ driver }) => driver.name === pool)?.skip;
    return missing === false ? work(context) : context.skip(String(missing));
  });

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  const here = (await driversHere()).filter((one) => one.skip === false && pools.includes(one.driver.name));
  for (const { driver } of here) {
    await client.createStoragePool({ name: driver.name, driver: driver.name, config: smallPool(driver.name) });
    const devices = { root: { type: "disk", path: "/", pool: driver.name } };
    const source = { type: "image", alias: "template:busybox" };
    const name = `of-${driver.name}`;
    await (await client.createInstance({ name, source, devices, profiles: [] })).wait();
    await (await client.createSnapshot(name, { name: "s0" })).wait();
    await (await client.setInstanceState(name, { action: "start" })).wait();
    // More than the pipes hold on its way.
    await inside(name, "echo one >/root/file; head -c 3000000 /dev/urandom >/root/noise");
    await stop(name);
  }
});

async function inside(name: string, script: string): Promise<string> {
  return String((await shared.client.execOutput(name, { command: ["sh", "-c", script] })).stdout);
}

const start = async (name: string) => (await shared.client.setInstanceState(name, { action: "start" })).wait();
const stop = async (name: string) =>
  (await shared.client.setInstanceState(name, { action: "stop", force: true })).wait();

/** Starts, changes and snapshots a stopped instance, and stops it again. */
async function useIt(name: string): Promise<void> {
  await start(name);
  assert.equal(await inside(name, "cat /root/file; echo two >/root/file"), "one\n");
  await shared.client.patchInstance(name, { config: { "user.met": "yes" }, description: "changed" });
  await (await shared.client.createSnapshot(name, { name: "meanwhile" })).wait();
  await stop(name);
}

/** As before `useIt`. */
async function putBack(name: string): Promise<void> {
  await (await shared.client.deleteSnapshot(name, "meanwhile")).wait();
  await start(name);
  await inside(name, "echo one >/root/file");
  await stop(name);
  await shared.client.patchInstance(name, { config: { "user.met": "" }, description: "" });
}

/** A folder that has just gone has none. */
const namesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

const poolFolder = (pool: string, ...more: string[]) => path.join(shared.daemon.dir, "storage-pools", pool, ...more);

/** Names of the snapshots that are copies for a moment, and of what is unfinished. */
const passing = (pool: string) =>
  ["containers-snapshots", "custom-snapshots"]
    .flatMap((type) => namesIn(poolFolder(pool, type)).map((owner) => path.join(type, owner)))
    .flatMap((owner) => namesIn(poolFolder(pool, owner)))
    .filter((name) => /^(backup-|passing-|\.)/.test(name));

async function statusOf({ id }: { readonly id: string }): Promise<string> {
  return ((await shared.send("GET", `/1.0/operations/${id}`)).json.metadata as { status: string }).status;
}

/** A file in the tarball that somebody made. */
const fileIn = (tarball: string, name: string) =>
  shared.daemon.run("tar", "--extract", "--to-stdout", `--file=${tarball}`, name);

// Drivers that copy a root at rest faster than it can be packed.
for (const pool of ["overlay", "btrfs"]) {
  const name = `of-${pool}`;
  // What a driver has to do with it is shown by the first and the last test.
  const left = pool === "btrfs" && onlyLong();

  inPool(
    pool,
    `in a pool of ${pool} an instance starts, changes and stops while its backup is packed, which has what was at its beginning`,
    async () => {
      const { client, daemon } = shared;
      const operation = await client.createBackup(name, { name: "b", compression_algorithm: apart });
      await whileHeldUp(daemon.pid, async () => {
        await useIt(name);
        assert.equal(await statusOf(operation), "Running");
      });
      await operation.wait();
      const file = path.join(daemon.dir, "b.tar.xz");
      await pipeline(await client.exportBackup(name, "b"), createWriteStream(file));
      assert.equal(await fileIn(file, "backup/container/rootfs/root/file"), "one\n");
      const index = await fileIn(file, "backup/index.yaml");
      assert.match(index, /- s0$/m);
      assert.doesNotMatch(index, /user\.met|changed|meanwhile/);
      assert.deepEqual(passing(pool), []);
      await (await client.deleteBackup(name, "b")).wait();
      await putBack(name);
    },
  );

  inPool(
    pool,
    `in a pool of ${pool} an instance starts and stops while an image of it is packed, which has what was at its beginning`,
    async () => {
      const { client, daemon } = shared;
      const source = { type: "instance", name };
      const operation = await client.createImage({ source, compression_algorithm: apart });
      await whileHeldUp(daemon.pid, async () => {
        await useIt(name);
        assert.equal(await statusOf(operation), "Running");
      });
      const fingerprint = String((await operation.wait()).metadata?.fingerprint);
      const devices = { root: { type: "disk", path: "/", pool } };
      await (
        await client.createInstance({ name: "made", source: { type: "image", fingerprint }, devices, profiles: [] })
      ).wait();
      await start("made");
      assert.equal(await inside("made", "cat /root/file"), "one\n");
      await (await client.deleteInstance("made", { force: true })).wait();
      await (await client.deleteImage(fingerprint)).wait();
      assert.deepEqual(passing(pool), []);
      await putBack(name);
    },
    left,
  );

  inPool(
    pool,
    `in a pool of ${pool} a snapshot stays while a backup packs it, and nobody who starts the instance waits for its deletion`,
    async () => {
      const { client, daemon } = shared;
      await (await client.createSnapshot(name, { name: "going" })).wait();
      const backup = await client.createBackup(name, { name: "b", compression_algorithm: apart });
      const deletion = await whileHeldUp(daemon.pid, async () => {
        const going = await client.deleteSnapshot(name, "going");
        await start(name);
        await stop(name);
        assert.equal(await statusOf(going), "Running");
        return going;
      });
      await backup.wait();
      await deletion.wait();
      const file = path.join(daemon.dir, "b.tar.xz");
      await pipeline(await client.exportBackup(name, "b"), createWriteStream(file));
      assert.equal(
        await fileIn(file, "backup/snapshots/going/rootfs/etc/passwd"),
        await fileIn(file, "backup/snapshots/s0/rootfs/etc/passwd"),
      );
      assert.deepEqual(
        (await client.listSnapshots(name)).map((one) => one.name),
        ["s0"],
      );
      await (await client.deleteBackup(name, "b")).wait();
    },
    left,
  );

  inPool(
    pool,
    `in a pool of ${pool} who deletes an instance ends its backup and its publish, and nothing of them is left`,
    async () => {
      const { client, daemon } = shared;
      const source = { type: "copy", source: name };
      const devices = { root: { type: "disk", path: "/", pool } };
      const begun: readonly (() => Promise<{ wait(): Promise<unknown> }>)[] = [
        () => client.createBackup("short", { name: "b", compression_algorithm: apart }),
        () => client.createImage({ source: { type: "instance", name: "short" }, compression_algorithm: apart }),
      ];
      for (const begin of begun) {
        const images = (await client.listImages()).length;
        await (await client.createInstance({ name: "short", source, devices, profiles: [] })).wait();
        const operation = await begin();
        await whileHeldUp(daemon.pid, async () => (await client.deleteInstance("short")).wait());
        await assert.rejects(operation.wait(), /instance was deleted meanwhile/);
        assert.deepEqual(passing(pool), []);
        assert.deepEqual(readdirSync(path.join(daemon.dir, "backups/instances")), []);
        assert.deepEqual(readdirSync(path.join(daemon.dir, "tmp")), []);
        assert.equal((await client.listImages()).length, images);
      }
    },
    left,
  );

  inPool(
    pool,
    `in a pool of ${pool} a stopped instance starts while it is sent, and who deletes it ends that`,
    async () => {
      const { client } = shared;
      const migrating = new Migrating(shared);
      const source = { type: "copy", source: name };
      const devices = { root: { type: "disk", path: "/", pool } };
      await (await client.createInstance({ name: "short", source, devices, profiles: [] })).wait();
      const sending = await migrating.start("/1.0/instances/short", { migration: true });
      const control = await migrating.join(sending, "control");
      const fs = await migrating.socket(sending, "fs");
      // The other server does not say what it wants, as one that waits for its turn.
      assert.deepEqual(decodeHeader((await control.next(never)).data).snapshotNames, ["s0"]);
      await start("short");
      await stop("short");
      assert.equal(passing(pool).length, 1);
      await (await client.deleteInstance("short")).wait();
      assert.match(await migrating.errorOf(sending), /instance was deleted meanwhile/);
      assert.deepEqual(passing(pool), []);
      control.close();
      fs.terminate();
    },
    left,
  );

  inPool(pool, `in a pool of ${pool} a daemon that is killed while it packs leaves no copy`, async () => {
    const { client, daemon } = shared;
    const packings: readonly (() => Promise<unknown>)[] = [
      () => client.createBackup(name, { name: "b", compression_algorithm: apart }),
      () => client.createImage({ source: { type: "instance", name }, compression_algorithm: apart }),
    ];
    for (const begin of packings) {
      await begin();
      await whileHeldUp(daemon.pid, async () => {
        assert.equal(passing(pool).length, 1);
        await daemon.kill();
      });
      await daemon.start();
      assert.deepEqual(passing(pool), []);
      assert.deepEqual(readdirSync(path.join(daemon.dir, "tmp")), []);
      assert.deepEqual(readdirSync(path.join(daemon.dir, "backups/instances")), []);
    }
    // As soon as anything of the copy is there.
    await client.createBackup(name, { name: "b", compression_algorithm: apart });
    await until(async () => passing(pool).length > 0);
    await daemon.kill();
    await daemon.start();
    assert.deepEqual(passing(pool), []);
    assert.deepEqual(await client.listBackups(name), []);
  });
}

inPool(
  "dir",
  "in a pool of dir that shares no blocks a stopped instance starts once its backup is packed",
  async (context) => {
    const { client, daemon } = shared;
    const place = { ...hands, name: "dir", path: poolFolder("dir"), diskImage: "", config: {} };
    if (!(await copiesWhole(place, { type: "containers", name: "of-dir" })))
      return context.skip("the file system of temporary folders shares blocks");
    const backup = await client.createBackup("of-dir", { name: "b", compression_algorithm: apart });
    const started = await whileHeldUp(daemon.pid, async () => {
      const starting = await client.setInstanceState("of-dir", { action: "start" });
      await (await client.createSnapshot("of-overlay", { name: "other" })).wait();
      assert.deepEqual([await statusOf(starting), passing("dir")], ["Running", []]);
      return starting;
    });
    await backup.wait();
    await started.wait();
    await (await client.deleteSnapshot("of-overlay", "other")).wait();
    // One that runs is copied, since it is frozen meanwhile.
    const second = await client.createBackup("of-dir", { name: "c", compression_algorithm: apart });
    await whileHeldUp(daemon.pid, async () => {
      assert.equal(passing("dir").length, 1);
      await stop("of-dir");
    });
    await second.wait();
    assert.deepEqual(passing("dir"), []);
  },
);

inPool(
  "btrfs",
  "a container that has a volume starts and writes while the volume's backup is packed, and who deletes the volume ends it",
  async () => {
    const { client, daemon } = shared;
    const pool = "btrfs";
    await client.createStorageVolume(pool, { name: "data" });
    const disk = { type: "disk", pool, source: "data", path: "/srv" };
    const root = { type: "disk", path: "/", pool };
    await client.patchInstance("of-btrfs", { devices: { root, disk } });
    await start("of-btrfs");
    await inside("of-btrfs", "echo one >/srv/file; head -c 3000000 /dev/urandom >/srv/noise");
    await stop("of-btrfs");
    const pack = () => client.createStorageVolumeBackup(pool, "data", { name: "b", compression_algorithm: apart });
    const operation = await pack();
    await whileHeldUp(daemon.pid, async () => {
      await start("of-btrfs");
      await inside("of-btrfs", "echo two >/srv/file");
      await stop("of-btrfs");
    });
    await operation.wait();
    const file = path.join(daemon.dir, "v.tar.xz");
    await pipeline(await client.exportStorageVolumeBackup(pool, "data", "b"), createWriteStream(file));
    assert.equal(await fileIn(file, "backup/volume/file"), "one\n");
    await (await client.deleteStorageVolumeBackup(pool, "data", "b")).wait();
    await pack();
    await whileHeldUp(daemon.pid, () => daemon.kill());
    await daemon.start();
    assert.deepEqual([passing(pool), await client.listStorageVolumeBackups(pool, "data")], [[], []]);
    const { value } = await client.getInstance("of-btrfs");
    await (await client.updateInstance("of-btrfs", { ...value, devices: { root } })).wait();
    const last = await pack();
    await whileHeldUp(daemon.pid, async () => {
      await client.deleteStorageVolume(pool, "data");
    });
    await assert.rejects(last.wait(), /it was deleted meanwhile/);
    assert.deepEqual([passing(pool), readdirSync(poolFolder(pool, "custom"))], [[], []]);
  },
);
