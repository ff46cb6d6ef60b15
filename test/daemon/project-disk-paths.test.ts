/** Host folders that a restricted project may give to its containers: by their paths, and wherever symlinks lead. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Config, Device, Devices } from "../../sdk/api/common";
import { Client } from "../../sdk/index";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const host = realpathSync(mkdtempSync(path.join(tmpdir(), "bothy-disk-paths-")));
const at = (...parts: string[]) => path.join(host, ...parts);

before(() => {
  chmodSync(host, 0o755);
  for (const folder of ["ok/in", "okay", "also", "secret"]) mkdirSync(at(folder), { recursive: true });
  writeFileSync(at("ok/in/note"), "allowed\n");
  writeFileSync(at("also/note"), "allowed as well\n");
  writeFileSync(at("secret/note"), "secret\n");
  symlinkSync("in", at("ok/rel"));
  symlinkSync("../secret", at("ok/out"));
  symlinkSync(at("ok/in"), at("ok/abs"));
  symlinkSync(at("ok"), at("linked"));
});
after(() => rmSync(host, { recursive: true }));

const paths = `${at("ok")},${at("also")}`;
const shared = shareDaemon({ bare: false }, async ({ client, socket }) => {
  const config = { restricted: "true", "restricted.devices.disk": "allow", "restricted.devices.disk.paths": paths };
  await client.createProject({ name: "lab", config });
  await using lab = new Client({ endpoint: socket, project: "lab" });
  await lab.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "default" } } });
});
const lab = () => new Client({ endpoint: shared.daemon.socket, project: "lab" });
const disk = (source: string, more: Device = {}): Device => ({ type: "disk", source, path: "/srv/data", ...more });

async function create(client: Client, name: string, devices: Devices, config: Config = {}): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, devices, config })).wait();
}
const start = async (client: Client, name: string) => (await client.setInstanceState(name, { action: "start" })).wait();
const remove = async (client: Client, name: string) => (await client.deleteInstance(name, { force: true })).wait();
async function setDevices(client: Client, name: string, devices: Devices): Promise<void> {
  const { value } = await client.getInstance(name);
  await (await client.updateInstance(name, { ...value, devices })).wait();
}
const note = async (client: Client, name: string) =>
  String((await client.execOutput(name, { command: ["cat", "/srv/data/note"] })).stdout).trim();
const setProject = (config: Config) => shared.client.patchProject("lab", { config });

const outside = /Source path "[^"]+" resolves outside of restricted parent source path "[^"]+"/;

test("sources are judged by their path, folder by folder", { skip }, async () => {
  await using client = lab();
  for (const source of [at("secret"), at("okay"), at("ok/../secret"), "/", at("linked/in")])
    await assert.rejects(create(client, "box", { data: disk(source) }), {
      message: new RegExp(
        `Invalid device "data" on container "box" of project "lab": Disk source path "${source}" not allowed`,
      ),
    });
  await assert.rejects(
    client.createProfile({ name: "bad", devices: { data: disk(at("secret")) } }),
    /on profile "bad" of project "lab": Disk source path/,
  );
  await create(client, "box", { data: disk(at("ok/in")) });
  await start(client, "box");
  assert.equal(await note(client, "box"), "allowed");
  await setDevices(client, "box", { data: disk(`${at("also")}/`) });
  assert.equal(await note(client, "box"), "allowed as well");
  await remove(client, "box");
});

test("a volume and a disk in memory are no path of the host", { skip }, async () => {
  await using client = lab();
  await client.createStorageVolume("default", { name: "vol" });
  const memory: Device = { type: "disk", source: "tmpfs:", path: "/memory" };
  await create(client, "box", { vol: { type: "disk", pool: "default", source: "vol", path: "/vol" }, memory });
  await start(client, "box");
  await remove(client, "box");
  await client.deleteStorageVolume("default", "vol");
});

test("a symlink that leads out of its folder is refused at a start and while a container runs", { skip }, async () => {
  await using client = lab();
  for (const source of [at("ok/out"), at("ok/abs")]) {
    await create(client, "box", { data: disk(source) });
    await assert.rejects(start(client, "box"), outside);
    await setDevices(client, "box", {});
    await start(client, "box");
    await assert.rejects(setDevices(client, "box", { data: disk(source) }), outside);
    assert.deepEqual((await client.getInstance("box")).value.devices, {});
    assert.equal(await note(client, "box"), "", "nothing of it is inside");
    await setDevices(client, "box", { data: disk(at("ok/rel")) });
    assert.equal(await note(client, "box"), "allowed");
    await remove(client, "box");
  }
});

test("a folder that becomes a symlink after it was judged is refused, also one that may be missing", {
  skip,
}, async () => {
  await using client = lab();
  mkdirSync(at("ok/swapped/deep"), { recursive: true });
  await create(client, "box", {
    data: disk(at("ok/swapped/deep")),
    late: disk(at("ok/late"), { required: "false", path: "/srv/late" }),
  });
  await start(client, "box");
  rmSync(at("ok/swapped"), { recursive: true });
  mkdirSync(at("secret/deep"));
  symlinkSync("../secret", at("ok/swapped"));
  await assert.rejects(async () => (await client.setInstanceState("box", { action: "restart" })).wait(), outside);
  assert.equal((await client.getInstance("box")).value.status, "Running", "it is not stopped for nothing");
  await (await client.setInstanceState("box", { action: "stop", force: true })).wait();
  await assert.rejects(start(client, "box"), outside);
  await setDevices(client, "box", { late: disk(at("ok/late"), { required: "false", path: "/srv/late" }) });
  symlinkSync("/etc", at("ok/late"));
  await assert.rejects(start(client, "box"), outside);
  rmSync(at("ok/late"));
  await start(client, "box");
  await remove(client, "box");
});

test("a folder that is allowed must have no symlink in its own path", { skip }, async () => {
  await using client = lab();
  await setProject({ "restricted.devices.disk.paths": `${paths},${at("linked")}` });
  await create(client, "box", { data: disk(at("linked/in")) });
  await assert.rejects(start(client, "box"), /There is a symlink in its path: name the folder that it leads to/);
  await remove(client, "box");
  await setProject({ "restricted.devices.disk.paths": paths });
});

test("such a disk has no shift, and no options of a file system that could name other devices", { skip }, async () => {
  await using client = lab();
  await create(client, "box", { data: disk(at("ok/in"), { shift: "true" }) });
  await assert.rejects(start(client, "box"), /The "shift" property cannot be used with a restricted source path/);
  await setDevices(client, "box", {});
  await start(client, "box");
  await assert.rejects(
    setDevices(client, "box", { data: disk(at("ok/in"), { shift: "true" }) }),
    /The "shift" property cannot be used with a restricted source path/,
  );
  await remove(client, "box");
});

test("a block device counts as what its path leads to", { skip }, async () => {
  await using client = lab();
  const image = at("image");
  execFileSync("truncate", ["--size=16M", image]);
  execFileSync("mkfs.ext4", ["-q", image]);
  const loop = execFileSync("losetup", ["--find", "--show", image], { encoding: "utf8" }).trim();
  try {
    symlinkSync(loop, at("ok/device"));
    const [major = "", minor = ""] = execFileSync("stat", ["-c", "%Hr %Lr", loop], { encoding: "utf8" })
      .trim()
      .split(" ");
    execFileSync("mknod", [at("ok/node"), "b", major, minor]);
    await create(client, "box", {});
    await start(client, "box");
    await assert.rejects(setDevices(client, "box", { data: disk(loop) }), /not allowed/);
    await assert.rejects(setDevices(client, "box", { data: disk(at("ok/device")) }), outside);
    await assert.rejects(
      setDevices(client, "box", { data: disk(at("ok/node"), { "raw.mount.options": "journal_path=/dev/sda" }) }),
      /The mount option "journal_path=\/dev\/sda" cannot be used with a restricted source path/,
    );
    await setDevices(client, "box", { data: disk(at("ok/node")) });
    const { stdout } = await client.execOutput("box", { command: ["ls", "/srv/data"] });
    assert.equal(String(stdout).trim(), "lost+found");
    await remove(client, "box");
  } finally {
    execFileSync("losetup", ["--detach", loop]);
  }
});

test("paths cannot be taken away from what has them", { skip }, async () => {
  await using client = lab();
  await create(client, "box", { data: disk(at("ok/in")) });
  await assert.rejects(
    setProject({ "restricted.devices.disk.paths": at("also") }),
    /Conflict detected when changing "restricted.devices.disk.paths" in project "lab": Invalid device "data" on container "box" of project "lab": Disk source path ".*" not allowed/,
  );
  await setProject({ "restricted.devices.disk.paths": at("ok/in") });
  await setProject({ "restricted.devices.disk.paths": paths });
  for (const wrong of ["srv", "/a,,/b", `${at("ok")},rel`])
    await assert.rejects(setProject({ "restricted.devices.disk.paths": wrong }), /must be an absolute path/);
  await remove(client, "box");
});

test("raw.idmap names the ids that the project leaves it, and no others", { skip }, async () => {
  await using client = lab();
  await setProject({ "restricted.idmap.uid": "1000-1005, 2000", "restricted.idmap.gid": "1000" });
  const allowed = [
    "uid 1000 1000",
    "both 1000 1000",
    "uid 1000-1005 0-5",
    "gid 1000 0",
    "uid 2000 5",
    "uid 1005 5\ngid 1000 5",
  ];
  await create(client, "box", { data: disk(at("ok/in")) });
  const set = async (lines: string) => {
    const { value } = await client.getInstance("box");
    await (await client.updateInstance("box", { ...value, config: { ...value.config, "raw.idmap": lines } })).wait();
  };
  for (const lines of allowed) await set(lines);
  for (const [lines, element] of [
    ["both 1001 1001", 0],
    ["uid 1000-1006 0-6", 0],
    ["uid 1005-2000 0-995", 0],
    ["uid 1000 0\ngid 1001 0", 1],
  ] as const)
    await assert.rejects(set(lines), {
      message: new RegExp(
        `Use of low-level "raw.idmap" element ${element} on container "box" of project "lab" is forbidden`,
      ),
    });
  await assert.rejects(
    setProject({ "restricted.idmap.uid": "1000" }),
    /Conflict detected when changing "restricted.idmap.uid" in project "lab": Use of low-level "raw.idmap" element 0/,
  );
  execFileSync("chown", ["1005:1000", at("ok/in/note")]);
  await start(client, "box");
  const { stdout } = await client.execOutput("box", { command: ["stat", "-c", "%u %g", "/srv/data/note"] });
  assert.equal(String(stdout).trim(), "5 5");
  await remove(client, "box");
  for (const wrong of ["x", "5-3", "1-", "4294967296"])
    await assert.rejects(setProject({ "restricted.idmap.gid": wrong }), /must be an id, or a range of ids/);
});
