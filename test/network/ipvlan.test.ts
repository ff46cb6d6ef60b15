/** Nics of the type ipvlan: with the hardware address of their parent, on its line by themselves (l2) or by the host (l3s). */
import assert from "node:assert/strict";
import test from "node:test";
import { needs } from "../support/needs";
import { clearedAfterEach } from "../support/shared-daemon";
import { inside, launch, leavesNothing, make, networkScene, reaches, refusesStart, setDevices, stop } from "./scene";

const skip = needs("root", "ipvlan");
const noSkip = needs("root") || (needs("ipvlan") === false ? "this machine has ipvlan" : false);

const scene = networkScene(["par0"], async ({ shared: { daemon }, outside }) => {
  await outside.cable("par0", "out0", "192.0.2.1/24", "2001:db8::1/64");
  await daemon.run("ip", "address", "add", "192.0.2.2/24", "dev", "par0");
  await daemon.run("ip", "address", "add", "2001:db8::2/64", "dev", "par0", "nodad");
});
const { shared } = scene;
clearedAfterEach(shared);

const ipvlan = { type: "nic", nictype: "ipvlan", name: "lan0", parent: "par0" };
const l3s = { ...ipvlan, "ipv4.address": "192.0.2.20,192.0.2.21", "ipv6.address": "2001:db8::20" };

async function sysctl(...settings: string[]): Promise<void> {
  for (const setting of settings) await shared.daemon.run("sh", "-c", `echo 1 > /proc/sys/net/${setting}`);
}

test("an ipvlan nic of the mode l3s wants the parent to forward, and is spoken to in both families", {
  skip,
}, async () => {
  await make(shared, "web", { eth0: l3s });
  await refusesStart(shared, "web", /"parent": IPVLAN in L3S mode requires sysctl net\.ipv4\.conf\.par0\.forwarding=1/);
  await sysctl("ipv4/conf/par0/forwarding", "ipv6/conf/par0/forwarding", "ipv6/conf/par0/proxy_ndp");
  await (await shared.client.deleteInstance("web")).wait();
  await leavesNothing(shared, async () => {
    await launch(shared, "web", { eth0: { ...l3s, "ipv4.host_table": "100" } });
    assert.equal(
      await inside(shared, "web", "cat /sys/class/net/lan0/address"),
      (await shared.daemon.run("sh", "-c", 'ip -j link show dev par0 | sed \'s/.*"address":"//; s/".*//\'')).trim(),
    );
    assert.ok(await reaches(shared, "web", "192.0.2.1"));
    assert.ok(await reaches(shared, "web", "2001:db8::1"));
    for (const address of ["192.0.2.21", "2001:db8::20"])
      await scene.outside.run("busybox", "ping", "-c", "3", "-w", "5", address);
    assert.match(await shared.daemon.run("ip", "route", "show", "table", "100"), /192\.0\.2\.20/);
    await stop(shared, "web");
  });
});

test("an ipvlan nic of the mode l2 has a gateway, and comes while the container runs", { skip }, async () => {
  await leavesNothing(shared, async () => {
    await launch(shared, "web", {});
    await setDevices(shared, "web", {
      eth0: { ...ipvlan, mode: "l2", "ipv4.address": "192.0.2.30/24", "ipv4.gateway": "192.0.2.1" },
    });
    assert.match(await inside(shared, "web", "ip route"), /^default via 192\.0\.2\.1 dev lan0/);
    assert.ok(await reaches(shared, "web", "192.0.2.1"));
    await setDevices(shared, "web", {});
    assert.equal(await inside(shared, "web", "ls /sys/class/net"), "lo");
    await stop(shared, "web");
  });
});

test("a kernel without ipvlan is told of", { skip: noSkip }, async () => {
  await make(shared, "web", { eth0: ipvlan });
  await leavesNothing(shared, () =>
    assert.rejects(
      (async () => (await shared.client.setInstanceState("web", { action: "start" })).wait())(),
      /this kernel has none of the kind ipvlan/,
    ),
  );
});
