/** Nics of the type routed: the host has routes to them and answers for them on its own line. */
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { requireFeature } from "../support/require";
import { clearedAfterEach } from "../support/shared-daemon";
import {
  inside,
  launch,
  leavesNothing,
  make,
  networkScene,
  reaches,
  refusesStart,
  setDevices,
  start,
  stop,
} from "./scene";

const skip = requireFeature("root", process.getuid?.() === 0);

const scene = networkScene(["par0"], async ({ shared: { daemon }, outside }) => {
  await outside.cable("par0", "out0", "192.0.2.1/24", "2001:db8::1/64");
  await daemon.run("ip", "address", "add", "192.0.2.2/24", "dev", "par0");
  await daemon.run("ip", "address", "add", "2001:db8::2/64", "dev", "par0", "nodad");
});
const { shared } = scene;
clearedAfterEach(shared);

const both = { "ipv4.address": "192.0.2.20", "ipv6.address": "2001:db8::20" };
// Not eth0, whose addresses the DHCP client of the image takes away.
const routed = { type: "nic", nictype: "routed", name: "lan0", parent: "par0", ...both };

async function sysctl(...settings: string[]): Promise<void> {
  for (const setting of settings)
    await shared.daemon.run("sh", "-c", `echo ${setting.split("=")[1]} > /proc/sys/net/${setting.split("=")[0]}`);
}

test("a routed nic wants the parent to forward", { skip }, async () => {
  await make(shared, "web", { eth0: routed });
  const start400 = (message: RegExp) => refusesStart(shared, "web", message);
  await sysctl("ipv4/conf/par0/forwarding=0");
  await start400(/"eth0".*"parent".*Routed mode requires sysctl net\.ipv4\.conf\.par0\.forwarding=1/);
  await sysctl("ipv4/conf/par0/forwarding=1");
  await start400(/net\.ipv6\.conf\.all\.forwarding=1/);
  await sysctl("ipv6/conf/all/forwarding=1");
  await start400(/net\.ipv6\.conf\.par0\.proxy_ndp=1/);
  await sysctl("ipv6/conf/par0/proxy_ndp=1");
  await start(shared, "web");
});

test("a routed nic has its addresses at once, and is spoken to from the parent's line in both families", {
  skip,
}, async () => {
  await leavesNothing(shared, async () => {
    await launch(shared, "web", { eth0: { ...routed, "ipv4.host_table": "100" } });
    assert.match(await inside(shared, "web", "ip route"), /^default via 169\.254\.0\.1 dev lan0/);
    assert.ok(await reaches(shared, "web", "192.0.2.1"));
    assert.ok(await reaches(shared, "web", "2001:db8::1"));
    await scene.outside.run("busybox", "ping", "-c", "1", "-W", "2", "192.0.2.20");
    await scene.outside.run("busybox", "ping", "-c", "1", "-W", "2", "2001:db8::20");
    assert.match(await shared.daemon.run("ip", "route", "show", "table", "100"), /192\.0\.2\.20/);
    await inside(shared, "web", "ip address add 192.0.2.66/32 dev lan0");
    const ping = "ping -c 1 -W 1 -I 192.0.2.66 192.0.2.2 >/dev/null";
    assert.equal(await inside(shared, "web", `${ping} || echo none`), "none", "nothing comes from another address");
    await stop(shared, "web");
  });
});

test("a routed nic takes no address that somebody on the line has, unless it is told not to ask", {
  skip,
}, async () => {
  for (const [key, address] of [
    ["ipv4", "192.0.2.1"],
    ["ipv6", "2001:db8::1"],
  ] as const) {
    const nic = { type: "nic", nictype: "routed", parent: "par0", [`${key}.address`]: address };
    await make(shared, "web", { eth0: nic });
    await refusesStart(
      shared,
      "web",
      new RegExp(`"${key}.address": IP address "${address}" in use on parent network "par0"`),
    );
    await setDevices(shared, "web", { eth0: { ...nic, [`${key}.neighbor_probe`]: "false" } });
    await start(shared, "web");
    await (await shared.client.deleteInstance("web", { force: true })).wait();
  }
});

test("two routed nics have no address in common", { skip }, async () => {
  await launch(shared, "web", { eth0: routed });
  await make(shared, "late", { eth0: { ...routed, "ipv4.address": "192.0.2.30" } });
  await refusesStart(
    shared,
    "late",
    /"ipv6\.address": IP address "2001:db8::20" already defined on another NIC: the running instance "web"/,
  );
});

test("a routed nic comes to a running container, with subnets behind it, and survives the daemon", {
  skip,
}, async () => {
  await launch(shared, "web", {});
  const nic = {
    type: "nic",
    nictype: "routed",
    name: "lan0",
    "ipv4.address": "203.0.113.5",
    "ipv4.routes": "203.0.113.64/26",
    host_name: "rt0",
    "limits.egress": "10Mbit",
  };
  await setDevices(shared, "web", { lan0: nic });
  await inside(shared, "web", "ip address add 203.0.113.65/32 dev lo");
  await shared.daemon.run("busybox", "ping", "-c", "1", "-W", "2", "203.0.113.65");
  await shared.daemon.kill();
  await shared.daemon.run("ip", "route", "del", "203.0.113.64/26");
  await shared.daemon.start();
  for (let tries = 0; tries < 200 && !(await shared.daemon.run("ip", "route")).includes("203.0.113.64/26"); tries += 1)
    await delay(25);
  await shared.daemon.run("busybox", "ping", "-c", "1", "-W", "2", "203.0.113.65");
  await setDevices(shared, "web", {});
  assert.doesNotMatch(await shared.daemon.run("ip", "route"), /203\.0\.113/);
  assert.equal(await shared.daemon.run("nft", "list", "tables"), "");
});
