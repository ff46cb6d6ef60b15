/** Instances that move to another pool or project, and those whose root is made anew. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync as readlink } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";
import { newWarnings } from "../support/warnings";

const image = { type: "image", alias: "template:busybox" };

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await daemon.client.createStoragePool({ name: "plain", driver: "dir", config: {} });
  const config = { "features.profiles": "false", "features.images": "false" };
  await daemon.client.createProject({ name: "lab", config });
  await (await daemon.client.createInstance({ name: "first", source: image })).wait();
  await (await daemon.client.deleteInstance("first")).wait();
});

async function act(name: string, action: "start" | "stop"): Promise<void> {
  await (await shared.client.setInstanceState(name, { action, force: true })).wait();
}

async function inside(name: string, script: string): Promise<string> {
  const { stdout } = await shared.client.execOutput(name, { command: ["sh", "-c", script] });
  return String(stdout).trim();
}

async function make(name: string): Promise<void> {
  await (await shared.client.createInstance({ name, source: image, start: true })).wait();
  await inside(name, "echo before > /root/word");
  await (await shared.client.createSnapshot(name, { name: "s1" })).wait();
  await inside(name, "echo after > /root/word");
}

const post = (name: string, body: object, query = "") => shared.outcome("POST", `/1.0/instances/${name}${query}`, body);

const remove = async (name: string) => (await shared.client.deleteInstance(name)).wait();

const volumes = (pool: string) =>
  ["containers", "containers-snapshots"].flatMap((type) => {
    const folder = path.join(shared.daemon.dir, "storage-pools", pool, type);
    return existsSync(folder) ? readdirSync(folder) : [];
  });

test("an instance goes to another pool with its snapshots, and stays who it is", async () => {
  await make("web");
  const refuses = (body: object, message: RegExp, status = 400) =>
    shared.refuses("POST", "/1.0/instances/web", body as never, status, message);
  await refuses({ migration: true, pool: "plain" }, /must be stopped/);
  await act("web", "stop");
  const { value: before } = await shared.client.getInstance("web");
  await refuses({ migration: true, pool: "none" }, /not found/, 404);
  await refuses({ migration: true, pool: "default" }, /in storage pool "default" already/);
  await refuses({ name: "web", target: "node2" }, /no cluster/);
  // What lxc move --storage sends.
  assert.equal((await post("web", { name: "web", migration: true, live: false, pool: "plain" })).status, 200);
  const { value: after } = await shared.client.getInstance("web");
  assert.deepEqual(after, { ...before, devices: after.devices, expanded_devices: after.expanded_devices });
  assert.deepEqual(after.devices.root, { type: "disk", path: "/", pool: "plain" });
  assert.deepEqual(volumes("default"), []);
  assert.equal(path.basename(path.dirname(path.dirname(linkOf("web")))), "plain");
  await act("web", "start");
  assert.equal(await inside("web", "cat /root/word"), "after");
  await act("web", "stop");
  await (await shared.client.restoreSnapshot("web", "s1")).wait();
  await (await shared.client.moveInstance("web", { name: "back", pool: "default" })).wait();
  await act("back", "start");
  assert.equal(await inside("back", "cat /root/word"), "before");
  await act("back", "stop");
  await remove("back");
  assert.deepEqual(volumes("plain"), []);
});

const linkOf = (key: string) =>
  path.resolve(path.join(shared.daemon.dir, "containers"), readlink(path.join(shared.daemon.dir, "containers", key)));

test("an instance goes to another project, where it is judged as a new one", async () => {
  await make("web");
  await act("web", "stop");
  const refuses = (body: object, message: RegExp, status = 400) =>
    shared.refuses("POST", "/1.0/instances/web", body as never, status, message);
  await refuses({ migration: true, project: "none" }, /Project not found/, 404);
  const lab = await shared.client.getProject("lab");
  await shared.client.updateProject("lab", { ...lab.value, config: { ...lab.value.config, "limits.instances": "0" } });
  await refuses({ migration: true, project: "lab" }, /maximum number of instances/);
  await shared.client.updateProject("lab", lab.value);
  assert.equal((await post("web", { name: "web", migration: true, project: "lab" })).status, 200);
  assert.equal((await shared.send("GET", "/1.0/instances/web")).status, 404);
  const answer = await shared.send("GET", "/1.0/instances/web?project=lab&recursion=1");
  const { project, snapshots } = answer.json.metadata as { project: string; snapshots: { name: string }[] };
  assert.deepEqual([project, snapshots.map(({ name }) => name)], ["lab", ["s1"]]);
  await shared.outcome("PUT", "/1.0/instances/web/state?project=lab", { action: "start" });
  await shared.outcome("PUT", "/1.0/instances/web/state?project=lab", { action: "stop", force: true });
  // Back, to another pool and under another name, in one request.
  const wanted = { name: "home", migration: true, project: "default", pool: "plain" };
  assert.equal((await post("web", wanted, "?project=lab")).status, 200);
  await act("home", "start");
  assert.equal(await inside("home", "cat /root/word; hostname"), "after\nhome");
  await act("home", "stop");
  await remove("home");
  assert.deepEqual([volumes("default"), volumes("plain")], [[], []]);
});

test("snapshots say that their roots are in the pool in which the instance is, wherever they were made", async () => {
  await make("web");
  await act("web", "stop");
  const { client } = shared;
  const root = (pool: string) => ({ type: "disk", path: "/", pool });
  const copied = { type: "copy", source: "web" };
  await (await client.createInstance({ name: "copy", source: copied, devices: { root: root("plain") } })).wait();
  await (await client.moveInstance("web", { name: "web", pool: "plain" })).wait();
  for (const name of ["copy", "web"]) {
    const [snapshot] = await client.listSnapshots(name);
    assert.deepEqual(snapshot?.devices.root, root("plain"), name);
    await act(name, "start");
    // Its restart would be refused if it said another pool.
    await (await client.restoreSnapshot(name, "s1")).wait();
    assert.equal(await inside(name, "cat /root/word"), "before", name);
    await act(name, "stop");
    await remove(name);
  }
});

test("in a project whose profiles have another root disk or none, an instance keeps its own in its pool", async () => {
  const { client } = shared;
  await client.createProject({ name: "bare", config: { "features.images": "false" } });
  for (const profile of [{}, { disk0: { type: "disk", path: "/", pool: "plain" } }]) {
    await make("web");
    await act("web", "stop");
    await shared.outcome("PATCH", "/1.0/profiles/default?project=bare", { devices: profile });
    assert.equal((await post("web", { name: "web", migration: true, project: "bare" })).status, 200);
    const { json } = await shared.send("GET", "/1.0/instances/web?project=bare&recursion=1");
    const { devices, snapshots } = json.metadata as { devices: object; snapshots: { devices: object }[] };
    const own = { [Object.keys(profile)[0] ?? "root"]: { type: "disk", path: "/", pool: "default" } };
    assert.deepEqual([devices, snapshots[0]?.devices], [own, own]);
    await shared.outcome("PUT", "/1.0/instances/web/state?project=bare", { action: "start" });
    await shared.outcome("DELETE", "/1.0/instances/web?project=bare&force=true");
  }
  await client.deleteProject("bare");
});

test("a move of the instance alone leaves its snapshots behind", async () => {
  await make("web");
  await act("web", "stop");
  const body = { name: "moved", migration: true, pool: "plain", instance_only: true, container_only: true };
  assert.equal((await post("web", body)).status, 200);
  assert.deepEqual(await shared.client.listSnapshots("moved"), []);
  assert.deepEqual([volumes("default"), volumes("plain")], [[], ["moved"]]);
  await act("moved", "start");
  assert.equal(await inside("moved", "cat /root/word"), "after");
  await act("moved", "stop");
  await remove("moved");
});

test("a move that a crash cuts in two leaves the instance where it was, and nothing elsewhere", async () => {
  await (await shared.client.createInstance({ name: "web", source: image, start: true })).wait();
  await inside("web", "dd if=/dev/urandom of=/root/big bs=1M count=200; echo kept > /root/word");
  await act("web", "stop");
  const { daemon } = shared;
  const moving = daemon.request("POST", "/1.0/instances/web", { migration: true, pool: "plain" });
  const folder = path.join(daemon.dir, "storage-pools", "plain");
  await until(async () => JSON.stringify(readdirSync(folder, { recursive: true })).includes("root/big"));
  await daemon.kill();
  await moving.catch(() => undefined);
  await daemon.start();
  assert.deepEqual(await newWarnings(shared.client), []);
  assert.deepEqual(volumes("plain"), []);
  await act("web", "start");
  assert.equal(await inside("web", "cat /root/word"), "kept");
  await act("web", "stop");
  await remove("web");
});

test("a rebuild makes the root anew and keeps settings and identity", async () => {
  await make("web");
  const rebuild = (source: object) => shared.outcome("POST", "/1.0/instances/web/rebuild", { source });
  const refuses = async (source: object, message: RegExp, status = 400) => {
    const told = await rebuild(source);
    assert.equal(told.status, status);
    assert.match(told.error, message);
  };
  await refuses(image, /must be stopped to be rebuilt/);
  await act("web", "stop");
  await refuses(image, /has snapshots/);
  await (await shared.client.deleteSnapshot("web", "s1")).wait();
  await refuses({ type: "image", alias: "none" }, /not found/i, 404);
  await refuses({ type: "copy", source: "web" }, /Use image or none/);
  await shared.client.patchInstance("web", { config: { "user.mine": "kept" } });
  const { value: before } = await shared.client.getInstance("web");
  await (await shared.client.rebuildInstance("web", { source: image })).wait();
  const { value: after } = await shared.client.getInstance("web");
  for (const key of ["user.mine", "volatile.uuid", "volatile.idmap.base", "volatile.base_image"])
    assert.equal(after.config[key], before.config[key], key);
  await act("web", "start");
  assert.equal(await inside("web", "cat /root/word || echo gone; hostname"), "gone\nweb");
  await act("web", "stop");
  assert.equal((await rebuild({ type: "none" })).status, 200);
  assert.equal((await shared.client.getInstance("web")).value.config["volatile.base_image"], undefined);
  await remove("web");
});

test("a root has the size that its disk says, also after a move and a rebuild", async () => {
  const devices = { root: { type: "disk", path: "/", pool: "default", size: "200MiB" } };
  await (await shared.client.createInstance({ name: "web", source: image, devices })).wait();
  await (await shared.client.moveInstance("web", { pool: "plain" })).wait();
  const fill = "dd if=/dev/zero of=/root/big bs=1M count=300 2>&1 | grep -ci 'no space\\|quota'";
  for (const again of [false, true]) {
    if (again) await (await shared.client.rebuildInstance("web", { source: image })).wait();
    await act("web", "start");
    assert.equal(await inside("web", fill), "1", again ? "after a rebuild" : "after a move");
    await act("web", "stop");
  }
  await remove("web");
});

test("a copy of a running instance need not be of one moment when nobody asks for that", async () => {
  await make("web");
  const source = { type: "copy", source: "web", allow_inconsistent: true, instance_only: true };
  await (await shared.client.createInstance({ name: "twin", source, start: true })).wait();
  assert.equal(await inside("twin", "cat /root/word"), "after");
  assert.deepEqual(await shared.client.listSnapshots("twin"), []);
  for (const name of ["web", "twin"]) {
    await act(name, "stop");
    await remove(name);
  }
});
