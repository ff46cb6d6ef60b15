/** Disks that are block devices of the host: their file system is mounted inside, at a start and in a running container. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Config, Device, Devices } from "../../sdk/api/common";
import { isFree } from "../support/free-device";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);
const host = mkdtempSync(path.join(tmpdir(), "bothy-disk-blocks-"));
const loops: string[] = [];
const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: "utf8" }).trim();

/** A block device of so many bytes. */
function device(name: string, bytes = "32M"): string {
  const file = path.join(host, name);
  run("truncate", `--size=${bytes}`, file);
  const found = run("losetup", "--find", "--show", file);
  loops.push(found);
  return found;
}

/** One with an ext4, in which are a note and a device node. */
function ext4(name: string): string {
  const source = device(name);
  run("mkfs.ext4", "-q", source);
  const at = path.join(host, "at");
  mkdirSync(at, { recursive: true });
  run("mount", source, at);
  writeFileSync(path.join(at, "note"), "of the device\n");
  run("mknod", "-m", "666", path.join(at, "zero"), "c", "1", "5");
  chmodSync(at, 0o777);
  run("umount", at);
  return source;
}

const shared = shareDaemon({ bare: false }, async () => undefined);
const client = () => shared.client;
const disk = (source: string, more: Device = {}): Device => ({ type: "disk", source, path: "/srv/data", ...more });

let data = "";
before(() => {
  if (skip === false) data = ext4("data.img");
});
after(() => {
  for (const loop of loops) run("losetup", "--detach", loop);
  rmSync(host, { recursive: true });
});

async function launch(name: string, devices: Devices, config: Config = {}): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client().createInstance({ name, source, devices, config })).wait();
  await (await client().setInstanceState(name, { action: "start" })).wait();
}
const stop = async (name: string) => (await client().setInstanceState(name, { action: "stop", force: true })).wait();
const remove = async (name: string) => (await client().deleteInstance(name, { force: true })).wait();
const setDevices = async (name: string, devices: Devices) => {
  const { value } = await client().getInstance(name);
  await (await client().updateInstance(name, { ...value, devices })).wait();
};
const inside = async (name: string, command: string) => {
  const { stdout } = await client().execOutput(name, { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
};
const mountOf = (name: string) => inside(name, "grep ' /srv/data ' /proc/mounts");

test("a container sees the file system of a block device, and gives it free when it ends", { skip }, async () => {
  await launch("box", { data: disk(data) });
  assert.equal(await inside("box", "cat /srv/data/note"), "of the device");
  assert.match(await mountOf("box"), /ext4 rw,nodev,/);
  assert.match(await inside("box", "dd if=/srv/data/zero bs=1 count=1"), /can't open/);
  assert.equal(await inside("box", "stat -c %u /srv/data/note"), "65534", "owners are as they are");
  assert.equal(isFree(data), false);
  assert.doesNotMatch(
    readFileSync("/proc/self/mounts", "utf8"),
    new RegExp(`^${data} `, "m"),
    "the host has no mount of it",
  );
  await stop("box");
  await until(async () => isFree(data));
  await remove("box");
});

test("with shift the files are the container's own, and read-only nobody writes to them", { skip }, async () => {
  await launch("shifted", { data: disk(data, { shift: "true" }) });
  assert.equal(await inside("shifted", "echo mine > /srv/data/new && stat -c %u /srv/data/new"), "0");
  await setDevices("shifted", { data: disk(data, { shift: "true", readonly: "true" }) });
  assert.match(await inside("shifted", "echo more > /srv/data/new"), /Read-only file system/);
  assert.match(await mountOf("shifted"), /ext4 ro,nodev,.*/);
  await setDevices("shifted", {});
  await until(async () => isFree(data));
  await setDevices("shifted", { data: disk(data, { shift: "true" }) });
  assert.equal(await inside("shifted", "cat /srv/data/new && rm /srv/data/new"), "mine");
  await remove("shifted");
  await until(async () => isFree(data));
});

test("two containers share one file system, each as its own device says", { skip }, async () => {
  await launch("one", { data: disk(data, { shift: "true" }) });
  await launch("two", { data: disk(data, { readonly: "true" }) });
  await inside("one", "echo shared > /srv/data/both");
  assert.equal(await inside("two", "cat /srv/data/both"), "shared");
  assert.match(await inside("two", "touch /srv/data/both"), /Read-only file system/);
  await remove("one");
  assert.equal(isFree(data), false);
  assert.equal(await inside("two", "cat /srv/data/both"), "shared");
  await remove("two");
  await until(async () => isFree(data));
});

test("options of the file system count, and those that are none fail with its own words", { skip }, async () => {
  const options = "noexec,noatime,errors=remount-ro,nodiscard";
  await launch("opts", { data: disk(data, { "raw.mount.options": options }) });
  assert.match(await mountOf("opts"), /ext4 rw,nodev,noexec,noatime,.*errors=remount-ro/);
  for (const wrong of ["nosuch", "errors=nosuch"])
    await assert.rejects(
      setDevices("opts", { data: disk(data, { "raw.mount.options": wrong }) }),
      /ext4: .*nosuch|errors/,
    );
  for (const wrong of ["source=/dev/null", "source", "a b"])
    await assert.rejects(setDevices("opts", { data: disk(data, { "raw.mount.options": wrong }) }), {
      code: "BAD_REQUEST",
    });
  await until(async () => /errors=remount-ro/.test(await mountOf("opts")));
  await remove("opts");
  await until(async () => isFree(data));
});

test("a device without a file system, or with something else on it, is refused with what is there", {
  skip,
}, async () => {
  const blank = device("blank.img", "4M");
  const swap = device("swap.img", "4M");
  run("mkswap", swap);
  await launch("plain", {});
  for (const [source, cause] of [
    [
      blank,
      /Failed to start device "data": Failed detecting source path "\/dev\/loop\d+" block device filesystem: there is none on it\. Make one/,
    ],
    [swap, /there is none on it, but "swap"/],
  ] as const) {
    await assert.rejects(setDevices("plain", { data: disk(source) }), cause);
    await assert.rejects(launch("wrong", { data: disk(source) }), cause);
    await remove("wrong");
  }
  await assert.rejects(
    setDevices("plain", { data: disk(data, { recursive: "true" }) }),
    /The recursive option is only supported for additional bind-mounted paths/,
  );
  assert.equal((await client().getInstance("plain")).value.devices.data, undefined);
  await remove("plain");
});

test("a file system that is broken is refused, and one that may be missing leaves the container without", {
  skip,
}, async () => {
  const broken = ext4("broken.img");
  // The descriptors of its groups.
  run("dd", "if=/dev/urandom", `of=${broken}`, "bs=1024", "seek=2", "count=8", "conv=notrunc", "status=none");
  await assert.rejects(launch("broken", { data: disk(broken) }), /Cannot mount its file system \(ext4\)/);
  await remove("broken");
  assert.equal(isFree(broken), true);
  await launch("without", { data: disk("/dev/bothy-no-such", { required: "false" }) });
  assert.match(await inside("without", "ls /srv/data"), /No such file/);
  await remove("without");
});

test("a privileged container has the device's nodes as its own rules say", { skip }, async () => {
  await launch("host", { data: disk(data) }, { "security.privileged": "true" });
  assert.equal(await inside("host", "stat -c %u /srv/data/note"), "0");
  assert.doesNotMatch(await mountOf("host"), /nodev/);
  await remove("host");
  await until(async () => isFree(data));
});
