/** Networks of the types macvlan, physical and sriov, and what nics and networks are refused. */
import assert from "node:assert/strict";
import test from "node:test";
import { needs } from "../support/needs";
import { clearedAfterEach } from "../support/shared-daemon";
import {
  inside,
  launch,
  leavesNothing,
  linksOf,
  make,
  networkScene,
  reaches,
  refusesStart,
  setDevices,
  start,
  stop,
} from "./scene";

const skip = needs("root");

const scene = networkScene(["par0", "par1"], async ({ shared: { client }, outside }) => {
  await outside.cable("par0", "out0", "192.0.2.1/24");
  await outside.cable("par1", "out1", "198.51.100.1/24");
  await client.createNetwork({ name: "mv0", type: "macvlan", config: { parent: "par0", mtu: "1400" } });
  await client.createNetwork({ name: "ph0", type: "physical", config: { parent: "par1" } });
  await client.createNetwork({ name: "sr0", type: "sriov", config: { parent: "par0" } });
  await client.createNetwork({ name: "br0", type: "bridge", config: { "ipv4.address": "10.99.8.1/24" } });
});
const { shared } = scene;
clearedAfterEach(shared);

const on = (network: string, more = {}) => ({ type: "nic", network, name: "lan0", ...more });

test("a nic of a macvlan network stands on its parent, with what the network says", { skip }, async () => {
  await launch(shared, "web", { eth0: on("mv0") });
  assert.equal(await inside(shared, "web", "cat /sys/class/net/lan0/mtu"), "1400");
  await inside(shared, "web", "ip address add 192.0.2.20/24 dev lan0");
  assert.ok(await reaches(shared, "web", "192.0.2.1"));
  assert.deepEqual((await shared.client.getNetwork("mv0")).value.used_by, ["/1.0/instances/web"]);
  await assert.rejects(shared.client.deleteNetwork("mv0"), /The network is currently in use/);
  const put = (config: Record<string, string>) => shared.client.updateNetwork("mv0", { description: "", config });
  await assert.rejects(put({ parent: "par1" }), { code: "BAD_REQUEST", message: /"parent".*running instance "web"/ });
  await put({ parent: "par0", mtu: "1300" });
  await stop(shared, "web");
  await start(shared, "web");
  assert.equal(await inside(shared, "web", "cat /sys/class/net/lan0/mtu"), "1300");
  await put({ parent: "par0", mtu: "1400" });
});

test("a nic of a physical network is its parent, which comes back", { skip }, async () => {
  const before = await linksOf(shared, "dev", "par1");
  await launch(shared, "web", { eth0: on("ph0") });
  await inside(shared, "web", "ip address add 198.51.100.20/24 dev lan0");
  assert.ok(await reaches(shared, "web", "198.51.100.1"));
  await shared.daemon.kill();
  await shared.daemon.start();
  assert.equal((await shared.client.getNetwork("ph0")).value.status, "Created");
  await setDevices(shared, "web", {});
  assert.equal(await linksOf(shared, "dev", "par1"), before);
});

