/** limits.read, limits.write and limits.max of disks, and limits.disk.priority: what the kernel is told, and what a guest feels. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { blockDevicesOf } from "../../daemon/platform/host/block-devices";
import { controllerDir, readCgroupLayout } from "../../daemon/platform/host/cgroups";
import type { Config, Device, Devices } from "../../sdk/api/common";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { driversHere, smallPool } from "../support/storage";

const layout = readCgroupLayout();
const hasController = controllerDir(layout, "blkio", "x") ?? controllerDir(layout, "io", "x");
const skip =
  requireFeature("root", process.getuid?.() === 0) || requireFeature("cgroup io", hasController !== undefined);
const shared = shareDaemon({ bare: false }, async () => undefined);
const client = () => shared.client;
const source = { type: "image", alias: "template:busybox" };
const root = (more: Device = {}, pool = "default"): Device => ({ type: "disk", path: "/", pool, ...more });

const create = async (devices: Devices, config: Config = {}) =>
  (await client().createInstance({ name: "box", source, devices, config, profiles: [] })).wait();
const start = async () => (await client().setInstanceState("box", { action: "start" })).wait();
const remove = async () => (await client().deleteInstance("box", { force: true })).wait();
const update = async (devices: Devices, config: Config = {}) => {
  const { value } = await client().getInstance("box");
  await (await client().updateInstance("box", { ...value, devices, config: { ...value.config, ...config } })).wait();
};
const inside = async (command: string) => {
  const { stdout } = await client().execOutput("box", { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
};

function controlFile(name: string): string {
  const group = `${shared.daemon.place.group}/box`;
  const dir = controllerDir(layout, "blkio", group) ?? controllerDir(layout, "io", group);
  return path.join(dir?.path ?? "", name);
}

/** What the kernel holds to, as "8:0 rbps=1000", sorted; v1 has a file for each. */
function speeds(): string[] {
  if (hasController?.version === 2)
    return readFileSync(controlFile("io.max"), "utf8")
      .split("\n")
      .flatMap((line) => {
        const [number = "", ...words] = line.split(" ");
        return words.filter((word) => !word.endsWith("=max")).map((word) => `${number} ${word}`);
      })
      .sort();
  const names = { rbps: "read_bps", wbps: "write_bps", riops: "read_iops", wiops: "write_iops" };
  return Object.entries(names)
    .flatMap(([word, name]) =>
      readFileSync(controlFile(`blkio.throttle.${name}_device`), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.replace(" ", ` ${word}=`)),
    )
    .sort();
}

