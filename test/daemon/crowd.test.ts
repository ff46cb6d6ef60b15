/** A crowd: many containers at once, hundreds in `npm run test:long`, and what is left of them. How long it takes is for `npm run bench -- --only crowd`. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Crowd, type Keeper } from "../../bench/crowd/crowd";
import { commandOf, findTraces, settledTraces, type Traces } from "../../scripts/scene/traces";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { isLong } from "../support/long";
import { needs } from "../support/needs";

const size = isLong ? 300 : 80;
const clients = 4;

const counts = (traces: Traces) =>
  Object.fromEntries(Object.entries(traces).map(([kind, items]) => [kind, items.length]));

const isWithoutCrowd = ({ cgroups, processes }: Traces) =>
  ![...cgroups, ...processes.map(commandOf)].some((text) => text.includes("crowd0"));

/** Names of what containers have in the state folder. */
const filesOf = ({ dir }: TestDaemon) =>
  ["cells", "logs", "containers", "storage-pools/default/containers"].flatMap((folder) =>
    readdirSync(path.join(dir, folder)).filter((name) => name.startsWith("crowd")),
  );

function keeperOf({ client }: TestDaemon): Keeper {
  const state = async (name: string, action: "start" | "stop") =>
    (await client.setInstanceState(name, { action, force: action === "stop" })).wait();
  return {
    create: async (name) =>
      (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" } })).wait(),
    start: (name) => state(name, "start"),
    exec: async (name) => {
      const { stdout } = await client.execOutput(name, { command: ["hostname"] });
      assert.equal(stdout.toString().trim(), name);
    },
    forceStop: (name) => state(name, "stop"),
    delete: async (name) => (await client.deleteInstance(name)).wait(),
  };
}

test(`${size} containers run at once, each answers, and nothing is left of them`, { skip: needs("root") }, () =>
  withDaemon({}, async (daemon) => {
    await preparePool(daemon, "overlay");
    const crowd = new Crowd(Array.from({ length: clients }, () => keeperOf(daemon)));
    // What the daemon starts for the first container stays for the next.
    await crowd.growTo(1);
    await crowd.shrinkTo(0);
    const before = counts(await settledTraces(daemon.place, isWithoutCrowd));

    await crowd.growTo(size);
    const all = await daemon.client.listInstances();
    assert.deepEqual(
      all.map(({ name, status }) => `${name} ${status}`).sort(),
      [...crowd.names].sort().map((name) => `${name} Running`),
    );
    assert.ok(findTraces(daemon.place).processes.length >= 2 * size, "each has a first process and a supervisor");
    await crowd.askAll();

    await crowd.shrinkTo(0);
    assert.deepEqual(await daemon.client.listInstances(), []);
    const isAsBefore = (traces: Traces) => JSON.stringify(counts(traces)) === JSON.stringify(before);
    assert.deepEqual(counts(await settledTraces(daemon.place, isAsBefore)), before);
    assert.deepEqual(filesOf(daemon), []);
  }),
);
