/** Instances in ordinary life, three: what becomes of them when the daemon goes and comes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { preparePool, type TestDaemon } from "../support/daemon";
import { outcome } from "../support/raw-http";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  for (const [name, config] of [
    ["on", {}],
    ["off", {}],
    ["always", { "boot.autostart": "true" }],
    ["manual", { "boot.autostart": "false" }],
  ] as const)
    assert.equal(
      (
        await outcome(daemon.socket, "POST", "/1.0/instances", {
          name,
          config,
          source: { type: "image", alias: "template:busybox" },
        })
      ).status,
      200,
    );
});

async function act(daemon: TestDaemon, name: string, action: string): Promise<void> {
  const told = await outcome(daemon.socket, "PUT", `/1.0/instances/${name}/state`, { action, force: true });
  assert.equal(told.status, 200, told.error);
}

const statuses = async ({ client }: TestDaemon) =>
  Object.fromEntries((await client.listInstances()).map(({ name, status }) => [name, status]));

async function settle(daemon: TestDaemon, wanted: Record<string, string>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(20))
    if (JSON.stringify(await statuses(daemon)) === JSON.stringify(wanted)) return;
  assert.deepEqual(await statuses(daemon), wanted);
}

test("a daemon that ends by SIGTERM leaves its containers running, and the next one has them, paused ones too", async () => {
  const { daemon } = shared;
  for (const name of ["on", "manual"]) await act(daemon, name, "start");
  await act(daemon, "manual", "freeze");
  const { pid } = await daemon.client.getInstanceState("on");
  assert.equal(await daemon.stop("SIGTERM"), 0);
  process.kill(pid, 0);
  await daemon.start();
  await settle(daemon, { always: "Stopped", manual: "Frozen", off: "Stopped", on: "Running" });
  assert.equal((await daemon.client.getInstanceState("on")).pid, pid);
  const { stdout } = await daemon.client.execOutput("on", { command: ["hostname"] });
  assert.equal(String(stdout), "on\n");
  await act(daemon, "manual", "unfreeze");
});

test("a daemon ends at once though a client streams and another never answers", async () => {
  const { daemon } = shared;
  const session = await daemon.client.execInstance("on", { command: ["sleep", "1000"] });
  session.exit.catch(() => undefined);
  session.stdout.resume();
  session.stderr.resume();
  const startedAt = Date.now();
  assert.equal(await daemon.stop("SIGTERM"), 0);
  assert.ok(Date.now() - startedAt < 20_000, "it did not wait for the client");
  await daemon.start();
  await settle(daemon, { always: "Stopped", manual: "Running", off: "Stopped", on: "Running" });
});

test("what ended while no daemon was there is known to be stopped, and starts again", async () => {
  const { daemon } = shared;
  const { pid } = await daemon.client.getInstanceState("on");
  assert.equal(await daemon.stop("SIGTERM"), 0);
  process.kill(pid, "SIGKILL");
  await delay(200);
  await daemon.start();
  await settle(daemon, { always: "Stopped", manual: "Running", off: "Stopped", on: "Stopped" });
  await act(daemon, "on", "start");
});

test("a shutdown by request stops the containers; the next start brings back those that ran, and those that always shall", async () => {
  const { daemon } = shared;
  const { client } = daemon;
  const pids = await Promise.all(["on", "manual"].map(async (name) => (await client.getInstanceState(name)).pid));
  const answer = await outcome(daemon.socket, "PUT", "/internal/shutdown");
  assert.equal(answer.status, 200, answer.error);
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  for (const end = Date.now() + 20_000; daemon.isRunning; await delay(20)) assert.ok(Date.now() < end, "it ends");
  await daemon.start();
  await settle(daemon, { always: "Running", manual: "Stopped", off: "Stopped", on: "Running" });
});

test("SIGPWR does the same", async () => {
  const { daemon } = shared;
  await act(daemon, "off", "start");
  await act(daemon, "on", "stop");
  assert.equal(await daemon.stop("SIGPWR"), 0);
  await daemon.start();
  await settle(daemon, { always: "Running", manual: "Stopped", off: "Running", on: "Stopped" });
});

test("a second daemon on the same folder is refused, and the first one does not notice", async () => {
  const { daemon } = shared;
  const main = require.resolve("../../daemon/main");
  const second = daemon.run(process.execPath, "--no-warnings", main, "--dir", daemon.dir, "--bare");
  await assert.rejects(second, /bothyd: .*(another|already|in use|locked)/i);
  await settle(daemon, { always: "Running", manual: "Stopped", off: "Running", on: "Stopped" });
});
