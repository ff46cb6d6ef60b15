import assert from "node:assert/strict";
import test from "node:test";
import { ApiError, Client } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { isLong } from "../support/long";
import { requireFeature } from "../support/require";

const seconds = Number(process.env.BOTHY_CONCURRENCY_SECONDS ?? (isLong ? "5" : "2"));
const clientCount = 8;
const key = "user.count";
const skip = requireFeature("root", process.getuid?.() === 0);

interface Counted {
  readonly config: Record<string, string>;
}

/** An object with a counter in its configuration, and how a client adds one to it if nobody changed it meanwhile. */
interface Counter {
  readonly name: string;
  readonly read: (client: Client) => Promise<Counted>;
  readonly increment: (client: Client) => Promise<void>;
}

const plusOne = <T extends Counted>(value: T): T => ({
  ...value,
  config: { ...value.config, [key]: String(Number(value.config[key] ?? "0") + 1) },
});

const counters: readonly Counter[] = [
  ...["one", "two"].map((name) => ({
    name: `profile ${name}`,
    read: async (client: Client) => (await client.getProfile(name)).value,
    increment: async (client: Client) => {
      const { value, etag } = await client.getProfile(name);
      await client.updateProfile(name, plusOne(value), { etag });
    },
  })),
  ...["still", "busy"].map((name) => ({
    name: `instance ${name}`,
    read: async (client: Client) => (await client.getInstance(name)).value,
    increment: async (client: Client) => {
      const { value, etag } = await client.getInstance(name);
      await (await client.updateInstance(name, plusOne(value), { etag })).wait();
    },
  })),
  {
    name: "instance patched",
    read: async (client) => (await client.getInstance("patched")).value,
    increment: async (client) => {
      const { value, etag } = await client.getInstance("patched");
      await client.patchInstance("patched", { config: { [key]: plusOne(value).config[key] ?? "" } }, { etag });
    },
  },
  {
    name: "storage pool",
    read: async (client) => (await client.getStoragePool("default")).value,
    increment: async (client) => {
      const { value, etag } = await client.getStoragePool("default");
      await client.updateStoragePool("default", plusOne(value), { etag });
    },
  },
  {
    name: "network",
    read: async (client) => (await client.getNetwork("bothybr9")).value,
    increment: async (client) => {
      const { value, etag } = await client.getNetwork("bothybr9");
      await client.updateNetwork("bothybr9", plusOne(value), { etag });
    },
  },
];

async function prepare(daemon: TestDaemon): Promise<void> {
  const { client } = daemon;
  await preparePool(daemon, "dir");
  for (const name of ["one", "two"]) await client.createProfile({ name });
  const source = { type: "image", alias: "template:busybox" };
  for (const name of ["still", "busy", "patched"])
    await (await client.createInstance({ name, source, profiles: ["default", "one"] })).wait();
  await client.createNetwork({ name: "bothybr9", config: { "ipv4.address": "10.91.0.1/24", "ipv6.address": "none" } });
}

/** A container's whole life, beside what the other clients do. */
async function live(client: Client, name: string): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, profiles: ["default", "two"] })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
  const { stdout } = await client.execOutput(name, { command: ["hostname"] });
  assert.equal(stdout.toString().trim(), name);
  await (await client.createSnapshot(name, { name: "mine" })).wait();
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
  await (await client.deleteInstance(name)).wait();
}

/** Starts and stops an instance that others count on; its volatile keys change each time, and its ETag with them. */
async function restart(client: Client): Promise<void> {
  await (await client.setInstanceState("busy", { action: "start" })).wait();
  await (await client.createSnapshot("busy", { name: "while" })).wait();
  await (await client.deleteSnapshot("busy", "while")).wait();
  await (await client.setInstanceState("busy", { action: "stop", force: true })).wait();
}

test(`eight clients on mixed objects for ${seconds} seconds lose no update and leave no lock`, { skip }, async (t) => {
  await withDaemon({}, async (daemon) => {
    await prepare(daemon);
    const done = new Map<string, number>(counters.map(({ name }) => [name, 0]));
    const deadline = Date.now() + seconds * 1000;
    let conflicts = 0;
    let lives = 0;

    const increment = async (client: Client) => {
      const counter = counters[Math.floor(Math.random() * counters.length)]!;
      try {
        await counter.increment(client);
        done.set(counter.name, done.get(counter.name)! + 1);
      } catch (error) {
        if (!ApiError.is(error) || error.code !== "PRECONDITION_FAILED") throw error;
        conflicts += 1;
      }
    };
    const work = async (index: number) => {
      await using client = new Client({ endpoint: daemon.socket });
      while (Date.now() < deadline) {
        if (index === 0) await restart(client);
        else if (Math.random() < 0.05) await live(client, `c${index}-${lives++}`);
        else await increment(client);
      }
    };
    await Promise.all(Array.from({ length: clientCount }, (_, index) => work(index)));

    const counted = [...done.values()].reduce((sum, value) => sum + value, 0);
    t.diagnostic(`${counted} updates, ${conflicts} refused by If-Match, ${lives} containers`);
    for (const counter of counters) {
      const { config } = await counter.read(daemon.client);
      assert.equal(Number(config[key] ?? "0"), done.get(counter.name), counter.name);
    }
    assert.ok(conflicts > 0, "clients were in each other's way");
    const names = (await daemon.client.listInstances()).map(({ name }) => name).sort();
    assert.deepEqual(names, ["busy", "patched", "still"]);
    // Each takes its lock once more: one that was left would never answer.
    for (const counter of counters) await counter.increment(daemon.client);

    await daemon.stop();
    assert.doesNotMatch(daemon.log(), /Stopped in the middle of work/, "no lock is left");
    await daemon.start();
    for (const counter of counters) {
      const { config } = await counter.read(daemon.client);
      assert.equal(Number(config[key]), done.get(counter.name)! + 1, `${counter.name} on disk`);
    }
  });
});

test("a daemon that is ended while it works on an object says so in its log", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    const source = { type: "image", alias: "template:busybox" };
    const operation = await client.createInstance({ name: "late", source });
    await daemon.stop();
    await assert.rejects(operation.wait());
    assert.match(daemon.log(), /Stopped in the middle of work.*instance\/default\/late/);
  });
});
