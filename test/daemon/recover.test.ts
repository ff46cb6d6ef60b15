/** Recovery: when the database is lost, instances come back of what lies beside their roots. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import type { RecoverResult } from "../../sdk/api/storage-pool";
import { Client } from "../../sdk/index";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { send } from "../support/raw-http";
import { requireFeature } from "../support/require";
import { driversHere, smallPool } from "../support/storage";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);

const beside = (daemon: TestDaemon, pool: string, key: string) =>
  path.join(daemon.dir, "storage-pools", pool, "containers", key, "backup.yaml");

interface Beside {
  readonly container: { readonly config: Record<string, string>; readonly description: string };
  readonly snapshots: readonly { readonly name: string }[];
}

const told = (file: string): Beside => parse(readFileSync(file, "utf8")) as Beside;

/** Waits until a file tells what it should; it follows a moment later. */
const tells = (file: string, isSo: (told: Beside) => boolean) =>
  until(async () => existsSync(file) && isSo(told(file)));

const ask = async (daemon: TestDaemon, what: "validate" | "import", pools: readonly object[]) => {
  const answer = await send(daemon.socket, "POST", `/internal/recover/${what}`, { pools });
  assert.equal(answer.status, 200, answer.text);
  return answer.json.metadata as RecoverResult;
};

const inside = async ({ client }: { client: Client }, name: string, script: string) =>
  String((await client.execOutput(name, { command: ["sh", "-c", script] })).stdout);

async function loseDatabase(daemon: TestDaemon): Promise<void> {
  await daemon.kill();
  rmSync(path.join(daemon.dir, "database"), { recursive: true });
  await daemon.start();
}

test("instances of every driver come back with settings, snapshots and projects, and running ones go on", {
  skip,
}, async () => {
  const drivers = (await driversHere()).filter((one) => one.skip === false).map(({ driver }) => driver.name);
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    const project = { name: "lab", config: { "features.images": "false" } };
    const prepare = async () => {
      await client.createProject(project);
      await client.createProfile({ name: "small", config: { "limits.processes": "150" } });
    };
    await prepare();
    const pools = drivers.map((driver) => ({
      name: `p-${driver}`,
      driver,
      config: smallPool(driver),
    }));
    const source = { type: "image", alias: "template:busybox" };
    for (const pool of pools) {
      await client.createStoragePool(pool);
      const devices = { root: { type: "disk", path: "/", pool: pool.name } };
      const config = { "user.note": "a: b", "environment.A": "yes" };
      const name = `on-${pool.driver}`;
      await (
        await client.createInstance({
          name,
          devices,
          source,
          config,
          profiles: ["default", "small"],
          description: "kept",
        })
      ).wait();
      await (await client.setInstanceState(name, { action: "start" })).wait();
      await inside(daemon, name, "echo one > /root/file");
      await (await client.createSnapshot(name, { name: "snap:1", expires_at: "2031-01-01T00:00:00Z" })).wait();
      await inside(daemon, name, "echo two > /root/file");
    }
    // One stopped, the others go on.
    await (await client.setInstanceState("on-dir", { action: "stop", force: true })).wait();
    await using lab = new Client({ endpoint: daemon.socket, project: "lab" });
    const metadata = (await send(daemon.socket, "GET", "/1.0/instances/on-dir/metadata")).json.metadata as object;
    const own = { ...metadata, properties: { kept: "yes" } };
    assert.equal((await send(daemon.socket, "PUT", "/1.0/instances/on-dir/metadata", own)).status, 200);
    await (
      await lab.createInstance({
        name: "web",
        source: { type: "none" },
        profiles: [],
        devices: { root: { type: "disk", path: "/", pool: "p-dir" } },
      })
    ).wait();
    const before = await client.listInstances();
    const snapshots = await client.listSnapshots("on-dir");
    for (const { driver, name } of pools) {
      const file = beside(daemon, name, `on-${driver}`);
      await tells(file, ({ snapshots: [one] }) => one?.name === "snap:1");
      assert.equal(statSync(file).mode & 0o777, 0o400);
    }
    await tells(beside(daemon, "p-dir", "lab_web"), () => true);
    await tells(
      beside(daemon, "p-dir", "on-dir"),
      ({ container }) => container.config["volatile.last_state.power"] !== "RUNNING",
    );

    const beginning = path.dirname(beside(daemon, "p-dir", "on-dir"));
    await until(async () => readFileSync(path.join(beginning, "metadata.yaml"), "utf8").includes("kept"));

    await loseDatabase(daemon);
    assert.deepEqual(await client.listInstances(), []);
    const known = pools.map(({ name, driver }) => ({ name, driver, config: {} }));
    const found = await ask(daemon, "validate", known);
    const volumes = pools.map(({ name, driver }) => ({
      name: `on-${driver}`,
      type: "container",
      snapshotCount: 1,
      project: "default",
      pool: name,
    }));
    const web = { name: "web", type: "container", snapshotCount: 0, project: "lab", pool: "p-dir" };
    const order = (list: RecoverResult["UnknownVolumes"]) =>
      [...(list ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(order(found.UnknownVolumes), order([...volumes, web]));
    assert.deepEqual(found.DependencyErrors, ['Profile "small" in project "default"', 'Project "lab"']);
    assert.deepEqual(await ask(daemon, "import", known), found, "nothing is made while something is lacking");
    assert.deepEqual([await client.listInstances(), await client.listStoragePools()], [[], []]);

    await prepare();
    assert.deepEqual(await ask(daemon, "import", known), {});
    const after = await client.listInstances();
    const settled = (list: typeof after) =>
      list
        .map(({ last_used_at: _, expanded_config: __, ...instance }) => instance)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(settled(after), settled(before));
    assert.deepEqual(
      (await client.listSnapshots("on-dir")).map(({ expanded_config: _, ...one }) => one),
      snapshots.map(({ expanded_config: _, ...one }) => one),
    );
    assert.equal((await lab.getInstance("web")).value.status, "Stopped");
    assert.deepEqual((await send(daemon.socket, "GET", "/1.0/instances/on-dir/metadata")).json.metadata, own);
    const templates = await send(daemon.socket, "GET", "/1.0/instances/on-dir/metadata/templates");
    assert.deepEqual((templates.json.metadata as string[]).sort(), ["hostname.tpl", "hosts.tpl"]);
    await (await client.setInstanceState("on-dir", { action: "start" })).wait();
    for (const { driver } of pools) {
      const name = `on-${driver}`;
      assert.equal(await inside(daemon, name, "cat /root/file; echo $A"), "two\nyes\n", driver);
      await (await client.restoreSnapshot(name, "snap:1")).wait();
      assert.equal(await inside(daemon, name, "cat /root/file"), "one\n", driver);
    }
    assert.deepEqual(await ask(daemon, "validate", known), { UnknownVolumes: null, DependencyErrors: null });
    await daemon.stop();
    await daemon.start();
    for (const { name } of before) await (await client.deleteInstance(name, { force: true })).wait();
    await (await lab.deleteInstance("web")).wait();
    for (const { name } of pools) await client.deleteStoragePool(name);
  });
});

