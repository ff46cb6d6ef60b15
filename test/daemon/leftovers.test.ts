/** Containers whose supervisor is gone, or is of another version: what counts as ended, and what the daemon does about the rest. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hierarchies, readCgroupLayout } from "../../daemon/platform/host/cgroups";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { processText } from "../support/process";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({}, (daemon) => preparePool(daemon, "dir"));
clearedAfterEach(shared);
const image = { type: "image", alias: "template:busybox" };
const layout = readCgroupLayout();

/** As an init that calls prctl(PR_SET_PDEATHSIG, 0): a change of ids makes the kernel forget the signal as well. */
const stubbornInit = "#!/bin/sh\nexec su -s /bin/sh daemon -c 'exec sleep 1000000'\n";

interface Guest {
  readonly pid: number;
  readonly supervisor: number;
}

/** Launches a container whose init outlives its supervisor. */
async function launchStubborn({ client }: TestDaemon, name: string): Promise<Guest> {
  await (await client.createInstance({ name, source: image })).wait();
  await client.deleteFile(name, "/sbin/init");
  await client.putFile(name, "/sbin/init", stubbornInit, { mode: 0o755 });
  await client.putFile(name, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n");
  await (await client.setInstanceState(name, { action: "start" })).wait();
  const { pid } = await client.getInstanceState(name);
  while (!readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep")) await delay(10);
  return { pid, supervisor: Number(/^\d+ \(.*\) . (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]) };
}

/** One that has ended has no memory any more; its number may wait for the host's init to take note. */
const isAlive = (pid: number) => processText(pid, "cmdline") !== "";

const groupsOf = (daemon: TestDaemon, name: string) =>
  hierarchies(layout)
    .map((mountPoint) => path.join(mountPoint, daemon.place.group, name))
    .filter((dir) => existsSync(dir));

const baseOf = async ({ client }: TestDaemon, name: string) =>
  (await client.getInstance(name)).value.config["volatile.idmap.base"];

test("a guest that outlives its supervisor is ended before its instance counts as stopped", { skip }, async () => {
  const { daemon } = shared;
  const { pid, supervisor } = await launchStubborn(daemon, "web");
  process.kill(supervisor, "SIGKILL");
  while ((await daemon.client.getInstance("web")).value.status !== "Stopped") await delay(5);
  assert.ok(!isAlive(pid), "nothing of it runs");
  assert.deepEqual(groupsOf(daemon, "web"), []);
  await (await daemon.client.deleteInstance("web")).wait();
  await (await daemon.client.createInstance({ name: "web", source: image })).wait();
  await (await daemon.client.setInstanceState("web", { action: "start" })).wait();
});

test("a guest that lost daemon and supervisor is ended when the next daemon starts", { skip }, async () => {
  const { daemon } = shared;
  const { pid, supervisor } = await launchStubborn(daemon, "web");
  await daemon.kill();
  process.kill(supervisor, "SIGKILL");
  assert.ok(isAlive(pid));
  await daemon.start();
  assert.equal((await daemon.client.getInstance("web")).value.status, "Stopped");
  assert.ok(!isAlive(pid));
  await (await daemon.client.setInstanceState("web", { action: "start" })).wait();
  assert.equal((await daemon.client.getInstance("web")).value.status, "Running");
});

test("a deletion that a crash cut off ends what lives on, and only then are its host ids free", { skip }, async () => {
  const { daemon } = shared;
  const { pid, supervisor } = await launchStubborn(daemon, "web");
  const base = await baseOf(daemon, "web");
  await daemon.kill();
  process.kill(supervisor, "SIGKILL");
  inDatabase(daemon, "UPDATE instances SET pending = 1 WHERE name = 'web'");
  await daemon.start();
  assert.deepEqual(await daemon.client.listInstances(), []);
  assert.ok(!isAlive(pid));
  assert.deepEqual(groupsOf(daemon, "web"), []);
  await (await daemon.client.createInstance({ name: "next", source: image })).wait();
  assert.equal(await baseOf(daemon, "next"), base, "the first free range, which nobody uses");
});

test("what is left of a container that no instance knows any more is ended", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    const { pid, supervisor } = await launchStubborn(daemon, "web");
    await daemon.kill();
    process.kill(supervisor, "SIGKILL");
    inDatabase(daemon, "DELETE FROM instances WHERE name = 'web'");
    await daemon.start();
    assert.ok(!isAlive(pid));
    assert.deepEqual(groupsOf(daemon, "web"), []);
  });
});

