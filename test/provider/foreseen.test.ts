/** What a server would refuse is told in the preview, through both doors, and in the words of up; nothing is made by asking. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";
import { DynamicProcess } from "./support/dynamic-process";
import { withElsewhere } from "./support/elsewhere";
import { lacksContainers } from "./support/lacks";
import { PluginProcess } from "./support/plugin-process";
import { type Foreseen, foreseenElsewhere, foreseenHere } from "./wrong/foreseen";

const skip = lacksContainers();

let opened: Promise<Doors & AsyncDisposable> | undefined;
// Before the daemon ends, which leaves nothing behind.
after(async () => (await opened)?.[Symbol.asyncDispose]());

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "overlay");
  await client.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "default" } } });
  for (const [name, subnet] of [
    ["net1", "10.181.8.1/24"],
    ["net2", "10.181.9.1/24"],
  ] as const)
    await client.createNetwork({ name, config: { "ipv4.address": subnet, "ipv4.nat": "false" } });
  await client.createNetworkForward("net1", { listen_address: "192.0.2.10" });
  await client.createNetworkZone({ name: "lab.example" });
  const name = "taken";
  await client.createProfile({ name });
  await client.createProject({ name });
  await client.createNetworkAcl({ name });
  await client.createNetworkAddressSet({ name });
  await client.createStorageVolume("default", { name });
  await client.createStoragePool({ name: "pool0", driver: "dir" });
  for (const instance of ["plain", name])
    await (await client.createInstance({ name: instance, source: { type: "none" } })).wait();
  await (await client.createSnapshot("plain", { name })).wait();
});

interface Doors {
  readonly plugin: PluginProcess;
  readonly dynamic: DynamicProcess;
}

async function doorsTo(socket: string): Promise<Doors & AsyncDisposable> {
  const endpoint = `unix://${socket}`;
  const plugin = await PluginProcess.start({ config: { endpoint }, env: { BOTHY_ENDPOINT: "" } });
  const dynamic = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: endpoint } });
  return {
    plugin,
    dynamic,
    async [Symbol.asyncDispose]() {
      await Promise.all([plugin, dynamic].map((door) => door[Symbol.asyncDispose]()));
    },
  };
}

const linesOf = ({ output }: PluginProcess | DynamicProcess) => output.join("").split("\n").filter(Boolean);

/** Plans a new object by each door. In a preview the engine asks a plugin for a create, and a dynamic provider for no more than a check. */
const plans = ({ plugin, dynamic }: Doors) => [
  {
    door: plugin,
    plan: async (kind: string, inputs: Props) => {
      await plugin.create(kind, await plugin.checked(kind, inputs), { preview: true });
    },
  },
  {
    door: dynamic,
    plan: async (kind: string, inputs: Props) => {
      const checked = await dynamic.checked(kind, { ...inputs, __preview: true });
      assert.equal("__preview" in checked, false, "no state has it");
    },
  },
];

async function tells(doors: Doors, { kind, inputs, told }: Foreseen): Promise<void> {
  for (const { door, plan } of plans(doors)) {
    const known = linesOf(door).length;
    await plan(kind, inputs);
    await until(async () => linesOf(door).length > known);
    const [line = "", ...others] = linesOf(door).slice(known);
    assert.deepEqual(others, []);
    assert.match(line, /As things are this cannot be made: /);
    assert.match(line, told);
    assert.doesNotMatch(line, /\bundefined\b|\[object/);
  }
}

const openHere = () => {
  opened ??= doorsTo(shared.daemon.socket);
  return opened;
};

for (const row of foreseenHere)
  test(`${row.kind} ${JSON.stringify(row.inputs).slice(0, 90)}: ${row.told.source}`, { skip }, async () => {
    const here = await openHere();
    await tells(here, row);
    // A process knows what it planned, and up is one of its own.
    for (const door of [here.plugin, here.dynamic]) {
      const inputs = await door.checked(row.kind, row.inputs);
      await assert.rejects(door.create(row.kind, inputs), (error: Error) => {
        assert.match(error.message, row.up ?? row.told);
        return true;
      });
    }
  });

test("what is right is told nothing of, and nothing is made by a preview", { skip }, async () => {
  const { client } = shared;
  const here = await openHere();
  const scene = async () => [
    await client.listInstances(),
    await client.listImages(),
    await client.listNetworks(),
    await client.listProfiles(),
    await client.listStoragePools(),
  ];
  const was = await scene();
  const known = [here.plugin, here.dynamic].map((door) => linesOf(door).length);
  for (const { plan } of plans(here)) {
    await plan("image", { template: "busybox", aliases: ["box"] });
    await plan("network", { name: "net5", config: { "ipv4.address": "10.181.11.1/24" } });
    await plan("network-forward", { network: "net1", listenAddress: "192.0.2.30" });
    await plan("storage-pool", { name: "pool5", driver: "dir" });
    await plan("container", { name: "web5", image: "template:busybox" });
    await plan("profile", { name: "taken", adopt: true });
    // Of an extension that Bothy does not claim, since not all of it works.
    await plan("network", { name: "net6", config: { "ipv4.address": "none", "bgp.peers.a.address": "192.0.2.1" } });
    await plan("snapshot", { instance: "plain", name: "s5" });
  }
  assert.deepEqual(await scene(), was);
  // A last line, which comes after all others.
  await tells(here, {
    kind: "profile",
    inputs: { name: "last", devices: { lan: { type: "nic", network: "net1", "security.acls": "no" } } },
    told: /"no"/,
  });
  assert.deepEqual(
    [here.plugin, here.dynamic].map((door, at) => linesOf(door).length - (known[at] ?? 0)),
    [1, 1],
  );
});

test("what Bothy alone has is told of on another server, and asked of none that does not answer", { skip }, () =>
  withElsewhere(["projects", "network", "instance_nic_network"], async (socket) => {
    await using doors = await doorsTo(socket);
    for (const row of foreseenElsewhere) await tells(doors, row);
    // An update is told of too: the key is what the program adds.
    const olds = { name: "net0", type: "bridge", config: {} };
    const news = await doors.plugin.checked("network", { name: "net0", config: { "bridge.isolated": "true" } }, olds);
    await doors.plugin.update("network", "net0", olds, news, { preview: true });
    await until(async () => linesOf(doors.plugin).at(-1)?.includes("cannot be changed: config") === true);
    const [known = 0] = [linesOf(doors.dynamic).length];
    await doors.dynamic.checked("network", { ...news, __preview: true }, olds);
    await until(async () => linesOf(doors.dynamic).length > known);
    assert.match(linesOf(doors.dynamic).at(-1) ?? "", /^Network "net0": As things are this cannot be changed: config/);
  }),
);