test("what lies beside a root follows each change, and is made again when it is gone", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await client.createStoragePool({ name: "p", driver: "dir", config: {} });
    const devices = { root: { type: "disk", path: "/", pool: "p" } };
    await (await client.createInstance({ name: "web", devices, source: { type: "none" } })).wait();
    const file = beside(daemon, "p", "web");
    await tells(file, () => true);
    const inode = statSync(file).ino;
    await client.patchInstance("web", { config: { "user.a": "yes" }, description: "new" });
    await tells(file, ({ container }) => container.config["user.a"] === "yes" && container.description === "new");
    assert.notEqual(statSync(file).ino, inode, "it is replaced whole");
    const written = statSync(file).ino;
    await client.patchInstance("web", { description: "new" });
    await (await client.createSnapshot("web", { name: "s0" })).wait();
    await tells(file, ({ snapshots }) => snapshots.length === 1);
    await (await client.restoreSnapshot("web", "s0")).wait();
    await tells(file, ({ container }) => container.config["user.a"] === "yes");
    await (await client.renameInstance("web", "moved")).wait();
    await tells(beside(daemon, "p", "moved"), () => true);
    await client.updateProfile("default", { config: { "limits.processes": "99" } });
    await until(async () => /limits\.processes: "?99/.test(readFileSync(beside(daemon, "p", "moved"), "utf8")));
    assert.notEqual(statSync(beside(daemon, "p", "moved")).ino, written);
    await daemon.kill();
    rmSync(beside(daemon, "p", "moved"));
    await daemon.start();
    await tells(beside(daemon, "p", "moved"), ({ snapshots }) => snapshots.length === 1);
    await (await client.deleteInstance("moved")).wait();
  }),
);

test("what cannot be read is passed over, and what is not there is said", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await client.createStoragePool({ name: "p", driver: "dir", config: {} });
    const devices = { root: { type: "disk", path: "/", pool: "p" } };
    for (const name of ["bad", "evil", "good", "odd"])
      await (await client.createInstance({ name, devices, source: { type: "none" }, profiles: [] })).wait();
    for (const name of ["bad", "evil", "good", "odd"]) await tells(beside(daemon, "p", name), () => true);
    await loseDatabase(daemon);
    const write = (name: string, text: string) => {
      rmSync(beside(daemon, "p", name));
      writeFileSync(beside(daemon, "p", name), text);
    };
    write("bad", "container: [");
    write("evil", "container: {name: evil, config: 3}");
    rmSync(beside(daemon, "p", "odd"));
    const known = [{ name: "p", driver: "dir", config: {} }];
    const { UnknownVolumes } = await ask(daemon, "validate", known);
    assert.deepEqual(
      UnknownVolumes?.map(({ name }) => name),
      ["good"],
    );
    for (const [pool, status, message] of [
      [{ name: "q", driver: "dir", config: { source: "/nowhere" } }, 404, /Failed mounting pool "q"/],
      [{ name: "q", driver: "nope", config: {} }, 400, /unknown driver "nope"/],
    ] as const) {
      const answer = await send(daemon.socket, "POST", "/internal/recover/validate", { pools: [pool] });
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.json.error ?? "", message);
    }
    assert.equal(existsSync(path.join(daemon.dir, "storage-pools", "q")), false);
    assert.deepEqual(await ask(daemon, "import", known), {});
    assert.deepEqual(
      (await client.listInstances()).map(({ name }) => name),
      ["good"],
    );
    assert.ok(
      existsSync(path.join(daemon.dir, "storage-pools", "p", "containers", "bad", "rootfs")),
      "nothing is removed",
    );
    await (await client.deleteInstance("good")).wait();
    for (const name of ["bad", "evil", "odd"])
      renameSync(
        path.join(daemon.dir, "storage-pools", "p", "containers", name),
        path.join(daemon.dir, `gone-${name}`),
      );
    await client.deleteStoragePool("p");
  }),
);
