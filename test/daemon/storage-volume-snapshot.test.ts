/** Snapshots of custom volumes, in a pool of each driver: taken, shown, changed, put back, renamed and deleted; copies and moves with them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { never } from "../../sdk/api/common";
import { ApiError, Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { driversHere } from "../support/storage";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await daemon.client.createStoragePool({ name: "dir", driver: "dir" });
  if (await hasBtrfs)
    await daemon.client.createStoragePool({ name: "btrfs", driver: "btrfs", config: { size: "512MiB" } });
});

const hasBtrfs = driversHere().then((all) => all.find(({ driver }) => driver.name === "btrfs")?.skip === false);
const pools = async () => ["default", "dir", ...((await hasBtrfs) ? ["btrfs"] : [])];

const volumesOf = (pool: string) => `/1.0/storage-pools/${pool}/volumes/custom`;
const poolFolder = (pool: string) => path.join(shared.daemon.dir, "storage-pools", pool);
const content = (pool: string, name: string, type = "custom") =>
  path.join(poolFolder(pool), type, `default_${name}`, "rootfs");
const write = (pool: string, name: string, text: string) => writeFileSync(path.join(content(pool, name), "file"), text);
const see = (pool: string, name: string) => readFileSync(path.join(content(pool, name), "file"), "utf8");
const done = async (operation: Promise<{ wait(): Promise<unknown> }>) => (await operation).wait();
const snapshotNames = async (pool: string, name: string) =>
  (await shared.client.listStorageVolumeSnapshots(pool, name)).map((one) => one.name);

async function make(pool: string, name: string, text: string, config = {}): Promise<void> {
  await shared.client.createStorageVolume(pool, { name, config, description: `the ${name}` });
  write(pool, name, text);
}

test("a volume is what it was when one of its snapshots is put back", async () => {
  const { client } = shared;
  for (const pool of await pools()) {
    await make(pool, "vol", "first", { "user.a": "1" });
    await done(client.createStorageVolumeSnapshot(pool, "vol", { name: "one", description: "d" }));
    write(pool, "vol", "second");
    await done(client.createStorageVolumeSnapshot(pool, "vol", {}));
    await client.patchStorageVolume(pool, "vol", { config: { "user.a": "2" } });
    assert.deepEqual(await snapshotNames(pool, "vol"), ["vol/one", "vol/snap0"]);
    const { value } = await client.getStorageVolumeSnapshot(pool, "vol", "one");
    assert.deepEqual(
      [value.name, value.description, value.expires_at, value.config],
      ["one", "d", never, { "user.a": "1" }],
    );
    const { value: plain } = await client.getStorageVolumeSnapshot(pool, "vol", "snap0");
    assert.equal(plain.description, "the vol", "that of the volume, when nobody says another");
    await client.restoreStorageVolume(pool, "vol", "one");
    assert.equal(see(pool, "vol"), "first");
    assert.deepEqual((await client.getStorageVolume(pool, "vol")).value.config, { "user.a": "2" }, "its settings stay");
    await client.restoreStorageVolume(pool, "vol", "snap0");
    assert.equal(see(pool, "vol"), "second");
    await done(client.renameStorageVolumeSnapshot(pool, "vol", "one", "uno"));
    await done(client.deleteStorageVolumeSnapshot(pool, "vol", "snap0"));
    assert.deepEqual(await snapshotNames(pool, "vol"), ["vol/uno"]);
    assert.deepEqual(readdirSync(path.join(poolFolder(pool), "custom-snapshots/default_vol")), ["uno"]);
    await client.renameStorageVolume(pool, "vol", "renamed");
    await client.restoreStorageVolume(pool, "renamed", "uno");
    assert.equal(see(pool, "renamed"), "first");
    await client.deleteStorageVolume(pool, "renamed");
    assert.deepEqual(readdirSync(path.join(poolFolder(pool), "custom-snapshots")), []);
  }
});

test("PUT and PATCH say what a snapshot is for and when it expires, with an ETag", async () => {
  const { client } = shared;
  await make("dir", "vol", "x", { "snapshots.expiry": "2d", "snapshots.pattern": "p%d" });
  await done(client.createStorageVolumeSnapshot("dir", "vol", {}));
  const { value, etag } = await client.getStorageVolumeSnapshot("dir", "vol", "p0");
  assert.ok(Math.abs(Date.parse(value.expires_at ?? "") - Date.now() - 2 * 86_400_000) < 600_000);
  const put = { description: "new", expires_at: "2032-01-01T00:00:00Z" };
  await client.updateStorageVolumeSnapshot("dir", "vol", "p0", put, { etag });
  await assert.rejects(client.updateStorageVolumeSnapshot("dir", "vol", "p0", put, { etag }), {
    code: "PRECONDITION_FAILED",
  });
  await shared.send("PATCH", `${volumesOf("dir")}/vol/snapshots/p0`, { description: "newer" });
  const { value: patched } = await client.getStorageVolumeSnapshot("dir", "vol", "p0");
  assert.deepEqual([patched.description, patched.expires_at], ["newer", put.expires_at]);
  await client.updateStorageVolumeSnapshot("dir", "vol", "p0", {});
  assert.equal((await client.getStorageVolumeSnapshot("dir", "vol", "p0")).value.expires_at, never);
});

test("the longest name of a volume is one for everything that becomes of it", async () => {
  const project = "p".repeat(120);
  await shared.client.createProject({ name: project });
  await using client = new Client({ endpoint: shared.daemon.socket, project });
  const [name, other, snapshot] = ["x".repeat(126), "y".repeat(126), "s".repeat(255)];
  for (const pool of await pools()) {
    await client.createStorageVolume(pool, { name });
    await done(client.createStorageVolumeSnapshot(pool, name, { name: snapshot }));
    await client.restoreStorageVolume(pool, name, snapshot);
    await client.renameStorageVolume(pool, name, other);
    await client.deleteStorageVolume(pool, other);
  }
  await shared.client.deleteProject(project);
});

test("what is wrong with a snapshot is refused, and nothing is left", async () => {
  const base = `${volumesOf("dir")}/vol`;
  const cases: readonly [string, string, object | undefined, number, RegExp][] = [
    ["POST", `${base}/snapshots`, { name: "p0" }, 409, /Snapshot "p0" already in use/],
    ["POST", `${base}/snapshots`, { name: "a/b" }, 400, /slashes/],
    ["POST", `${base}/snapshots`, { name: "a b" }, 400, /blanks/],
    ["POST", `${base}/snapshots`, { name: "x", expires_at: "soon" }, 400, /must be a time/],
    ["POST", `${volumesOf("dir")}/nope/snapshots`, { name: "x" }, 404, /Storage pool volume not found/],
    ["POST", `${base}/snapshots/p0`, { name: "p0" }, 409, /already in use/],
    ["POST", `${base}/snapshots/nope`, { name: "x" }, 404, /Storage pool volume not found/],
    ["DELETE", `${base}/snapshots/nope`, undefined, 404, /Storage pool volume not found/],
    ["GET", `${base}/snapshots/nope`, undefined, 404, /Storage pool volume not found/],
    ["PUT", base, { restore: "nope" }, 404, /Snapshot not found/],
    ["PATCH", base, { restore: "p0" }, 400, /PUT/],
  ];
  for (const [method, url, body, status, message] of cases) await shared.refuses(method, url, body, status, message);
  assert.deepEqual(await snapshotNames("dir", "vol"), ["vol/p0"]);
  await shared.client.createProject({ name: "tight", config: { restricted: "true" } });
  await using tight = new Client({ endpoint: shared.daemon.socket, project: "tight" });
  await tight.createStorageVolume("dir", { name: "vol" });
  await assert.rejects(tight.createStorageVolumeSnapshot("dir", "vol", {}), /doesn't allow for snapshot creation/);
  await tight.deleteStorageVolume("dir", "vol");
  await shared.client.deleteProject("tight");
  await shared.client.deleteStorageVolume("dir", "vol");
});

test("a copy has the snapshots too, within a pool and across pools of any driver", async () => {
  const { client } = shared;
  for (const from of await pools()) {
    await make(from, "source", "old");
    await done(client.createStorageVolumeSnapshot(from, "source", { name: "s0" }));
    write(from, "source", "now");
    for (const to of await pools()) {
      const source = { name: "source", pool: from };
      await done(client.copyStorageVolume(to, { name: "whole", source }));
      assert.equal(see(to, "whole"), "now", `${from} to ${to}`);
      assert.deepEqual(await snapshotNames(to, "whole"), ["whole/s0"]);
      assert.equal((await client.getStorageVolume(to, "whole")).value.description, "the source");
      await client.restoreStorageVolume(to, "whole", "s0");
      assert.equal(see(to, "whole"), "old");
      await done(client.copyStorageVolume(to, { name: "alone", source: { ...source, volume_only: true } }));
      assert.deepEqual(await snapshotNames(to, "alone"), []);
      await done(client.copyStorageVolume(to, { name: "past", source: { name: "source/s0", pool: from } }));
      assert.equal(see(to, "past"), "old");
      for (const name of ["whole", "alone", "past"]) await client.deleteStorageVolume(to, name);
    }
    await client.deleteStorageVolume(from, "source");
  }
});

test("a refresh brings a copy to what its source is, and leaves its settings", async () => {
  const { client } = shared;
  for (const [from, to] of [
    ["dir", "dir"],
    ["dir", "default"],
  ] as const) {
    await make(from, "source", "one");
    await done(client.createStorageVolumeSnapshot(from, "source", { name: "gone" }));
    const source = { name: "source", pool: from };
    await done(client.copyStorageVolume(to, { name: "target", config: { "user.own": "1" }, source }));
    write(from, "source", "two");
    await done(client.deleteStorageVolumeSnapshot(from, "source", "gone"));
    await done(client.createStorageVolumeSnapshot(from, "source", { name: "come" }));
    await done(client.copyStorageVolume(to, { name: "target", source: { ...source, refresh: true } }));
    assert.equal(see(to, "target"), "two");
    assert.deepEqual(await snapshotNames(to, "target"), ["target/come"]);
    assert.deepEqual((await client.getStorageVolume(to, "target")).value.config, { "user.own": "1" });
    await client.deleteStorageVolume(to, "target");
    await client.deleteStorageVolume(from, "source");
  }
});

test("a volume moves to another pool and to another project with its snapshots, and its devices follow", async () => {
  const { client, daemon } = shared;
  await make("dir", "mover", "kept");
  await done(client.createStorageVolumeSnapshot("dir", "mover", { name: "s0" }));
  const devices = { d: { type: "disk", pool: "dir", source: "mover", path: "/srv" } };
  await done(client.createInstance({ name: "user", source: { type: "none" }, devices }));
  await done(client.moveStorageVolume("dir", "mover", { name: "moved", pool: "default" }));
  assert.equal(see("default", "moved"), "kept");
  assert.deepEqual(await snapshotNames("default", "moved"), ["moved/s0"]);
  assert.deepEqual((await client.getInstance("user")).value.devices.d, {
    ...devices.d,
    pool: "default",
    source: "moved",
  });
  assert.ok(!existsSync(path.dirname(content("dir", "mover"))));
  await client.createProject({ name: "other" });
  await shared.refuses(
    "POST",
    `${volumesOf("default")}/moved`,
    { name: "moved", pool: "default", project: "other" },
    400,
    /still in use/,
  );
  await done(client.deleteInstance("user"));
  await shared.refuses(
    "POST",
    `${volumesOf("default")}/moved`,
    { name: "moved", project: "nope" },
    404,
    /Project not found/,
  );
  await shared.refuses("POST", `${volumesOf("default")}/moved`, { name: "moved", pool: "nope" }, 404, /pool not found/);
  await done(client.moveStorageVolume("default", "moved", { project: "other" }));
  await using other = new Client({ endpoint: daemon.socket, project: "other" });
  await other.restoreStorageVolume("default", "moved", "s0");
  await assert.rejects(client.getStorageVolume("default", "moved"), { code: "NOT_FOUND" });
  const source = { name: "moved", pool: "default", project: "other" };
  await done(client.copyStorageVolume("default", { name: "back", source }));
  assert.equal(see("default", "back"), "kept");
  await other.deleteStorageVolume("default", "moved");
  await client.deleteStorageVolume("default", "back");
  await client.deleteProject("other");
});

test("what is wrong with a copy is refused at once", async () => {
  const { client } = shared;
  await make("dir", "source", "x");
  await client.createStorageVolume("dir", { name: "taken" });
  await client.createStorageVolume("dir", { name: "raw", content_type: "block", config: { size: "1MiB" } });
  const url = volumesOf("dir");
  const copy = (source: object, more = {}) => ({
    name: "new",
    source: { type: "copy", pool: "dir", name: "source", ...source },
    ...more,
  });
  const cases: readonly [object, number, RegExp][] = [
    [copy({ name: "nope" }), 404, /Storage pool volume not found/],
    [copy({ name: "source/nope" }), 404, /Storage pool volume not found/],
    [copy({ pool: "nope" }), 404, /Storage pool not found/],
    [copy({}, { name: "taken" }), 409, /already exists/],
    [copy({}, { content_type: "block" }), 400, /holds a filesystem, not a block/],
    [copy({}, { config: { foo: "1" } }), 400, /Unknown configuration key/],
    [copy({ type: "url" }), 400, /Unknown source type/],
  ];
  for (const [body, status, message] of cases) await shared.refuses("POST", url, body, status, message);
  await shared.refuses("POST", url, copy({ name: "raw", refresh: true }, { name: "taken" }), 409, /holds a filesystem/);
  await done(client.copyStorageVolume("default", { name: "raw", source: { name: "raw", pool: "dir" } }));
  const { value } = await client.getStorageVolume("default", "raw");
  assert.deepEqual([value.content_type, value.config.size], ["block", "1MiB"]);
  for (const name of ["source", "taken", "raw"]) await client.deleteStorageVolume("dir", name);
  await client.deleteStorageVolume("default", "raw");
});

test("two volumes that are brought to each other at once come to an end", async () => {
  const { client } = shared;
  for (const name of ["left", "right"]) await make("dir", name, name);
  const refresh = (name: string, source: string) =>
    done(client.copyStorageVolume("dir", { name, source: { name: source, pool: "dir", refresh: true } }));
  await Promise.all([refresh("left", "right"), refresh("right", "left")]);
  assert.equal(see("dir", "left"), see("dir", "right"));
  for (const name of ["left", "right"]) await client.deleteStorageVolume("dir", name);
});

test("a snapshot of a volume that containers write to is taken; a restore waits for them to stop", async () => {
  const { client } = shared;
  await make("default", "busy", "x");
  const devices = { d: { type: "disk", pool: "default", source: "busy", path: "/srv" } };
  await done(client.createInstance({ name: "web", source: { type: "image", alias: "template:busybox" }, devices }));
  await done(client.setInstanceState("web", { action: "start" }));
  await done(client.createStorageVolumeSnapshot("default", "busy", { name: "live" }));
  const message = /Cannot restore custom volume used by running instances/;
  await shared.refuses("PUT", `${volumesOf("default")}/busy`, { restore: "live" }, 400, message);
  await client.execOutput("web", { command: ["sh", "-c", "echo y >/srv/file"] });
  await done(client.setInstanceState("web", { action: "stop", force: true }));
  await client.restoreStorageVolume("default", "busy", "live");
  await done(client.setInstanceState("web", { action: "start" }));
  const { stdout } = await client.execOutput("web", { command: ["cat", "/srv/file"] });
  assert.equal(String(stdout), "x");
  await done(client.deleteInstance("web", { force: true }));
  await client.deleteStorageVolume("default", "busy");
});

test("the state tells what a volume holds where the pool can tell", async () => {
  await shared.client.createStorageVolume("dir", { name: "told" });
  await assert.rejects(shared.client.getStorageVolumeState("dir", "told"), (error: unknown) => {
    assert.ok(ApiError.is(error));
    assert.match(error.message, /Not supported/);
    return true;
  });
  const [shown] = await shared.client.listStorageVolumes("dir", "custom");
  assert.equal(shown?.name, "told");
  await shared.client.deleteStorageVolume("dir", "told");
  assert.equal(execFileSync("find", [poolFolder("dir"), "-name", ".partial*"], { encoding: "utf8" }), "");
});
