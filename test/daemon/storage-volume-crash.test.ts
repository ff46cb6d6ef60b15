/** Custom volumes after a crash: what was half done is finished or taken away, what nobody knows is told and stays. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { change } from "../support/database";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "dir");
});

const folder = (...parts: string[]) => path.join(shared.daemon.dir, "storage-pools/default", ...parts);
const custom = () => readdirSync(folder("custom")).sort();
const names = async () => (await shared.client.listStorageVolumes("default", "custom")).map(({ name }) => name);

/** Runs the work while no daemon runs, after one that was killed. */
async function between(work: () => void): Promise<void> {
  await shared.daemon.kill();
  work();
  await shared.daemon.start();
}

async function make(name: string): Promise<void> {
  await shared.client.createStorageVolume("default", { name });
  writeFileSync(folder("custom", `default_${name}`, "rootfs/file"), name);
  await (await shared.client.createStorageVolumeSnapshot("default", name, { name: "s0" })).wait();
}

test("a volume that was half made or half deleted is taken away with its snapshots", async () => {
  for (const name of ["kept", "half"]) await make(name);
  await between(() => {
    change(shared.daemon, "UPDATE storage_volumes SET pending = 1 WHERE name = 'half'");
    change(shared.daemon, "UPDATE storage_volume_snapshots SET pending = 1 WHERE volume = 'kept'");
    mkdirSync(folder("custom", ".partial:0123"));
  });
  assert.deepEqual(await names(), ["kept"]);
  assert.deepEqual(custom(), ["default_kept"]);
  assert.deepEqual(readdirSync(folder("custom-snapshots")), []);
});

test("a rename that the database did not get to know is undone", async () => {
  await make("named");
  await between(() => {
    const sql = "INSERT INTO storage_pool_renames (pool, type, source, target) VALUES ('default', ?, ?, ?)";
    change(shared.daemon, sql, "custom-snapshots", "default_named/s0", "default_other/s0");
    change(shared.daemon, sql, "custom", "default_named", "default_other");
    mkdirSync(folder("custom-snapshots/default_other"));
    renameSync(folder("custom-snapshots/default_named/s0"), folder("custom-snapshots/default_other/s0"));
    renameSync(folder("custom/default_named"), folder("custom/default_other"));
  });
  assert.deepEqual(custom(), ["default_kept", "default_named"]);
  await shared.client.restoreStorageVolume("default", "named", "s0");
  const warnings = await shared.client.listWarnings();
  assert.deepEqual(
    warnings.filter(({ type }) => /volume/i.test(type)),
    [],
  );
});

test("volumes that the database does not know are told and stay, and missing ones are told", async () => {
  await between(() => {
    mkdirSync(folder("custom/default_stray/rootfs"), { recursive: true });
    mkdirSync(folder("custom-snapshots/lab_stray/s0"), { recursive: true });
    rmSync(folder("custom/default_named"), { recursive: true });
  });
  const warnings = await shared.client.listWarnings();
  const told = warnings
    .filter(({ type }) => /volume/i.test(type))
    .map(({ type, entity_url: url }) => `${type} ${url}`)
    .sort();
  const base = "/1.0/storage-pools/default/volumes/custom";
  assert.deepEqual(told, [
    `Storage volume belongs to nobody ${base}/stray`,
    `Storage volume belongs to nobody ${base}/stray/snapshots/s0?project=lab`,
    `Storage volume missing ${base}/named`,
  ]);
  assert.ok(existsSync(folder("custom/default_stray/rootfs")));
  assert.ok(existsSync(folder("custom-snapshots/lab_stray/s0")));
  await shared.client.deleteStorageVolume("default", "named");
  await shared.refuses("DELETE", "/1.0/storage-pools/default", undefined, 400, /currently in use/);
});

test("a daemon that is killed while a volume is copied leaves no half of it", async () => {
  const { client } = shared;
  const many = folder("custom/default_kept/rootfs/many");
  mkdirSync(many);
  for (let count = 0; count < 3000; count++) writeFileSync(path.join(many, String(count)), "x");
  await client.copyStorageVolume("default", { name: "copy", source: { name: "kept", pool: "default" } });
  await until(async () => custom().some((name) => name.startsWith(".partial:")));
  await shared.daemon.kill();
  await shared.daemon.start();
  assert.deepEqual(custom(), ["default_kept", "default_stray"]);
  assert.deepEqual(await names(), ["kept"]);
});

test("snapshots of volumes whose time is over are gone after a start", async () => {
  const expired = "2020-01-01T00:00:00Z";
  await (
    await shared.client.createStorageVolumeSnapshot("default", "kept", { name: "old", expires_at: expired })
  ).wait();
  await (await shared.client.createStorageVolumeSnapshot("default", "kept", { name: "new" })).wait();
  await between(() => undefined);
  const left = async () => (await shared.client.listStorageVolumeSnapshots("default", "kept")).map(({ name }) => name);
  await until(async () => (await left()).length === 1);
  assert.deepEqual(await left(), ["kept/new"]);
});
