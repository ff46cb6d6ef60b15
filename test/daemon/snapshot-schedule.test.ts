/** Snapshots that are made on their own: of instances and custom volumes, each minute, and at each start. This waits for a minute to begin. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const each = "* * * * *";

async function prepare({ client }: TestDaemon): Promise<void> {
  await client.createProject({ name: "tight", config: { restricted: "true", "features.storage.volumes": "true" } });
  const make = async (name: string, config: Record<string, string>) =>
    (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" }, config })).wait();
  await make("running", { "snapshots.schedule": each, "snapshots.pattern": "auto%d", "snapshots.expiry": "1H" });
  await make("stopped", { "snapshots.schedule": each });
  await make("anyway", { "snapshots.schedule": each, "snapshots.schedule.stopped": "true" });
  await make("starter", { "snapshots.schedule": "@startup" });
  await client.createStorageVolume("default", { name: "vol", config: { "snapshots.schedule": each } });
  await client.createStorageVolume("default", { name: "idle", config: { "snapshots.schedule": "0 0 1 1 *" } });
}

test("each instance and volume gets its snapshots when its schedule says so", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await preparePool(daemon, "overlay");
    await prepare(daemon);
    const { client } = daemon;
    for (const name of ["running", "starter"]) await (await client.setInstanceState(name, { action: "start" })).wait();
    const names = async (instance: string) => (await client.listSnapshots(instance)).map(({ name }) => name);
    const [atStart, ...more] = await client.listSnapshots("starter");
    assert.deepEqual([atStart?.name, more], ["snap0", []], "at its start");
    const { value: starter } = await client.getInstance("starter");
    assert.ok(Date.parse(atStart?.created_at ?? "") <= Date.parse(starter.last_used_at), "made before it ran");
    assert.equal(atStart?.last_used_at, "1970-01-01T00:00:00Z");
    await (await client.setInstanceState("starter", { action: "restart", force: true })).wait();
    assert.deepEqual(await names("starter"), ["snap0", "snap1"], "and at each one");

    const stream = await client.openEvents({ types: ["lifecycle"] });
    const wanted = new Set(["instances/running/", "instances/anyway/", "volumes/custom/vol/"]);
    const deadline = setTimeout(() => void stream[Symbol.asyncDispose](), 90_000);
    for await (const event of stream) {
      const { action, source } = event.metadata as { action: string; source: string };
      if (!action.endsWith("snapshot-created")) continue;
      for (const part of wanted) if (source.includes(part)) wanted.delete(part);
      if (wanted.size === 0) break;
    }
    clearTimeout(deadline);
    const [made] = await client.listSnapshots("running");
    assert.equal(made?.name, "auto0");
    assert.ok(Date.parse(made.expires_at) > Date.now(), "it expires as the instance says");
    assert.deepEqual((await names("anyway")).slice(0, 1), ["snap0"]);
    assert.deepEqual(await names("stopped"), [], "a stopped one only when it says so");
    const [taken] = await client.listStorageVolumeSnapshots("default", "vol");
    assert.equal(taken?.name, "vol/snap0");
    assert.deepEqual(await client.listStorageVolumeSnapshots("default", "idle"), []);
    for (const name of ["running", "stopped", "anyway", "starter"])
      await (await client.deleteInstance(name, { force: true })).wait();
    for (const name of ["vol", "idle"]) await client.deleteStorageVolume("default", name);
  }),
);
