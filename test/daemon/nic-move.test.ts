/** A nic that moves to another network while its container runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { lacksContainers } from "../provider/support/lacks";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = lacksContainers() || requireFeature("dnsmasq", true);

test("a running busybox gets an address of the network that its nic moves to, without a restart", { skip }, () =>
  withDaemon({ bare: false }, async ({ client }) => {
    await client.createNetwork({ name: "second", config: { "ipv4.address": "10.71.1.1/24" } });
    await client.createNetwork({ name: "third", config: { "ipv4.address": "10.72.1.1/24" } });
    const nic = (network: string) => ({ eth0: { type: "nic", name: "eth0", network } });
    const done = async (operation: Promise<{ wait(): Promise<unknown> }>) => void (await (await operation).wait());
    await done(
      client.createInstance({
        name: "web",
        source: { type: "image", alias: "template:busybox" },
        devices: nic("bothybr0"),
      }),
    );
    await done(client.setInstanceState("web", { action: "start" }));
    await client.waitInstance("web", { for: "ipv4", timeoutSeconds: 60 });
    const before = await client.getInstanceState("web");
    const run = async (...command: string[]) => String((await client.execOutput("web", { command })).stdout);
    for (const [network, prefix] of [
      ["second", "10.71.1."],
      ["third", "10.72.1."],
    ] as const) {
      await client.patchInstance("web", { devices: nic(network) });
      const end = Date.now() + 60_000;
      let seen = "";
      while (!seen.includes(prefix) && Date.now() < end) {
        await sleep(200);
        seen = await run("ip", "-o", "-4", "addr", "show", "eth0");
      }
      assert.ok(seen.includes(prefix), `${network}: ${seen}`);
      assert.match(await run("ip", "route"), new RegExp(`default via ${prefix}1 dev eth0`));
      assert.equal((await run("cat", "/etc/resolv.conf")).includes(`${prefix}1`), true);
    }
    const after = await client.getInstanceState("web");
    assert.equal(after.pid, before.pid, "it was not restarted");
    await done(client.setInstanceState("web", { action: "stop", force: true }));
    await done(client.deleteInstance("web"));
  }),
);
