import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { isLong } from "../support/long";
import { DynamicProcess } from "./support/dynamic-process";
import { tinyImage } from "./support/image";
import { lacksContainers } from "./support/lacks";

/** One resource of a program: its kind and inputs. Those of one row stand on each other in the order given. */
interface Resource {
  readonly kind: string;
  readonly inputs: Props;
}

const pool: Resource = { kind: "storage-pool", inputs: { name: "pool1", driver: "dir" } };
const network: Resource = { kind: "network", inputs: { name: "net1", config: { "ipv4.address": "10.97.1.1/24" } } };
const rootIn = (name: string) => ({ root: { type: "disk", path: "/", pool: name } });
const nicOn = (name: string) => ({ eth0: { type: "nic", name: "eth0", network: name } });
const profileOf = (devices: Props): Resource => ({ kind: "profile", inputs: { name: "small", devices } });
const container = (inputs: Props = {}): Resource => ({
  kind: "container",
  inputs: { name: "web", image: "template:busybox", wait: { for: "nothing" }, ...inputs },
});
const snapshot: Resource = { kind: "snapshot", inputs: { instance: "web", name: "before" } };
const image = (sourceFile: string): Resource => ({ kind: "image", inputs: { sourceFile, aliases: ["tiny"] } });
/** A container of the tiny image, which has nothing to run. */
const still = { image: "tiny", running: false };

/** Objects that a program names by text: Pulumi knows of no dependency among them and deletes them all at once. */
const rows = (file: string): Readonly<Record<string, readonly Resource[]>> => ({
  "a container and its profile": [profileOf({}), container({ profiles: ["default", "small"] })],
  "a container and its network": [network, container({ devices: nicOn("net1") })],
  "a container and its pool": [pool, container({ devices: rootIn("pool1") })],
  "a profile and the network of its nic": [network, profileOf(nicOn("net1"))],
  "a profile and the pool of its root disk": [pool, profileOf(rootIn("pool1"))],
  "a container and its snapshot": [container(), snapshot],
  "a container and its image": [image(file), container(still)],
  "a container, its image and its pool": [image(file), pool, container({ ...still, devices: rootIn("pool1") })],
  "one of everything": [
    image(file),
    pool,
    network,
    profileOf({ ...rootIn("pool1"), ...nicOn("net1") }),
    container({ profiles: ["small"] }),
    snapshot,
  ],
});

type Made = Resource & { readonly id: string; readonly outs: Props };

async function make(provider: DynamicProcess, resources: readonly Resource[]): Promise<Made[]> {
  const made: Made[] = [];
  for (const { kind, inputs } of resources) {
    const { id, outs } = await provider.create(kind, await provider.checked(kind, inputs));
    made.push({ kind, inputs, id, outs });
  }
  return made;
}

const deleteAll = (provider: DynamicProcess, made: readonly Made[]) =>
  Promise.all(made.map(({ kind, id, outs }) => provider.delete(kind, id, outs)));

/** What a daemon holds besides what its first start made; a template that a container was made from stays. */
async function heldBy({ client }: TestDaemon): Promise<Record<string, string[]>> {
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
  return {
    instances: names(await client.listInstances()),
    profiles: names(await client.listProfiles()).filter((name) => name !== "default"),
    pools: names(await client.listStoragePools()).filter((name) => name !== "default"),
    networks: (await client.listNetworks())
      .filter(({ managed, name }) => managed && name !== "bothybr0")
      .map(({ name }) => name),
    images: (await client.listImages()).flatMap(({ aliases }) => names(aliases)),
  };
}

const nothing = { instances: [], profiles: [], pools: [], networks: [], images: [] };

/** Keeps both processors of a small machine busy, at the lowest priority, while the work runs. */
async function onBusyMachine<T>(work: () => Promise<T>): Promise<T> {
  const jobs = [1, 2].map(() => spawn("nice", ["-n", "19", process.execPath, "-e", "for (;;);"], { stdio: "ignore" }));
  try {
    return await work();
  } finally {
    for (const job of jobs) job.kill("SIGKILL");
  }
}

/** @param isBusy whether the machine is kept busy, as where one of many may come first */
const withProvider = (
  work: (daemon: TestDaemon, provider: DynamicProcess, file: string) => Promise<void>,
  isBusy = true,
) =>
  withDaemon({ bare: false }, async (daemon) => {
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
    const file = path.join(path.dirname(daemon.dir), "tiny.tar");
    writeFileSync(file, await tinyImage({ description: "tiny" }));
    const begin = () => work(daemon, provider, file);
    await (isBusy ? onBusyMachine(begin) : begin());
  });

const orders = ["as they were made", "the other way round"] as const;

test("objects that stand on each other can all be deleted at the same time", { skip: lacksContainers() }, (t) =>
  withProvider(async (daemon, provider, file) => {
    // All of them; in `npm test` one row has the one order, the next the other.
    const all = Object.entries(rows(file)).flatMap(([title, resources], index) =>
      orders.filter((_, at) => isLong || at === index % 2).map((order) => ({ title, resources, order })),
    );
    for (const { title, resources, order } of all)
      await t.test(`${title}, ${order}`, async () => {
        const made = await make(provider, resources);
        await deleteAll(provider, order === orders[0] ? made : made.reverse());
        assert.deepEqual(await heldBy(daemon), nothing);
      });
  }),
);

test("an image and the pool that keeps it unpacked go at the same time", { skip: lacksContainers() }, () =>
  withProvider(async (daemon, provider, file) => {
    for (let round = 0; round < (isLong ? 10 : 4); round++) {
      const made = await make(provider, [image(file), pool, container({ ...still, devices: rootIn("pool1") })]);
      const web = made.pop()!;
      await provider.delete(web.kind, web.id, web.outs);
      await deleteAll(provider, made);
      assert.deepEqual(await heldBy(daemon), nothing);
    }
  }),
);

test("what others use is not deleted, and the error says by whom", { skip: lacksContainers() }, () =>
  withProvider(async (daemon, provider) => {
    const { client } = daemon;
    const made = await make(provider, [pool, network, profileOf({ ...rootIn("pool1"), ...nicOn("net1") })]);
    const source = { type: "image", alias: "template:busybox" };
    await (await client.createInstance({ name: "foreign", profiles: ["small"], source })).wait();
    const before = await heldBy(daemon);
    // At once: each waits some seconds for its users to go.
    await Promise.all(
      made.map(({ kind, id, outs }) =>
        assert.rejects(provider.delete(kind, id, outs), /currently in use.*"foreign"/, kind),
      ),
    );
    assert.deepEqual(await heldBy(daemon), before);
    await (await client.deleteInstance("foreign")).wait();
    await deleteAll(provider, made);
    const root = await client.getProfile("default");
    await assert.rejects(
      provider.delete("storage-pool", "default", { name: "default" }),
      /The storage pool is currently in use.*"default"/,
    );
    assert.deepEqual(await client.getProfile("default"), root);
  }, false),
);

test("containers of one new template that are made at the same time build it once", { skip: lacksContainers() }, () =>
  withProvider(async (daemon, provider) => {
    const resources = ["one", "two", "three"].map((name) => container({ name }));
    const made = (
      await Promise.all(
        [...resources, { kind: "image", inputs: { template: "busybox" } }].map((one) => make(provider, [one])),
      )
    ).flat();
    const images = await daemon.client.listImages();
    assert.equal(images.length, 1);
    for (const { name } of await daemon.client.listInstances())
      assert.equal((await daemon.client.getInstanceState(name)).status, "Running");
    await deleteAll(provider, made);
    assert.deepEqual(await daemon.client.listImages(), []);
  }),
);
