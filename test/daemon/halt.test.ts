/** A clean stop: the init is asked in its own language, and only when it can hear. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

test("an init that was just started hears a clean stop", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const { client } = daemon;
    const source = { type: "image", alias: "template:busybox" };
    await (await client.createInstance({ name: "young", source })).wait();
    for (let round = 0; round < 3; round += 1) {
      await (await client.setInstanceState("young", { action: "start" })).wait();
      // busybox init sets up its handlers some milliseconds after it began; a lost signal would leave it running for good.
      await (await client.setInstanceState("young", { action: "stop", timeout: 20 })).wait();
      const { value } = await client.getInstance("young");
      assert.equal(value.status, "Stopped");
    }
    await (await client.deleteInstance("young")).wait();
  }),
);
