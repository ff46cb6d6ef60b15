/** Two shells at one custom volume: while its content is put back, moved or made anew, nobody gets the old one. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "overlay");
  for (const name of ["one", "two"]) await client.createStoragePool({ name, driver: "dir" });
  for (const name of ["runs", "rests"])
    await (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" } })).wait();
  await (await client.setInstanceState("runs", { action: "start" })).wait();
});

const custom = (pool: string) => path.join(shared.daemon.dir, "storage-pools", pool, "custom");
const content = (pool: string, name: string) => path.join(custom(pool), `default_${name}`, "rootfs");

/** A volume whose copy takes a while. */
async function makeSlow(name: string): Promise<void> {
  await shared.client.createStorageVolume("one", { name });
  execFileSync("sh", ["-c", 'for i in $(seq 8000); do : >"f$i"; done'], { cwd: content("one", name) });
}

/** Resolves when a volume is being filled in a pool. */
const isBeingFilled = (pool: string) =>
  until(async () => readdirSync(custom(pool)).some((name) => name.startsWith(".partial:")));

const volumeDisk = (name: string, pool = "one") => ({ type: "disk", pool, source: name, path: "/data" });

async function attach(instance: string, name: string): Promise<void> {
  const { value } = await shared.client.getInstance(instance);
  const devices = { ...value.devices, data: volumeDisk(name) };
  await (await shared.client.updateInstance(instance, { ...value, devices })).wait();
}

async function detach(instance: string): Promise<void> {
  const { value } = await shared.client.getInstance(instance);
  const { data: _, ...devices } = value.devices;
  await (await shared.client.updateInstance(instance, { ...value, devices })).wait();
}

const writeInside = async (instance: string) => {
  const { code, stderr } = await shared.client.execOutput(instance, { command: ["touch", "/data/written"] });
  assert.equal(code, 0, stderr.toString());
};

test("a container that gets a volume while a snapshot is put back gets what was put back", async () => {
  await makeSlow("back");
  await (await shared.client.createStorageVolumeSnapshot("one", "back", { name: "s0" })).wait();
  const restored = shared.client.restoreStorageVolume("one", "back", "s0");
  await isBeingFilled("one");
  await Promise.all([attach("runs", "back"), restored]);
  await writeInside("runs");
  assert.ok(existsSync(path.join(content("one", "back"), "written")), "what is written is in the volume");
  await detach("runs");
});

test("a profile that brings a volume meanwhile brings what was put back", async () => {
  const { value } = await shared.client.getProfile("default");
  const restored = shared.client.restoreStorageVolume("one", "back", "s0");
  await isBeingFilled("one");
  const devices = { ...value.devices, data: volumeDisk("back") };
  await Promise.all([shared.client.updateProfile("default", { ...value, devices }), restored]);
  await writeInside("runs");
  assert.ok(existsSync(path.join(content("one", "back"), "written")));
  await shared.client.updateProfile("default", value);
});

test("a container that gets a volume while it moves to another pool is told that it is not there any more", async () => {
  await makeSlow("gone");
  const moved = (await shared.client.moveStorageVolume("one", "gone", { name: "gone", pool: "two" })).wait();
  await isBeingFilled("two");
  await assert.rejects(attach("runs", "gone"), /Storage volume not found/);
  await moved;
  assert.ok(existsSync(content("two", "gone")));
});

test("a volume that moves is in one pool or in the other, and never in both", async () => {
  await makeSlow("once");
  const isIn = (pool: string) =>
    shared.client.getStorageVolume(pool, "once").then(
      () => true,
      () => false,
    );
  // Where it goes first: what is there by then is not where it came from any more.
  const places = async () => [await isIn("two"), await isIn("one")].filter((is) => is).length;
  let isOver = false;
  const moving = shared.client
    .moveStorageVolume("one", "once", { name: "once", pool: "two" })
    .then((one) => one.wait())
    .finally(() => {
      isOver = true;
    });
  while (!isOver) assert.ok((await places()) <= 1);
  await moving;
  assert.equal(await places(), 1);
});

test("a container that starts while a volume moves, which a profile has brought meanwhile, has it where it is then", async () => {
  await makeSlow("late");
  const { value } = await shared.client.getProfile("default");
  await (await shared.client.setInstanceState("runs", { action: "stop", force: true })).wait();
  const moving = (await shared.client.moveStorageVolume("one", "late", { name: "late", pool: "two" })).wait();
  await isBeingFilled("two");
  await shared.client.updateProfile("default", { ...value, devices: { ...value.devices, data: volumeDisk("late") } });
  await (await shared.client.setInstanceState("rests", { action: "start" })).wait();
  await moving;
  await writeInside("rests");
  assert.ok(existsSync(path.join(content("two", "late"), "written")));
});
