/** A daemon that dies while the engine makes what a program says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

const count = 6;

const program = `
const network = new bothy.Network("net", { config: { "ipv4.address": "10.97.1.1/24" } });
const base = new bothy.Profile("base", { devices: { eth0: { type: "nic", name: "eth0", network } } });
for (let at = 0; at < ${count}; at += 1) {
  const data = new bothy.StorageVolume("data" + at, { pool: "default" });
  new bothy.Container("web" + at, {
    image: "template:busybox",
    profiles: ["default", base],
    devices: { data: { type: "disk", pool: "default", source: data, path: "/srv" } },
  });
}
`;

/** Kills the daemon when so many containers have started. */
async function killAfter(daemon: TestDaemon, starts: number): Promise<void> {
  let started = 0;
  for await (const { metadata } of daemon.client.events({ types: ["lifecycle"] })) {
    if ((metadata as { action: string }).action === "instance-started") started += 1;
    if (started === starts) break;
  }
  await daemon.kill();
}

test("what a daemon that was killed in the middle of an up left is finished by the next one", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    await TestStack.with({ BOTHY_ENDPOINT: `unix://${daemon.socket}` }, async (stack) => {
      // The image is there: else all of them would wait for it.
      const source = { type: "image", alias: "template:busybox" };
      await (await daemon.client.createInstance({ name: "first", source })).wait();
      await (await daemon.client.deleteInstance("first")).wait();
      const killed = killAfter(daemon, 2);
      const { error } = await stack.failing("up", program);
      await killed;
      assert.ok(error !== undefined, "the up went past a daemon that was dead");
      await daemon.start();
      const left = await daemon.client.listInstances();
      assert.ok(left.length >= 2, `${left.length} containers are left`);
      await stack.must(stack.up());
      const made = await daemon.client.listInstances();
      assert.equal(made.length, count, "each is there once");
      for (const { name } of left)
        assert.ok(
          made.some((one) => one.name === name),
          `${name} is not the program's any more`,
        );
      for (const { name, status } of made) assert.equal(status, "Running", name);
      assert.equal(
        (await daemon.client.listStorageVolumes("default")).filter(({ type }) => type === "custom").length,
        count,
      );
      await stack.noChanges();
      await stack.must(stack.destroy());
      assert.deepEqual(await daemon.client.listInstances(), []);
    });
  }),
);
