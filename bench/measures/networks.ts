/** Networks: made, joined by nics while containers run, and listed with who uses them. */
import type { Subject } from "../subject";
import type { Column, Measure, Sampler, Scene } from "./measure";
import { one, running } from "./scenes";

/** Of the measures that need one. */
const bridge = "benchbr";
/** Made and deleted in each round. */
const fresh = "benchnew";

/** Addresses that nobody has to look for. */
const planned = {
  "ipv4.address": "10.91.1.1/24",
  "ipv4.nat": "true",
  "ipv6.address": "fd42:91:1::1/64",
  "ipv6.nat": "true",
};

const crowdInstances = 10;
const crowdNics = 20;
const listedNetworks = 20;
const listedInstances = 1000;
const listedName = (number: number) => `benchlist${number}`;

const plugMs = 20;
const listMs = 20;

const nicOn = (network: string) => ({ type: "nic", network });

const bridgeScene: Scene = {
  make: ({ subject }) => subject.createNetwork(bridge),
  remove: ({ subject }) => subject.deleteNetwork(bridge),
};

const crowdNames = Array.from({ length: crowdInstances }, (_, number) => `nics${number}`);

/** All nics of the crowd but one: the next makes them whole. */
const crowdDevices = (number: number) => {
  const count = number === 0 ? crowdNics - 1 : crowdNics;
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`eth${at}`, nicOn(bridge)]));
};

/** A network, and a container that runs. */
const joinable: Scene = {
  async make(column) {
    await bridgeScene.make(column);
    await running.make(column);
  },
  async remove(column) {
    await running.remove(column);
    await bridgeScene.remove(column);
  },
};

/** The same, with many nics on the network already. */
const crowded: Scene = {
  async make(column) {
    await joinable.make(column);
    const { subject, pool } = column;
    for (const [number, name] of crowdNames.entries()) {
      await subject.create(name, "small", pool, crowdDevices(number));
      await subject.start(name);
    }
  },
  async remove(column) {
    await column.subject.clear();
    await bridgeScene.remove(column);
  },
};

/** Many stopped instances, whose nics are on some networks. */
const used: Scene = {
  async make({ subject, pool }) {
    for (let number = 0; number < listedNetworks; number += 1) await subject.createNetwork(listedName(number));
    for (let number = 0; number < listedInstances; number += 1) {
      const eth0 = nicOn(listedName(number % listedNetworks));
      await subject.create(`n${number}`, "small", pool, { eth0 });
    }
  },
  async remove({ subject }) {
    await subject.clear();
    for (let number = 0; number < listedNetworks; number += 1) await subject.deleteNetwork(listedName(number));
  },
};

async function plug({ subject, pool }: Column, { time }: Sampler): Promise<void> {
  const name = one({ subject, pool });
  await time(() => subject.attach(name, { eth1: nicOn(bridge) }));
  await subject.detachAll(name, pool);
}

interface Listed {
  readonly name: string;
  readonly used_by?: readonly string[];
}

async function listUsed(subject: Subject): Promise<void> {
  const networks = (await subject.get("/1.0/networks?recursion=1")) as Listed[];
  const users = networks.flatMap(({ name, used_by = [] }) =>
    name.startsWith(listedName(0).slice(0, -1)) ? used_by : [],
  );
  if (users.length !== listedInstances) throw new Error(`${subject.info.name} lists ${users.length} users of networks`);
}

const isBothy = ({ info }: Subject) => info.name === "bothy";

export const networkMeasures: readonly Measure[] = [
  {
    name: "network-create",
    unit: "ms",
    title: "create of a network of given addresses",
    target: 1 / 2,
    isPoolless: true,
    async round({ subject }, { time }) {
      await time(() => subject.createNetwork(fresh, planned));
      await subject.deleteNetwork(fresh);
    },
  },
  {
    name: "network-create-auto",
    unit: "ms",
    title: "create of a network whose addresses the daemon picks",
    target: 1 / 2,
    isPoolless: true,
    async round({ subject }, { time }) {
      await time(() => subject.createNetwork(fresh));
      await subject.deleteNetwork(fresh);
    },
  },
  {
    name: "nic-plug",
    unit: "ms",
    title: "attach of a nic to a running container",
    limit: plugMs,
    isPoolless: true,
    scene: joinable,
    round: plug,
  },
  {
    name: "nic-plug-200",
    unit: "ms",
    title: `the same, as the nic number ${crowdInstances * crowdNics} on one bridge`,
    limit: plugMs,
    isPoolless: true,
    isFor: isBothy,
    scene: crowded,
    round: plug,
  },
  {
    name: "networks-list",
    unit: "ms",
    title: `GET networks?recursion=1, ${listedNetworks} networks with ${listedInstances} instances`,
    limit: listMs,
    isPoolless: true,
    isFor: isBothy,
    scene: used,
    round: ({ subject }, { time }) => time(() => listUsed(subject)),
  },
];
