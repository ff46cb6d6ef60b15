/** boot.autorestart, as Incus has it: containers that end by themselves start again. */
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };

async function make(daemon: TestDaemon, more: object = {}): Promise<void> {
  await preparePool(daemon, "dir");
  const config = { "boot.autorestart": "true" };
  await (await daemon.client.createInstance({ name: "c", source: image, config, ...more })).wait();
  await change(daemon, "start");
}

const change = async ({ client }: TestDaemon, action: "start" | "stop", more: object = {}) =>
  (await client.setInstanceState("c", { action, ...more })).wait();

const pidOf = async ({ client }: TestDaemon) => (await client.getInstanceState("c")).pid;

/** Waits until the container has another init. @returns its pid */
async function another(daemon: TestDaemon, pid: number): Promise<number> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(50)) {
    const now = await pidOf(daemon);
    if (now > 0 && now !== pid) return now;
  }
  throw new Error("The container does not start again.");
}

test("a container whose init is killed, or that powers itself off, starts again", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await make(daemon);
    const first = await pidOf(daemon);
    process.kill(first, "SIGKILL");
    const second = await another(daemon, first);
    await daemon.client.execOutput("c", { command: ["poweroff", "-f"] }).catch(() => undefined);
    await another(daemon, second);
  }),
);

test("a container that somebody stops stays stopped, and so does one whose key is taken away", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await make(daemon);
    const { client } = daemon;
    const rests = async (how: () => Promise<unknown>) => {
      await how();
      while ((await client.getInstance("c")).value.status !== "Stopped") await delay(5);
      // A start would have been noted with the end, before anybody could see it.
      assert.equal((await client.getInstance("c")).value.config["volatile.last_state.power"], "STOPPED");
      assert.equal((await client.getInstance("c")).value.config["volatile.last_state.restart"], undefined);
    };
    await rests(() => change(daemon, "stop", { force: true }));
    await change(daemon, "start");
    await rests(() => change(daemon, "stop", { timeout: 30 }));
    await change(daemon, "start");
    await daemon.request("PATCH", "/1.0/instances/c", { config: { "boot.autorestart": "" } });
    await rests(async () => process.kill(await pidOf(daemon), "SIGKILL"));
  }),
);

test("a container that ends each time is given up after ten times within a minute", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await make(daemon);
    let pid = await pidOf(daemon);
    for (let times = 0; times < 10; times++) {
      process.kill(pid, "SIGKILL");
      pid = await another(daemon, pid);
    }
    process.kill(pid, "SIGKILL");
    while ((await daemon.client.getInstance("c")).value.config["volatile.last_state.power"] !== "STOPPED")
      await delay(20);
    assert.match(daemon.log(), /warning An instance ends again and again, and is not started any more name="c"/);
  }),
);

test("an ephemeral container goes when it ends, whatever boot.autorestart says", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await make(daemon, { ephemeral: true });
    process.kill(await pidOf(daemon), "SIGKILL");
    while ((await daemon.client.listInstances()).length > 0) await delay(20);
  }),
);
