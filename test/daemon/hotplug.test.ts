/** Devices of a running container: a change that fails leaves it, and the host, as they were. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Devices } from "../../sdk/api/common";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const nic = { type: "nic", network: "bothybr0" };

async function setDevices({ client }: TestDaemon, devices: Devices): Promise<void> {
  const { value } = await client.getInstance("web");
  await (await client.updateInstance("web", { ...value, devices })).wait();
}

async function inside({ client }: TestDaemon, command: string): Promise<string> {
  const { stdout } = await client.execOutput("web", { command: ["sh", "-c", command] });
  return String(stdout).trim();
}

test("a device that cannot be plugged takes nothing away, on the host or inside", { skip }, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    const devices = { eth0: nic, data: { type: "disk", path: "/data", source: "/usr/share" } };
    await (
      await client.createInstance({ name: "web", source: { type: "image", alias: "template:busybox" }, devices })
    ).wait();
    await (await client.setInstanceState("web", { action: "start" })).wait();
    const before = (await client.getInstance("web")).value;

    const taken = { ...devices, eth1: { ...nic, host_name: "bothybr0" } };
    await assert.rejects(setDevices(daemon, taken), /bothybr0.*EEXIST/);
    assert.match(await daemon.run("ip", "-o", "link", "show", "type", "bridge"), /bothybr0/);

    const shadow = { ...devices, proc: { type: "disk", path: "/proc", source: "/etc/passwd" } };
    await assert.rejects(setDevices(daemon, shadow), /EINVAL/);
    assert.equal(await inside(daemon, "test -e /proc/self && echo there"), "there");

    const changed = {
      eth0: { ...nic, mtu: "1400" },
      data: { type: "disk", path: "/data", source: "/usr/lib" },
      more: { type: "disk", path: "/etc/passwd/more", source: "/usr/share" },
    };
    await assert.rejects(setDevices(daemon, changed), /ENOTDIR/);
    assert.equal(await inside(daemon, "cat /sys/class/net/eth0/mtu"), "1500");
    assert.equal(await inside(daemon, "ls -d /data/doc"), "/data/doc");
    assert.deepEqual((await client.getInstance("web")).value.devices, before.devices);
    assert.deepEqual((await client.getInstance("web")).value.config, before.config);

    await setDevices(daemon, { ...changed, more: { type: "disk", path: "/more", source: "/usr/share" } });
    assert.equal(await inside(daemon, "cat /sys/class/net/eth0/mtu; ls -d /more/doc"), "1400\n/more/doc");
  });
});
