/** The daemon's own life: a second one on its folder, a bad start, and what it finds when it comes back. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { controllerDir, readCgroupLayout } from "../../daemon/platform/host/cgroups";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({}, (daemon) => preparePool(daemon, "dir"));
clearedAfterEach(shared);
const image = { type: "image", alias: "template:busybox" };
const program = path.resolve(__dirname, "../../daemon/main.js");

/** Starts another daemon on the same folder. @returns its exit code and what it said */
const startAnother = (daemon: TestDaemon, ...args: string[]) =>
  new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, [program, "--dir", daemon.dir, ...args], (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });

async function launch({ client }: TestDaemon, name: string): Promise<void> {
  await (await client.createInstance({ name, source: image })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

test("a second daemon on a folder is refused and takes nothing from the first", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "web");
  for (const args of [[], ["--restore-database"]]) {
    const { code, stderr } = await startAnother(daemon, ...args);
    assert.equal(code, 1);
    assert.match(stderr, /another bothyd uses it\. Stop that one, or choose another --dir/);
  }
  const { stdout } = await daemon.client.execOutput("web", { command: ["hostname"] });
  assert.equal(String(stdout), "web\n");
});

test("a daemon that cannot start leaves the networks of running containers alone", { skip }, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    await launch(daemon, "web");
    await daemon.kill();
    // Without its database it does not begin anew.
    const folder = path.join(daemon.dir, "database");
    renameSync(folder, `${folder}.kept`);
    writeFileSync(folder, "");
    await assert.rejects(daemon.start());
    const links = await daemon.run("ip", "-o", "link", "show", "type", "bridge");
    assert.match(links, /bothybr0/);
    rmSync(folder);
    renameSync(`${folder}.kept`, folder);
    await daemon.start();
    assert.equal((await daemon.client.getInstance("web")).value.status, "Running");
  });
});

test("an instance whose run files are damaged keeps the daemon from nothing", { skip }, async () => {
  const { daemon } = shared;
  await (await daemon.client.createInstance({ name: "web", source: image })).wait();
  await daemon.kill();
  mkdirSync(path.join(daemon.dir, "cells", "web"));
  writeFileSync(path.join(daemon.dir, "cells", "web", "exit"), "");
  await daemon.start();
  await (await daemon.client.setInstanceState("web", { action: "start" })).wait();
});

test("an ephemeral instance that was never started outlives its daemon", { skip }, async () => {
  const { daemon } = shared;
  await (await daemon.client.createInstance({ name: "later", source: image, ephemeral: true })).wait();
  await daemon.kill();
  await daemon.start();
  assert.equal((await daemon.client.getInstance("later")).value.status, "Stopped");
});

test("a member of the socket's group may use the daemon, and dnsmasq serves without root", { skip }, async () => {
  const group = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((line) => line.startsWith("daemon:"));
  await withDaemon({ bare: false, args: ["--group", "daemon"] }, async (daemon) => {
    // Others may pass the temporary folder, as they may /var/lib.
    chmodSync(path.dirname(daemon.dir), 0o711);
    await daemon.stop();
    await daemon.start();
    const member = ["--reuid=65534", `--regid=${group?.split(":")[2]}`, "--clear-groups"];
    const asked = ["curl", "-sS", "--unix-socket", daemon.socket, "http://bothy/1.0/instances"];
    assert.match(await daemon.run("setpriv", ...member, ...asked), /"status_code":200/);

    await launch(daemon, "web");
    await daemon.client.waitInstance("web", { for: "ipv4", timeoutSeconds: 30 });
    const { stdout } = await daemon.client.execOutput("web", { command: ["nslookup", "web.lxd"] });
    assert.match(String(stdout), /Name:\s+web\.lxd/);
    const pid = readFileSync(path.join(daemon.dir, "networks/bothybr0/dnsmasq.pid"), "utf8").trim();
    assert.doesNotMatch(readFileSync(`/proc/${pid}/status`, "utf8"), /^Uid:\t0/m);
  });
});

test("a snapshot whose time is over is deleted, and the others stay", { skip }, async () => {
  const { daemon } = shared;
  const { client } = daemon;
  await (await client.createInstance({ name: "web", source: image })).wait();
  await (await client.createSnapshot("web", { name: "kept" })).wait();
  await (await client.createSnapshot("web", { name: "later", expires_at: "2999-01-01T00:00:00Z" })).wait();
  await (await client.createSnapshot("web", { name: "over", expires_at: "2001-01-01T00:00:00Z" })).wait();
  // It looks at once when it starts, and every minute.
  await daemon.stop();
  await daemon.start();
  const names = async () => (await client.listSnapshots("web")).map(({ name }) => name);
  while ((await names()).includes("over")) await delay(20);
  assert.deepEqual(await names(), ["kept", "later"]);
});

test("a running container has its limits again when they were changed without a daemon", { skip }, async () => {
  const { daemon } = shared;
  const config = { "limits.processes": "77", "limits.cpu": "1" };
  await (await daemon.client.createInstance({ name: "web", source: image, config })).wait();
  await (await daemon.client.setInstanceState("web", { action: "start" })).wait();
  await daemon.kill();
  const dir = controllerDir(readCgroupLayout(), "pids", `${daemon.place.group}/web`);
  assert.ok(dir);
  const file = path.join(dir.path, "pids.max");
  writeFileSync(file, "max");
  await daemon.start();
  assert.equal(readFileSync(file, "utf8").trim(), "77");
  assert.doesNotMatch(daemon.log(), /Cannot bring the limits/);
});