let folder = "";
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "bothy-disk-limits-"));
  mkdirSync(path.join(folder, "data"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

afterEach(async () => {
  if (skip === false && (await client().listInstances()).some(({ name }) => name === "box")) await remove();
});

const hostDisk = async () => (await blockDevicesOf(shared.daemon.dir))[0];

test("a root's limits count from its start on, follow changes, and go with the options", { skip }, async () => {
  const disk = await hostDisk();
  assert.match(disk ?? "", /^\d+:\d+$/);
  await create({ root: root({ "limits.read": "10MB", "limits.write": "20iops" }) });
  await start();
  assert.deepEqual(speeds(), [`${disk} rbps=10000000`, `${disk} wiops=20`]);
  await update({ root: root({ "limits.read": "5iops", "limits.max": "2MiB" }) });
  assert.deepEqual(speeds(), [`${disk} rbps=2097152`, `${disk} wbps=2097152`], "limits.max counts in their place");
  await update({ root: root({ "limits.read": "0" }) });
  assert.deepEqual(speeds(), []);
});

test("a guest reads no faster than it may", { skip }, async () => {
  await create({ root: root() });
  await start();
  await inside("dd if=/dev/zero of=/big bs=1M count=3 conv=fsync");
  await update({ root: root({ "limits.read": "1MB" }) });
  const begin = performance.now();
  await inside("dd if=/big of=/dev/null bs=64k iflag=direct");
  const tookMs = performance.now() - begin;
  assert.ok(tookMs > 2000, `three megabytes took ${tookMs} ms`);
});

test("disks on one disk of the host have the mean of their limits, and a changed limit takes no disk away", {
  skip,
}, async () => {
  const disk = await hostDisk();
  const data = (limit: Device): Device => ({
    type: "disk",
    source: path.join(folder, "data"),
    path: "/data",
    ...limit,
  });
  assert.deepEqual(await blockDevicesOf(folder), [disk], "the test's folder is on the daemon's disk");
  await create({ root: root({ "limits.read": "10MB" }) });
  await start();
  await update({
    root: root({ "limits.read": "10MB" }),
    data: data({ "limits.read": "3MB", "limits.write": "7iops" }),
  });
  assert.deepEqual(speeds(), [`${disk} rbps=6500000`, `${disk} wiops=7`]);
  await inside("(cd /data && exec sleep 600) & sleep 0.1; echo here > /data/note");
  await update({ root: root({ "limits.read": "10MB" }), data: data({ "limits.read": "4MB" }) });
  assert.deepEqual(speeds(), [`${disk} rbps=7000000`]);
  assert.equal(
    await inside("for p in /proc/[0-9]*; do readlink $p/cwd; done | grep -c '^/data$'"),
    "1",
    "still mounted",
  );
  await update({ root: root() });
  assert.deepEqual(speeds(), []);
});

for (const driver of ["btrfs", "dir", "lvm", "overlay"])
  test(`the disks of a root in a pool of the driver ${driver} are found`, { skip }, async (context) => {
    const here = (await driversHere()).find((one) => one.driver.name === driver);
    if (here === undefined || here.skip !== false) return context.skip(String(here?.skip));
    await client().createStoragePool({ name: "other", driver, config: smallPool(driver) });
    await create({ root: root({ "limits.write": "3MB", size: "30MiB" }, "other") });
    await start();
    const numbers = speeds().map((line) => line.split(" ")[0]);
    const host = await hostDisk();
    // A file system in a file has a loop device; the image of an overlay lies on the disk of the host. The kernel's number of logical volumes is its choice.
    assert.equal(
      numbers.filter((number) => number?.startsWith("7:") && number !== host).length,
      driver === "lvm" ? 0 : 1,
      String(numbers),
    );
    assert.equal(numbers.length, driver === "overlay" ? 2 : 1);
    assert.equal(numbers.includes(host), driver === "overlay");
    await remove();
    await client().deleteStoragePool("other");
  });

test("what cannot be limited is refused, and nothing changes", { skip }, async () => {
  for (const [option, value] of Object.entries({
    "limits.read": "fast",
    "limits.write": "10MB,20iops",
    "limits.max": "-1",
    "boot.priority": "first",
  }))
    await assert.rejects(create({ root: root({ [option]: value }) }), { code: "BAD_REQUEST" }, value);
  await create({ root: root({ "boot.priority": "3" }) });
  await start();
  const memory: Device = { type: "disk", source: "/dev/shm", path: "/memory", "limits.read": "1MB" };
  await assert.rejects(update({ root: root(), memory }), { code: "BAD_REQUEST", message: /Invalid block device/ });
  assert.deepEqual(Object.keys((await client().getInstance("box")).value.devices), ["root"]);
  assert.equal(await inside("ls -d /memory 2>/dev/null | wc -l"), "0");
  const scratch: Device = { type: "disk", source: "tmpfs:", path: "/memory", "limits.read": "1MB" };
  await assert.rejects(update({ root: root(), scratch }), { code: "BAD_REQUEST", message: /has no "limits.read"/ });
});

test("a disk that is a block device has the limits of that device alone", { skip }, async () => {
  const image = path.join(folder, "image");
  execFileSync("truncate", ["--size=16M", image]);
  execFileSync("mkfs.ext4", ["-q", image]);
  const device = execFileSync("losetup", ["--find", "--show", image], { encoding: "utf8" }).trim();
  try {
    const [number] = await blockDevicesOf(device);
    const data: Device = {
      type: "disk",
      source: device,
      path: "/data",
      "limits.read": "5MB",
      "limits.write": "10iops",
    };
    await create({ root: root(), data });
    await start();
    assert.deepEqual(speeds(), [`${number} rbps=5000000`, `${number} wiops=10`]);
    await update({ root: root() });
    assert.deepEqual(speeds(), []);
  } finally {
    await remove();
    execFileSync("losetup", ["--detach", device]);
  }
});

test("limits.disk.priority is the weight of the group", { skip }, async () => {
  await create({ root: root() }, {});
  await start();
  const file = ["blkio.weight", "blkio.bfq.weight", "io.weight", "io.bfq.weight"].map(controlFile).find(existsSync);
  if (file === undefined)
    await assert.rejects(update({ root: root() }, { "limits.disk.priority": "5" }), { code: "BAD_REQUEST" });
  else {
    const weight = () => /(\d+)\s*$/.exec(readFileSync(file, "utf8").split("\n")[0] ?? "")?.[1];
    assert.equal(weight(), "100");
    await update({ root: root() }, { "limits.disk.priority": "5" });
    assert.equal(weight(), "500");
    await update({ root: root() }, { "limits.disk.priority": "0" });
    assert.equal(weight(), "10");
    await assert.rejects(update({ root: root() }, { "limits.disk.priority": "11" }), { code: "BAD_REQUEST" });
  }
});
