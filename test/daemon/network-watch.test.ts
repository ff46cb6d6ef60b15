/** dnsmasq dies: its network goes on without anybody doing anything. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { commandOf } from "../../daemon/platform/processes/others";
import { pauseAfter } from "../../daemon/platform/processes/pause";
import { processesOf } from "../../scripts/scene/traces";
import { Client } from "../../sdk/client/client";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { newWarnings } from "../support/warnings";

const skip = requireFeature("root", process.getuid?.() === 0);

async function launch({ client }: TestDaemon, name: string): Promise<string> {
  await (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" } })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
  const { network } = await client.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 });
  return network?.eth0?.addresses.find(({ family }) => family === "inet")?.address ?? assert.fail();
}

/** 0 while there is no pid file. */
function pidOf({ dir }: TestDaemon): number {
  try {
    return Number(readFileSync(path.join(dir, "networks", "bothybr0", "dnsmasq.pid"), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

/** Waits until another dnsmasq than that one runs. */
async function successorOf(daemon: TestDaemon, pid: number): Promise<number> {
  for (;;) {
    const now = pidOf(daemon);
    if (now !== pid && now > 0 && commandOf(now).length > 0) return now;
    await delay(10);
  }
}

async function killed(daemon: TestDaemon): Promise<number> {
  const pid = pidOf(daemon);
  process.kill(pid, "SIGKILL");
  return successorOf(daemon, pid);
}

const typesOf = async ({ client }: TestDaemon): Promise<string[]> =>
  (await newWarnings(client)).map(({ type }) => type);

test("dnsmasq that is killed comes back, and keeps the leases, also when an earlier daemon started it", {
  skip,
}, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const first = await launch(daemon, "first");
    await killed(daemon);
    await launch(daemon, "second");
    const pid = pidOf(daemon);
    await daemon.stop();
    await daemon.start();
    assert.equal(pidOf(daemon), pid, "the next daemon finds it");
    await killed(daemon);
    await launch(daemon, "third");
    const leases = await daemon.client.getNetworkLeases("bothybr0");
    assert.equal(
      leases.find(({ hostname, address }) => hostname === "first" && !address.includes(":"))?.address,
      first,
    );
    await daemon.kill();
    process.kill(pidOf(daemon), "SIGKILL");
    await daemon.start();
    await launch(daemon, "fourth");
  });
});

test("dnsmasq that dies again and again is started all the same, and a warning says so", { skip }, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    for (let times = 0; times < 4; times += 1) await killed(daemon);
    assert.deepEqual(await typesOf(daemon), ["DHCP and DNS of the network keep ending"]);
    assert.match(daemon.log(), /bothybr0.* has ended 3 times in a row/);
    await launch(daemon, "web");
    // A change by its owner is a fresh start.
    await daemon.client.patchNetwork("bothybr0", { config: { "dns.domain": "lab" } });
    assert.deepEqual(await typesOf(daemon), []);
  });
});

test("dnsmasq is watched on when its watcher dies, and left alone when its network is stopped", { skip }, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const watchers = () =>
      processesOf(daemon.place).filter((pid) => commandOf(pid).join(" ").startsWith("bothy await"));
    const [watcher = 0, ...more] = watchers();
    assert.ok(watcher > 0 && more.length === 0, "one network, one watcher");
    process.kill(watcher, "SIGKILL");
    while (watchers().length === 0) await delay(10);
    await killed(daemon);
    await daemon.client.patchNetwork("bothybr0", { config: { "ipv4.address": "none", "ipv6.address": "none" } });
    const left = processesOf(daemon.place).filter((pid) => commandOf(pid)[0]?.endsWith("dnsmasq"));
    assert.deepEqual(left, []);
    while (watchers().length > 0) await delay(10);
    assert.deepEqual(await typesOf(daemon), []);
  });
});

test("the pause before a start grows with the ends in a row, to half a minute", () => {
  assert.deepEqual([1, 2, 3, 4].map(pauseAfter), [0, 100, 200, 400]);
  assert.equal(pauseAfter(1000), 30_000);
});

test("guests with an MTU of their own, or of another project, come, change and go, and dnsmasq never ends by itself", {
  skip,
}, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const { client, socket } = daemon;
    await client.createProject({ name: "lab", config: { "features.images": "false", "features.profiles": "false" } });
    await using lab = new Client({ endpoint: socket, project: "lab" });
    const devices = { eth0: { type: "nic", network: "bothybr0", mtu: "1400" } };
    const ended = () => daemon.log().match(/dnsmasq of a network has ended/g) ?? [];
    for (const [name, one, wanted] of [
      ["plain", client, {}],
      ["small", client, devices],
      ["other", lab, {}],
    ] as const) {
      const source = { type: "image", alias: "template:busybox" };
      await (await one.createInstance({ name, source, devices: wanted })).wait();
      await (await one.setInstanceState(name, { action: "start" })).wait();
      await one.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 });
    }
    const { value } = await client.getInstance("plain");
    await (await client.updateInstance("plain", { ...value, devices })).wait();
    // The next daemon has to know what the running dnsmasq does.
    await daemon.stop();
    await daemon.start();
    for (const [name, one] of [
      ["small", client],
      ["other", lab],
      ["plain", client],
    ] as const) {
      await (await one.setInstanceState(name, { action: "stop", force: true })).wait();
      await (await one.deleteInstance(name)).wait();
      assert.deepEqual(ended(), [], `after ${name} is gone`);
    }
    const pid = pidOf(daemon);
    await launch(daemon, "last");
    await (await client.setInstanceState("last", { action: "stop", force: true })).wait();
    await (await client.deleteInstance("last")).wait();
    assert.equal(pidOf(daemon), pid, "without such guests it is told, and goes on");
    assert.deepEqual(ended(), []);
  });
});
