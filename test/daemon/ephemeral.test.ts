/** Ephemeral instances: their end deletes them, and nothing else does: not a restart, a restore, a reboot from inside, or a daemon's death meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { TestDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({ bare: false }, async () => undefined);
clearedAfterEach(shared);

async function launch({ client }: TestDaemon, more: object = {}): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "brief", ephemeral: true, source, ...more })).wait();
  await (await client.setInstanceState("brief", { action: "start" })).wait();
}

async function inside({ client }: TestDaemon, command: string): Promise<string> {
  const { stdout } = await client.execOutput("brief", { command: ["sh", "-c", command] });
  return String(stdout).trim();
}

const act = async ({ client }: TestDaemon, action: "stop" | "restart", force = true) =>
  (await client.setInstanceState("brief", { action, force, timeout: 30 })).wait();
const isThere = async ({ client }: TestDaemon) => (await client.listInstances()).some(({ name }) => name === "brief");

/** Waits until it runs under another first process than that one. */
async function runsAgain({ client }: TestDaemon, before: number): Promise<void> {
  for (;;) {
    const { status, pid } = await client.getInstanceState("brief");
    if (status === "Running" && pid !== before) return;
    await delay(20);
  }
}

test("an ephemeral instance outlives restarts, a restore and its own reboot, and goes with its stop", {
  skip,
}, async () => {
  const { daemon } = shared;
  const { client } = daemon;
  await launch(daemon);
  await inside(daemon, "echo kept > /root/file");
  for (const force of [true, false]) await act(daemon, "restart", force);
  assert.equal(await inside(daemon, "cat /root/file"), "kept");
  await (await client.createSnapshot("brief", { name: "s0" })).wait();
  await inside(daemon, "rm /root/file");
  await (await client.updateInstance("brief", { ...(await client.getInstance("brief")).value, restore: "s0" })).wait();
  assert.equal(await inside(daemon, "cat /root/file"), "kept");
  const { pid } = await client.getInstanceState("brief");
  await inside(daemon, "reboot");
  await runsAgain(daemon, pid);
  assert.equal((await client.getInstance("brief")).value.ephemeral, true);
  const keys = Object.keys((await client.getInstance("brief")).value.config);
  assert.equal(keys.includes("volatile.last_state.restart"), false);
  await act(daemon, "stop");
  assert.equal(await isThere(daemon), false);
});

test("an ephemeral instance that cannot start again is kept, stopped", { skip }, async () => {
  const { daemon } = shared;
  const { client } = daemon;
  await launch(daemon);
  await client.patchInstance("brief", { config: { "raw.lxc": "lxc.init.cmd=/no/such" } });
  await assert.rejects(act(daemon, "restart"), /ENOENT/);
  assert.equal((await client.getInstance("brief")).value.status, "Stopped");
  await client.patchInstance("brief", { config: { "raw.lxc": "" } });
  await (await client.setInstanceState("brief", { action: "start" })).wait();
  await act(daemon, "stop");
  assert.equal(await isThere(daemon), false);
});

test("an ephemeral instance that is between its end and its start when the daemon is killed starts under the next one", {
  skip,
}, async () => {
  const { daemon } = shared;
  const { client } = daemon;
  await launch(daemon);
  for (const way of ["reboot", "restart"] as const) {
    const { pid } = await client.getInstanceState("brief");
    // A reboot soon after a start waits a second before the next: the daemon is killed within.
    if (way === "reboot") await inside(daemon, "reboot");
    else client.setInstanceState("brief", { action: "restart", force: true }).catch(() => undefined);
    while (isAlive(pid)) await delay(1);
    await daemon.kill();
    await daemon.start();
    await runsAgain(daemon, pid);
    assert.equal((await client.getInstance("brief")).value.ephemeral, true);
  }
  await act(daemon, "stop");
  assert.equal(await isThere(daemon), false);
});

test("an ephemeral instance that ends while no daemon is there is gone with the next", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon);
  const { pid } = await daemon.client.getInstanceState("brief");
  await daemon.kill();
  process.kill(pid, "SIGKILL");
  while (isAlive(pid)) await delay(5);
  await daemon.start();
  assert.equal(await isThere(daemon), false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // Ended, and reaped by its supervisor.
    return false;
  }
}
