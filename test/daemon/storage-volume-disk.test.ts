/** Custom volumes as disks: given to containers and taken back, shared by them, and what is refused. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Config, Device, Devices } from "../../sdk/api/common";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const custom = "/1.0/storage-pools/default/volumes/custom";
const image = { type: "image", alias: "template:busybox" };
const disk = (source: string, at = "/srv/data", more: Device = {}): Device => ({
  type: "disk",
  pool: "default",
  source,
  path: at,
  ...more,
});

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  for (const name of ["data", "more", "spare"]) await daemon.client.createStorageVolume("default", { name });
  await daemon.client.createStorageVolume("default", { name: "raw", content_type: "block", config: { size: "4MiB" } });
  for (const name of ["one", "two"]) await launch(name);
});

async function launch(name: string, devices: Devices = {}, config: Config = {}, client?: Client): Promise<void> {
  const by = client ?? shared.client;
  await (await by.createInstance({ name, source: image, devices, config })).wait();
  await (await by.setInstanceState(name, { action: "start" })).wait();
}

async function setDevices(name: string, devices: Devices): Promise<void> {
  const { value } = await shared.client.getInstance(name);
  await (await shared.client.updateInstance(name, { ...value, devices })).wait();
}

async function inside(name: string, command: string, client = shared.client): Promise<string> {
  const { stdout } = await client.execOutput(name, { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
}

const folder = (name: string) => path.join(shared.daemon.dir, "storage-pools/default/custom", name, "rootfs");
const users = async (name: string) => (await shared.client.getStorageVolume("default", name)).value.used_by;

test("two running containers share a volume, and each sees the owners of its files as its own users", async () => {
  await setDevices("one", { shared: disk("data") });
  await setDevices("two", { shared: disk("data", "srv/other") });
  await inside("one", "echo hello >/srv/data/file && chown 1000:1001 /srv/data/file && mkdir /srv/data/own");
  assert.equal(await inside("two", "cat /srv/other/file; stat -c '%u:%g' /srv/other/file"), "hello\n1000:1001");
  assert.equal(
    await inside("two", "echo two >>/srv/other/file; stat -c '%u:%g %a' /srv/other/own /srv/other"),
    "0:0 755\n0:0 711",
  );
  assert.equal(await inside("one", "tail -n1 /srv/data/file"), "two");
  const { uid, gid } = statSync(path.join(folder("default_data"), "file"));
  assert.deepEqual([uid, gid], [1000, 1001], "on the disk they are those that containers see");
  const base = async (name: string) => inside(name, "awk '{ print $2 }' /proc/self/uid_map");
  assert.notEqual(await base("one"), await base("two"), "though their ids on the host differ");
  assert.match(await inside("one", "mknod /srv/data/null c 1 3"), /not permitted/);
  assert.deepEqual(await users("data"), ["/1.0/instances/one", "/1.0/instances/two"]);
});

test("a container sees the owner and mode that a volume was made with", async () => {
  const config = { "initial.uid": "1000", "initial.gid": "1001", "initial.mode": "2770" };
  await shared.client.createStorageVolume("default", { name: "owned", config });
  const data = { shared: disk("data", "srv/other") };
  await setDevices("two", { ...data, owned: disk("owned", "/srv/owned") });
  assert.equal(await inside("two", "stat -c '%u:%g %a' /srv/owned"), "1000:1001 2770");
  await setDevices("two", data);
  await shared.client.deleteStorageVolume("default", "owned");
});

test("it is there again after a restart, and goes with its device", async () => {
  await (await shared.client.setInstanceState("one", { action: "restart", force: true })).wait();
  assert.equal(await inside("one", "head -n1 /srv/data/file"), "hello");
  await setDevices("one", { shared: disk("data", "/srv/data", { readonly: "true" }) });
  assert.match(await inside("one", "touch /srv/data/new"), /Read-only/);
  await setDevices("one", {});
  assert.equal(await inside("one", "ls /srv/data"), "");
  assert.deepEqual(await users("data"), ["/1.0/instances/two"]);
});

test("a volume in use is not deleted; by a running container it is neither renamed nor moved", async () => {
  const { client } = shared;
  await shared.refuses("DELETE", `${custom}/data`, undefined, 400, /The storage volume is still in use/);
  const running = /Volume is still in use by running instances/;
  await shared.refuses("POST", `${custom}/data`, { name: "other" }, 400, running);
  await shared.refuses(
    "POST",
    `${custom}/data`,
    { name: "data", pool: "default", project: "default" },
    409,
    /already exists/,
  );
  await client.createProfile({ name: "with", devices: { d: disk("spare", "/srv/spare") } });
  assert.deepEqual(await users("spare"), ["/1.0/profiles/with"]);
  await shared.refuses("DELETE", `${custom}/spare`, undefined, 400, /still in use.*profiles\/with/);
});

test("devices of stopped containers and of profiles follow a rename", async () => {
  const { client } = shared;
  await (
    await client.createInstance({
      name: "still",
      source: { type: "none" },
      profiles: ["default", "with"],
      devices: { d2: disk("more", "/srv/more") },
    })
  ).wait();
  await client.renameStorageVolume("default", "spare", "saved");
  await client.renameStorageVolume("default", "more", "most");
  assert.equal((await client.getProfile("with")).value.devices.d?.source, "saved");
  assert.equal((await client.getInstance("still")).value.devices.d2?.source, "most");
  assert.deepEqual(await users("saved"), ["/1.0/instances/still", "/1.0/profiles/with"]);
  assert.deepEqual(await users("most"), ["/1.0/instances/still"]);
  await (await client.deleteInstance("still")).wait();
  await client.deleteProfile("with");
  assert.deepEqual([await users("saved"), await users("most")], [[], []]);
  await client.renameStorageVolume("default", "most", "more");
});

test("what cannot be a disk is refused in LXD's words", async () => {
  const { value } = await shared.client.getInstance("one");
  const cases: readonly [Device, RegExp][] = [
    [disk("nope"), /Failed add validation for device "d": Failed loading custom volume: Storage volume not found/],
    [{ ...disk("data"), pool: "nope" }, /Failed to get storage pool "nope": Storage pool not found/],
    [disk("raw"), /Custom block volumes cannot be used on containers/],
    [disk("/etc"), /Storage volumes cannot be specified as absolute paths/],
    [{ type: "disk", pool: "default", path: "/srv/x" }, /missing the required "source" or "path" property/],
    [disk("data", "/srv/x", { shift: "true" }), /The "shift" property cannot be used with custom storage volumes/],
    [disk("data", "/srv/x", { size: "1MiB" }), /Only the root disk may have a size quota/],
    [disk("data", "/srv/x", { recursive: "true" }), /The recursive option is only supported/],
    [{ type: "disk", source: "data", path: "/srv/x" }, /absolute path, or the name of a volume/],
  ];
  for (const [device, message] of cases)
    await shared.refuses("PUT", "/1.0/instances/one", { ...value, devices: { d: device } }, 400, message);
});

test("with security.unmapped the owners are the host's: nobody's to an unprivileged container", async () => {
  await shared.client.createStorageVolume("default", { name: "bare", config: { "security.unmapped": "true" } });
  await setDevices("one", { bare: disk("bare", "/srv/bare") });
  assert.equal(await inside("one", "stat -c '%u:%g' /srv/bare"), "65534:65534");
  assert.match(await inside("one", "touch /srv/bare/file"), /denied/);
  await setDevices("one", {});
  await shared.client.deleteStorageVolume("default", "bare");
});

test("a privileged container shares it too", async () => {
  await launch("priv", { d: disk("data") }, { "security.privileged": "true" });
  assert.equal(await inside("priv", "stat -c '%u:%g' /srv/data/file"), "1000:1001");
  await (await shared.client.setInstanceState("priv", { action: "stop", force: true })).wait();
  await (await shared.client.deleteInstance("priv")).wait();
});

test("an instance of a project has the volumes of its project, or those that it shares", async () => {
  const { client, daemon } = shared;
  await client.createProject({
    name: "own",
    config: { "features.profiles": "false", "features.images": "false", restricted: "true" },
  });
  await client.createProject({
    name: "lent",
    config: { "features.profiles": "false", "features.images": "false", "features.storage.volumes": "false" },
  });
  await using own = new Client({ endpoint: daemon.socket, project: "own" });
  await using lent = new Client({ endpoint: daemon.socket, project: "lent" });
  const refused = own.createInstance({ name: "web", source: { type: "none" }, devices: { d: disk("data") } });
  await assert.rejects(refused, /Storage volume not found/);
  await own.createStorageVolume("default", { name: "data" });
  await launch("web", { d: disk("data") }, {}, own);
  assert.equal(await inside("web", "ls /srv/data", own), "");
  await launch("web", { d: disk("data") }, {}, lent);
  assert.match(await inside("web", "ls /srv/data", lent), /file/);
  assert.deepEqual((await own.getStorageVolume("default", "data")).value.used_by, ["/1.0/instances/web?project=own"]);
  assert.deepEqual(await users("data"), ["/1.0/instances/two", "/1.0/instances/web?project=lent"]);
  for (const by of [own, lent]) await (await by.deleteInstance("web", { force: true })).wait();
  const { value } = await client.getProject("own");
  await client.updateProject("own", { ...value, config: { ...value.config, "restricted.devices.disk": "block" } });
  const blocked = own.createInstance({ name: "web", source: { type: "none" }, devices: { d: disk("data") } });
  await assert.rejects(blocked, /Disk devices are forbidden/);
  await own.deleteStorageVolume("default", "data");
  for (const name of ["own", "lent"]) await client.deleteProject(name);
});

test("a restart of the daemon finds the containers with their volumes, and takes them back", async () => {
  const { daemon } = shared;
  await daemon.stop();
  await daemon.start();
  assert.equal(await inside("two", "head -n1 /srv/other/file"), "hello");
  await setDevices("two", {});
  assert.equal(await inside("two", "ls /srv/other"), "");
  await shared.client.deleteStorageVolume("default", "data");
});
