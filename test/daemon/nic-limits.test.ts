/** Limits of nics: read back from the kernel, and met by traffic of the container. */
import assert from "node:assert/strict";
import test from "node:test";
import { findProgram } from "../../sdk/host/program";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip =
  requireFeature("root", process.getuid?.() === 0) ||
  requireFeature("tc", findProgram("tc") !== undefined) ||
  requireFeature("nft", findProgram("nft") !== undefined);
const image = { type: "image", alias: "template:busybox" };

interface Settings {
  readonly nic?: Record<string, string>;
  readonly config?: Record<string, string>;
}

const p2p = { type: "nic", nictype: "p2p", host_name: "limited0" };

async function launch({ client }: TestDaemon, { nic = {}, config = {} }: Settings): Promise<void> {
  const devices = { eth0: { ...p2p, ...nic } };
  await (await client.createInstance({ name: "web", source: image, config, devices })).wait();
  await (await client.setInstanceState("web", { action: "start" })).wait();
}

async function change({ client }: TestDaemon, nic: Record<string, string>, config = {}): Promise<void> {
  const { value } = await client.getInstance("web");
  const devices = { eth0: { ...p2p, ...nic } };
  await (await client.updateInstance("web", { ...value, config: { ...value.config, ...config }, devices })).wait();
}

const queue = (daemon: TestDaemon) => daemon.run("tc", "-s", "class", "show", "dev", "limited0");
const rules = (daemon: TestDaemon) => daemon.run("nft", "list", "ruleset", "netdev");

const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);

test("a nic receives and sends no faster than its limits, which follow while it runs", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    await launch(daemon, { nic: { "limits.ingress": "64kbit", "limits.egress": "8kbit" } });
    assert.match(await queue(daemon), /htb 1:10 .*rate 64Kbit/);
    assert.match(await rules(daemon), /device "limited0"[^}]*limit rate over 1000 bytes\/second/);
    await daemon.run("ip", "address", "add", "10.77.0.1/24", "dev", "limited0");
    const flood =
      "ip address add 10.77.0.2/24 dev eth0; for n in 1 2 3 4 5 6 7 8; do ping -c 2 -W 1 -s 65000 10.77.0.1 >/dev/null & done; wait";
    await daemon.client.execOutput("web", { command: ["sh", "-c", flood] });
    assert.ok(numberIn(await rules(daemon), /counter packets (\d+)/) > 0, "what it sends too fast is dropped");
    assert.ok(numberIn(await queue(daemon), /overlimits (\d+)/) > 0, "what comes too fast waits");
    const mac = await daemon.client.execOutput("web", { command: ["cat", "/sys/class/net/eth0/address"] });
    await change(daemon, { "limits.max": "20Mbit" });
    assert.match(await queue(daemon), /rate 20Mbit/);
    assert.match(await rules(daemon), /limit rate over (2500000 bytes|2500 kbytes)\/second/);
    const after = await daemon.client.execOutput("web", { command: ["cat", "/sys/class/net/eth0/address"] });
    assert.deepEqual(after.stdout, mac.stdout, "it is the same nic");
    await change(daemon, {});
    assert.equal(await queue(daemon), "");
    assert.equal(await rules(daemon), "");
  });
});

test("packets have the priority of the nic, or that of the instance", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    await launch(daemon, { config: { "limits.network.priority": "5" } });
    assert.match(await rules(daemon), /meta priority set 0:5/);
    await change(daemon, { "limits.priority": "65542" });
    assert.match(await rules(daemon), /meta priority set 1:6/);
    await change(daemon, {}, { "limits.network.priority": "0" });
    assert.equal(await rules(daemon), "");
    await change(daemon, { "limits.priority": "7" });
    await daemon.kill();
    await daemon.start();
    assert.match(await rules(daemon), /meta priority set 0:7/);
  });
});

test("a nic that comes while the container runs is limited from its beginning, and takes its rules along", {
  skip,
}, async () => {
  await withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    await launch(daemon, {});
    const { value } = await daemon.client.getInstance("web");
    const more = {
      ...value.devices,
      eth1: { type: "nic", nictype: "p2p", host_name: "limited1", "limits.max": "1Mbit" },
    };
    await (await daemon.client.updateInstance("web", { ...value, devices: more })).wait();
    assert.match(await rules(daemon), /device "limited1"/);
    assert.match(await daemon.run("tc", "class", "show", "dev", "limited1"), /rate 1Mbit/);
    await change(daemon, {});
    assert.equal(await rules(daemon), "");
  });
});