test("a container that runs and that no instance knows goes on, and nobody gets its host ids or its place", {
  skip,
}, async () => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    const { pid, supervisor } = await launchStubborn(daemon, "web");
    const base = await baseOf(daemon, "web");
    await daemon.kill();
    // As when the database is put back to an older copy.
    inDatabase(daemon, "DELETE FROM instances WHERE name = 'web'");
    await daemon.start();
    assert.ok(isAlive(pid));
    const warnings = (await client.listWarnings()).map(({ last_message }) => last_message).join("\n");
    assert.match(warnings, new RegExp(`container "web" runs that the database does not know.*process ${pid}`));
    await (await client.createInstance({ name: "next", source: image })).wait();
    assert.notEqual(await baseOf(daemon, "next"), base);
    process.kill(pid, "SIGKILL");
    while (isAlive(supervisor)) await delay(10);
    assert.deepEqual(groupsOf(daemon, "web"), []);
  });
});

for (const [version, words] of [
  [undefined, /older Bothy \(protocol 0, ours is 2\)/],
  [99, /newer Bothy \(protocol 99, ours is 2\)/],
] as const)
  test(`a supervisor of protocol ${version ?? "none"} is adopted with a warning, and its guest can be stopped`, {
    skip,
  }, async () => {
    const { daemon } = shared;
    const { client } = daemon;
    await (await client.createInstance({ name: "web", source: image })).wait();
    await (await client.setInstanceState("web", { action: "start" })).wait();
    const { pid } = await client.getInstanceState("web");
    await daemon.kill();
    const said = version === undefined ? "" : `,"protocol":${version}`;
    const stranger = await speakFor(daemon, "web", (line) => line.replace(/,"protocol":\d+/, said));
    try {
      await daemon.start();
      assert.equal((await client.getInstance("web")).value.status, "Running");
      const warned = async () =>
        (await client.listWarnings()).filter(({ type, status }) => type.startsWith("Supervisor") && status === "new");
      const [warning] = await warned();
      assert.match(warning?.last_message ?? "", words);
      assert.equal(warning?.entity_url, "/1.0/instances/web");
      assert.match(daemon.log(), words);
      await (await client.setInstanceState("web", { action: "stop", force: true })).wait();
      assert.ok(!isAlive(pid));
      await (await client.setInstanceState("web", { action: "start" })).wait();
      assert.deepEqual(await warned(), []);
    } finally {
      stranger.close();
    }
  });

test("a container that runs without device rules is a warning as long as it does", { skip }, async () => {
  const { daemon } = shared;
  const { client } = daemon;
  await (await client.createInstance({ name: "web", source: image })).wait();
  await (await client.setInstanceState("web", { action: "start" })).wait();
  const warned = async () =>
    (await client.listWarnings()).filter(
      ({ type, status }) => type === "Device rules not in force" && status === "new",
    );
  assert.deepEqual(await warned(), []);
  await daemon.kill();
  const stranger = await speakFor(daemon, "web", (line) => line.replace(/\}\}/, ',"unguarded":"EPERM"}}'));
  try {
    await daemon.start();
    const [warning] = await warned();
    assert.match(warning?.last_message ?? "", /"web" runs without device rules.*\(EPERM\)/);
    assert.match(daemon.log(), /"web\\?" runs without device rules/);
    await (await client.setInstanceState("web", { action: "stop", force: true })).wait();
    await (await client.setInstanceState("web", { action: "start" })).wait();
    assert.deepEqual(await warned(), []);
  } finally {
    stranger.close();
  }
});

/** Stands before a supervisor's socket and changes the line that it begins with. */
async function speakFor(daemon: TestDaemon, name: string, change: (line: string) => string): Promise<Server> {
  const socket = path.join(daemon.dir, "cells", name, "sock");
  renameSync(socket, `${socket}.own`);
  const server = createServer((caller) => {
    const own = connect(`${socket}.own`);
    let isFirst = true;
    own.on("data", (data: Buffer) => {
      caller.write(isFirst ? change(data.toString()) : data);
      isFirst = false;
    });
    caller.pipe(own);
    own.on("close", () => {
      caller.end();
      if (existsSync(socket)) unlinkSync(socket);
    });
    for (const end of [own, caller]) end.on("error", () => end.destroy());
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return server;
}

function inDatabase(daemon: TestDaemon, statement: string): void {
  const database = new DatabaseSync(path.join(daemon.dir, "database", "bothy.db"));
  database.exec(statement);
  database.close();
}
