/** The spawner under pressure: more requests than its queue takes, and its own death, are nobody's failure. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { preparePool, type TestDaemon } from "../support/daemon";
import { processText } from "../support/process";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";
import { driversHere } from "../support/storage";

const image = { type: "image", alias: "template:busybox" };

/** The resident bothy-cell of a daemon. */
function spawnerOf(daemon: TestDaemon): number {
  const children = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, "utf8").trim().split(" ");
  const found = children.find((pid) => processText(pid, "cmdline").split("\0")[1] === "spawner");
  assert.ok(found !== undefined, "the daemon has a spawner");
  return Number(found);
}

async function launch({ client }: TestDaemon, name: string, more: object = {}): Promise<void> {
  await (await client.createInstance({ name, source: image, ...more })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

const shared = shareDaemon({}, (daemon) => preparePool(daemon, "overlay"));
clearedAfterEach(shared);

test("what is asked while the spawner is dead is done by the next one", async () => {
  const { daemon } = shared;
  await launch(daemon, "c1");
  process.kill(spawnerOf(daemon), "SIGKILL");
  const [state] = await Promise.all([daemon.client.getInstanceState("c1"), launch(daemon, "c2")]);
  assert.equal(state.status, "Running");
  const { stdout } = await daemon.client.execOutput("c2", { command: ["hostname"] });
  assert.equal(String(stdout), "c2\n");
});

test("a spawner that hangs is ended, and what was asked meanwhile is done by the next one", {
  timeout: 60_000,
}, async () => {
  const { daemon } = shared;
  await launch(daemon, "c1");
  const hanging = spawnerOf(daemon);
  process.kill(hanging, "SIGSTOP");
  const [list, state] = await Promise.all([daemon.client.listInstancesFull(), daemon.client.getInstanceState("c1")]);
  assert.deepEqual([list[0]?.state?.status, state.status], ["Running", "Running"]);
  assert.notEqual(spawnerOf(daemon), hanging);
  assert.match(daemon.log(), /The spawner does not answer and is ended/);
  process.kill(spawnerOf(daemon), "SIGSTOP");
  assert.equal(await daemon.stop(), 0, "nor does one keep the daemon from its end");
  await daemon.start();
});

test("a supervisor that is stopped keeps no daemon from its start, and is taken over when it goes on", {
  timeout: 60_000,
}, async () => {
  const { client, daemon } = shared;
  for (const name of ["held", "other"]) await launch(daemon, name);
  const { pid } = await client.getInstanceState("held");
  const supervisor = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  await daemon.kill();
  process.kill(supervisor, "SIGSTOP");
  await daemon.start();
  assert.deepEqual(
    (await client.listInstances()).map(({ name, status }) => `${name} ${status}`),
    ["held Running", "other Running"],
  );
  const warned = async () =>
    (await client.listWarnings()).find(({ type, status }) => status === "new" && /find out whether/.test(type));
  assert.match((await warned())?.last_message ?? "", /"held" runs without being looked after/);
  await assert.rejects(
    client.deleteInstance("held").then((operation) => operation.wait()),
    /running/i,
  );
  process.kill(supervisor, "SIGCONT");
  while ((await warned()) !== undefined) await delay(50);
  assert.equal(String((await client.execOutput("held", { command: ["hostname"] })).stdout), "held\n");

  await daemon.kill();
  process.kill(supervisor, "SIGSTOP");
  await daemon.start();
  await (await client.setInstanceState("held", { action: "stop", force: true })).wait();
  assert.equal(
    readFileSync(`/proc/${pid}/cmdline`, "utf8"),
    "",
    "of the guest only its place in its parent's table is left",
  );
  process.kill(supervisor, "SIGCONT");
  await (await client.setInstanceState("other", { action: "stop", force: true })).wait();
});

test("a hundred requests at once are answered though the queue of the spawner holds four", async () => {
  const { daemon } = shared;
  await launch(daemon, "c1");
  // It counts when a socket begins to listen: a new daemon has a new spawner.
  assert.equal(await daemon.stop(), 0);
  await daemon.run("sysctl", "-qw", "net.core.somaxconn=4");
  await daemon.start();
  const spawner = spawnerOf(daemon);
  process.kill(spawner, "SIGSTOP");
  const files = Array.from({ length: 60 }, () => daemon.client.getFileInfo("c1", "/etc/passwd"));
  const states = Array.from({ length: 60 }, () => daemon.client.getInstanceState("c1"));
  const lists = Array.from({ length: 10 }, () => daemon.client.listInstancesFull());
  // Answered only after all of the above have been sent: the daemon itself is not held up.
  await daemon.client.getServer();
  process.kill(spawner, "SIGCONT");
  for (const { type } of await Promise.all(files)) assert.equal(type, "file");
  for (const state of await Promise.all(states)) assert.equal(state.status, "Running");
  for (const list of await Promise.all(lists)) assert.equal(list[0]?.state?.status, "Running");
});

async function suite(): Promise<void> {
  const btrfs = (await driversHere()).find(({ driver }) => driver.name === "btrfs");
  assert.ok(btrfs !== undefined);

  test("a list shows an instance whose state cannot be had without it, and the state of the others", {
    skip: btrfs.skip,
  }, async () => {
    const { daemon } = shared;
    await launch(daemon, "good");
    await daemon.client.createStoragePool({ name: "lost", driver: "btrfs", config: { size: "200MiB" } });
    const devices = { root: { type: "disk", path: "/", pool: "lost" } };
    await (await daemon.client.createInstance({ name: "bad", source: image, devices })).wait();
    const folder = path.join(daemon.dir, "storage-pools/lost/containers");
    const volume = path.join(folder, readdirSync(folder)[0] ?? "");
    renameSync(volume, `${volume}.away`);
    const list = await daemon.client.listInstancesFull();
    assert.deepEqual(
      list.map(({ name, status, state }) => [name, status, state?.status]),
      [
        ["bad", "Stopped", undefined],
        ["good", "Running", "Running"],
      ],
    );
    assert.match(daemon.log(), /Cannot get the state of an instance.*bad/);
    renameSync(`${volume}.away`, volume);
    await (await daemon.client.deleteInstance("bad")).wait();
  });
}

describe("a state that cannot be had", suite);