test("a nic of an SR-IOV network wants a card with virtual functions", { skip }, async () => {
  await make(shared, "web", { eth0: on("sr0") });
  await refusesStart(shared, "web", /"eth0".*"parent": Parent device "par0" doesn't support SR-IOV/);
});

test("such a network is shown like others, and has neither leases nor an interface of its own", { skip }, async () => {
  const { value } = await shared.client.getNetwork("ph0");
  assert.deepEqual([value.type, value.managed, value.config], ["physical", true, { parent: "par1" }]);
  assert.equal((await shared.send("GET", "/1.0/networks/mv0/state")).status, 404);
  assert.equal((await shared.send("GET", "/1.0/networks/mv0/leases")).status, 501);
  const host = (await shared.client.listNetworks()).find(({ name }) => name === "par0");
  assert.deepEqual([host?.managed, host?.type], [false, "unknown"]);
  await shared.client.createNetwork({ name: "mv1", type: "macvlan", config: { parent: "par0", "user.x": "y" } });
  await shared.client.renameNetwork("mv1", "mv2");
  await shared.client.deleteNetwork("mv2");
});

const wrongNetworks: readonly [type: string, config: Record<string, string>, message: RegExp, name?: string][] = [
  ["macvlan", {}, /option "parent": Required value/],
  ["physical", {}, /option "parent": Required value/],
  ["sriov", {}, /option "parent": Required value/],
  ["macvlan", { parent: "nosuch" }, /"parent".*Parent interface "nosuch" not found/],
  ["sriov", { parent: "nosuch" }, /"parent".*Parent interface "nosuch" not found/],
  ["macvlan", { parent: "waytoolonginterfacename" }, /parent.*15/],
  ["macvlan", { parent: "par0" }, /name.*15/i, "waytoolonginterfacename"],
  ["macvlan", { parent: "par0", vlan: "4095" }, /vlan.*4094/],
  ["macvlan", { parent: "par0", vlan: "none" }, /"vlan"/],
  ["macvlan", { parent: "longinterface0", vlan: "4000" }, /"vlan".*15 characters/],
  ["macvlan", { parent: "par0", mtu: "x" }, /mtu/],
  ["macvlan", { parent: "par0", gvrp: "x" }, /gvrp/],
  ["macvlan", { parent: "par0", "ipv4.address": "auto" }, /Invalid option .*"ipv4.address"/],
  ["sriov", { parent: "par0", gvrp: "true" }, /Invalid option .*"gvrp"/],
  ["bridge", { parent: "par0" }, /Invalid option .*"parent"/],
  ["physical", { parent: "par1" }, /"parent".*in use by another network, "ph0"/],
  ["macvlan", { parent: "par1" }, /"parent".*in use by another network, "ph0"/],
];

async function refuses(url: string, body: object, message: RegExp): Promise<void> {
  const told = await shared.outcome("POST", url, body);
  assert.equal(told.status, 400, `${JSON.stringify(body)}: ${JSON.stringify(told)}`);
  assert.match(told.error, message);
}

test("a network that cannot be is refused with its key, and leaves nothing", { skip }, async () => {
  await shared.unchanged(async () => {
    for (const [type, config, message, name = "new0"] of wrongNetworks)
      await refuses("/1.0/networks", { name, type, config }, message);
  });
});

const nictype = (type: string, more: Record<string, string> = {}) => ({
  type: "nic",
  nictype: type,
  parent: "par0",
  ...more,
});

const wrongNics: readonly [nic: Record<string, string>, message: RegExp][] = [
  [{ type: "nic", nictype: "macvlan" }, /parent/],
  [nictype("macvlan", { parent: "waytoolonginterfacename" }), /parent: .*15/],
  [nictype("macvlan", { name: "waytoolonginterfacename" }), /name: .*15/],
  [nictype("macvlan", { vlan: "4095" }), /vlan: .*4094/],
  [nictype("macvlan", { vlan: "none" }), /"vlan"/],
  [nictype("macvlan", { parent: "longinterface0", vlan: "4000" }), /"vlan".*15 characters/],
  [nictype("macvlan", { gvrp: "true" }), /"gvrp"/],
  [nictype("macvlan", { host_name: "x0" }), /"host_name"/],
  [nictype("macvlan", { "limits.max": "1Mbit" }), /"limits.max"/],
  [nictype("ipvlan", { "boot.priority": "1" }), /"boot.priority"/],
  [nictype("ipvlan", { mode: "l3" }), /mode: .*l3s, l2/],
  [nictype("ipvlan", { "ipv4.address": "192.0.2.5/24" }), /"ipv4.address"/],
  [nictype("ipvlan", { mode: "l2", "ipv4.address": "192.0.2.5" }), /"ipv4.address"/],
  [nictype("ipvlan", { mode: "l2", "ipv4.address": "192.0.2.5/24", "ipv4.gateway": "auto" }), /"ipv4.gateway"/],
  [nictype("ipvlan", { "ipv6.address": "2001:db8::5", "ipv6.gateway": "2001:db8::1" }), /"ipv6.gateway"/],
  [nictype("routed", { "ipv4.gateway": "x" }), /ipv4.gateway/],
  [nictype("routed", { "ipv4.address": "192.0.2.5,192.0.2.5" }), /"ipv4.address".*twice/],
  [nictype("routed", { "ipv4.host_address": "x" }), /ipv4.host_address/],
  [nictype("routed", { "ipv6.host_address": "192.0.2.1" }), /ipv6.host_address/],
  [nictype("routed", { "ipv6.host_table": "-1" }), /ipv6.host_table/],
  [nictype("routed", { "ipv4.neighbor_probe": "x" }), /ipv4.neighbor_probe/],
  [nictype("routed", { "ipv6.neighbor_probe": "x" }), /ipv6.neighbor_probe/],
  [nictype("routed", { "ipv6.routes": "2001:db8:1::/64" }), /ipv6.routes requires ipv6.address to be set/],
  [nictype("routed", { parent: "", vlan: "10" }), /"vlan".*combined with a parent interface/],
  [nictype("physical", { "security.mac_filtering": "true" }), /"security.mac_filtering"/],
  [nictype("bridged", { vlan: "10", "vlan.tagged": "9-11" }), /"vlan.tagged".*"10"/],
  [nictype("bridged", { "vlan.tagged": "20-10" }), /vlan.tagged/],
  [nictype("bridged", { "security.port_isolation": "x" }), /security.port_isolation/],
  [nictype("bridged", { "security.ipv4_filtering": "true" }), /ipv4.address/],
  [nictype("bridged", { "ipv4.address": "192.0.2.5" }), /ipv4.address/],
  [
    { type: "nic", network: "br0", "ipv4.address": "none" },
    /Cannot have ipv4.address as none unless using security.ipv4_filtering/,
  ],
  [{ type: "nic", network: "mv0", vlan: "10" }, /"vlan" property in conjunction with "network"/],
  [{ type: "nic", network: "mv0", "ipv4.address": "192.0.2.5" }, /"ipv4.address"/],
  [{ type: "nic", network: "ph0", "limits.ingress": "1Mbit" }, /"limits.ingress"/],
];

test("a nic that cannot be is refused with its option, and leaves nothing", { skip }, async () => {
  const source = { type: "image", alias: "template:busybox" };
  await shared.unchanged(async () => {
    for (const [eth0, message] of wrongNics)
      await refuses("/1.0/instances", { name: "new0", source, devices: { eth0 } }, message);
  });
});

test("two nics of an instance are not one interface", { skip }, async () => {
  await make(shared, "web", { eth0: nictype("physical"), eth1: nictype("macvlan") });
  await refusesStart(shared, "web", /"parent": the device "eth1" of the instance has "par0" too/);
  await setDevices(shared, "web", {
    eth0: nictype("macvlan", { hwaddr: "00:16:3e:00:00:61" }),
    eth1: nictype("macvlan", { hwaddr: "00:16:3e:00:00:61" }),
  });
  await leavesNothing(shared, async () => refusesStart(shared, "web", /"hwaddr": MAC address .* of the instance/));
});

test("a network that is no bridge has neither forwards nor peers", { skip }, async () => {
  const listen = { listen_address: "192.0.2.9" };
  for (const network of ["mv0", "ph0", "sr0"]) {
    const type = { mv0: "macvlan", ph0: "physical", sr0: "sriov" }[network];
    const url = `/1.0/networks/${network}`;
    const words = (what: string) => new RegExp(`^Network driver "${type}" does not support ${what}`);
    await shared.refuses("GET", `${url}/forwards`, undefined, 400, words("forwards"));
    await shared.refuses("POST", `${url}/forwards`, listen, 400, words("forwards"));
    await shared.refuses("GET", `${url}/peers`, undefined, 400, words("peering"));
  }
});
