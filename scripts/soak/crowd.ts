/** Crowd: hundreds of containers at once on one daemon, looked at all the while, then gone. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { type TestDaemon, withDaemon } from "../../test/support/daemon";

const image = { type: "image", alias: "template:busybox" };

/** A /22: the addresses of a /24 are too few. */
const network = {
  name: "crowd",
  config: { "ipv4.address": "10.203.0.1/22", "ipv4.nat": "false", "ipv6.address": "none" },
};

/** How long all of them together may take to have an address. */
const addressesMs = 120_000;

const isGlobal = ({ family, scope }: { family: string; scope: string }) => family === "inet" && scope === "global";

/**
 * Launches that many containers at the same time, lists all with their state meanwhile, sees that each has an address of its
 * own and answers an exec, and deletes all at the same time; the daemon then proves that nothing is left.
 * @throws AssertionError or the first ApiError of a launch, list or delete
 */
export async function crowd(count: number): Promise<void> {
  console.log(`${count} containers at once`);
  await withDaemon({ bare: false }, async (daemon) => {
    await daemon.client.createNetwork({ ...network, type: "bridge", description: "" });
    const names = Array.from({ length: count }, (_, index) => `crowd${index}`);
    const shown = progress();
    await whileListing(daemon, () => Promise.all(names.map((name) => launch(daemon, name))));
    shown(`${count} launched`);
    await addressed(daemon, count);
    shown("each has an address of its own");
    const outputs = await whileListing(daemon, () =>
      Promise.all(names.map((name) => daemon.client.execOutput(name, { command: ["hostname"] }))),
    );
    assert.deepEqual(
      outputs.map(({ stdout }) => stdout.toString().trim()),
      names,
    );
    shown(`${count} execs at the same time`);
    await whileListing(daemon, () => Promise.all(names.map((name) => remove(daemon, name))));
    shown(`${count} deleted`);
    assert.deepEqual(await daemon.client.listInstances(), []);
    await daemon.client.deleteNetwork(network.name);
  });
}

function progress() {
  const begin = Date.now();
  return (what: string) => console.log(`  ${what}, ${((Date.now() - begin) / 1000).toFixed(0)} s`);
}

async function launch({ client }: TestDaemon, name: string): Promise<void> {
  const devices = { eth0: { type: "nic", network: network.name, name: "eth0" } };
  await (await client.createInstance({ name, source: image, devices })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

async function remove({ client }: TestDaemon, name: string): Promise<void> {
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
  await (await client.deleteInstance(name)).wait();
}

/** Lists all with their state, again and again, while the work goes on; every list must be answered. */
async function whileListing<T>({ client }: TestDaemon, work: () => Promise<T>): Promise<T> {
  let isDone = false;
  let lists = 0;
  const list = async () => {
    while (!isDone) {
      for (const { name, status, state } of await client.listInstancesFull())
        assert.ok(state !== null, `${name}, ${status}, is shown with its state`);
      lists += 1;
    }
  };
  const working = work().finally(() => {
    isDone = true;
  });
  const [result] = await Promise.all([working, list()]);
  console.log(`  listed with state ${lists} times meanwhile`);
  return result;
}

async function addressed({ client }: TestDaemon, count: number): Promise<void> {
  for (const deadline = Date.now() + addressesMs; ; await delay(500)) {
    const all = await client.listInstancesFull();
    const addresses = all.flatMap(({ state }) => state?.network?.eth0?.addresses.filter(isGlobal) ?? []);
    const own = new Set(addresses.map(({ address }) => address));
    if (own.size === count) return;
    assert.ok(Date.now() < deadline, `${own.size} of ${count} have an address of their own`);
  }
}
