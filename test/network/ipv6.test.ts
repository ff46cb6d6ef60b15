/** IPv6 on managed networks, as containers see it: addresses, routes, names, NAT, and what stays after a crash. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { NetworkScene, outside } from "./scene";

const skip = needs("root", "nft", "dnsmasq", "musl-gcc");
const scene = new NetworkScene();
scene.clearedAfterEach();

test("a container of the default network has both families: address, default route, names both ways, the world by NAT", {
  skip,
}, async () => {
  const config = await scene.configOf("bothybr0");
  assert.match(config["ipv6.address"] ?? "", /^fd42:[0-9a-f:]+::1\/64$/);
  assert.deepEqual([config["ipv4.nat"], config["ipv6.nat"]], ["true", "true"]);
  await scene.launch("web", "bothybr0");
  await scene.launch("db", "bothybr0");
  await scene.address4("web");
  const [web, db] = [await scene.address6("web"), await scene.address6("db")];
  const gateway = await scene.gateway("bothybr0", "ipv6");
  assert.equal(web.startsWith(gateway.replace(/:1$/, "")), true, `${web} is in the network of ${gateway}`);
  assert.match(await scene.inside("web", "ip -6 route"), /^default via fe80::/m);
  assert.equal(await scene.isReached("web", gateway), true);
  assert.equal(await scene.isReached("web", db), true);
  // dnsmasq names what SLAAC made once it has seen it answer.
  await until(async () => {
    const told = [
      await scene.resolve("web", "db.lxd", "aaaa", gateway),
      await scene.resolve("db", "web.lxd", "aaaa", gateway),
    ];
    return told[0] === db && told[1] === web;
  });
  assert.match((await scene.resolve("web", "db.lxd", "a", gateway)) ?? "", /^10\./);
  assert.equal(await scene.resolve("web", "_gateway.lxd", "aaaa", gateway), gateway);
  assert.equal(await scene.isReached("web", outside.ipv4), true, "the world, by IPv4");
  assert.equal(await scene.isReached("web", outside.ipv6), true, "the world, by IPv6");
  const leases = await scene.client.getNetworkLeases("bothybr0");
  const of = (hostname: string) =>
    leases.filter((lease) => lease.hostname === hostname).map(({ address, type }) => `${type} ${address}`);
  assert.deepEqual(
    of("bothybr0.gw").map((text) => text.includes(":")),
    [false, true],
  );
  assert.ok(of("web").includes(`dynamic ${web}`), JSON.stringify(leases));
  const state = await scene.client.getNetworkState("bothybr0");
  assert.ok(state.addresses.some(({ family, address }) => family === "inet6" && address === gateway));
});

test("NAT of IPv6 follows its keys while containers run, and routing is switched off for one family alone", {
  skip,
}, async () => {
  await scene.client.createNetwork({
    name: "net6",
    config: { "ipv6.address": "fd42:6:6:6::1/64", "ipv6.nat": "true" },
  });
  await scene.launch("web", "net6");
  await scene.address6("web");
  await scene.address4("web");
  const index = await scene.inside("web", "cat /sys/class/net/eth0/ifindex");
  await scene.reaches("web", outside.ipv6);
  await scene.change("net6", { "ipv6.nat": "false" });
  assert.equal(await scene.isReached("web", outside.ipv6), false, "the world knows no way back");
  await scene.change("net6", {
    "ipv6.nat": "true",
    "ipv6.nat.address": "2001:db8::7",
    "ipv4.nat.address": "192.0.2.7",
  });
  // Only the address that was asked for is let in.
  const rules = "type filter hook input priority 0; ip6 saddr 2001:db8::1 drop; ip saddr 192.0.2.1 drop;";
  await scene.world.run("nft", `table inet only { chain c { ${rules} }; }`);
  assert.equal(await scene.isReached("web", outside.ipv6), true, "its source is the one of ipv6.nat.address");
  assert.equal(await scene.isReached("web", outside.ipv4), true, "its source is the one of ipv4.nat.address");
  await scene.world.run("nft", "delete table inet only");
  await scene.change("net6", { "ipv6.routing": "false" });
  assert.equal(await scene.isReached("web", outside.ipv6), false);
  assert.equal(await scene.isReached("web", outside.ipv4), true);
  assert.equal(await scene.inside("web", "cat /sys/class/net/eth0/ifindex"), index, "the nic is the same one");
});

test("stateful DHCPv6 gives addresses of its ranges, those that nics ask for, and takes them back with the nic", {
  skip,
}, async () => {
  await scene.client.createNetwork({
    name: "net6",
    config: {
      "ipv4.address": "none",
      "ipv6.address": "fd42:6:6:6::1/64",
      "ipv6.dhcp.stateful": "true",
      "ipv6.dhcp.ranges": "fd42:6:6:6::10-fd42:6:6:6::13",
      "dns.domain": "lab.test",
    },
  });
  await scene.launch("web", "net6");
  await scene.launch("db", "net6", { "ipv6.address": "FD42:6:6:6:0::77" });
  await until(async () => /^default/m.test(await scene.inside("web", "ip -6 route")));
  for (const name of ["web", "db"]) await scene.settled6(name);
  assert.deepEqual(await scene.addresses6("web"), [], "no address of its own choice");
  // A client whose name says nothing of its hardware address.
  const web = await scene.ask6("web", "00040000000000000000000000000000beef");
  assert.match(web.address ?? "", /^fd42:6:6:6::1[0-3]$/);
  assert.deepEqual([web.dns, web.domain], ["fd42:6:6:6::1", "lab.test"]);
  const db = await scene.ask6("db", "00040000000000000000000000000000cafe");
  assert.equal(db.address, "fd42:6:6:6::77");
  const leases = async () =>
    (await scene.client.getNetworkLeases("net6")).map(
      ({ hostname, address, type }) => `${hostname} ${address} ${type}`,
    );
  assert.deepEqual(await leases(), [
    "net6.gw fd42:6:6:6::1 gateway",
    "db fd42:6:6:6::77 static",
    `web ${web.address} dynamic`,
  ]);
  assert.equal(await scene.resolve("web", "db.lab.test", "aaaa", "fe80::1%eth0"), undefined);
  await scene.inside("web", `ip address add ${web.address}/64 dev eth0`);
  await scene.address6("web");
  assert.equal(await scene.resolve("web", "db.lab.test", "aaaa", "fd42:6:6:6::1"), db.address);
  await (await scene.client.deleteInstance("web", { force: true })).wait();
  assert.deepEqual(await leases(), ["net6.gw fd42:6:6:6::1 gateway", "db fd42:6:6:6::77 static"]);
  const device = { type: "nic", network: "net6", "ipv6.address": "fd42:6:6:6::77" };
  const source = { type: "image", alias: "template:busybox" };
  await (await scene.client.createInstance({ name: "rival", source, devices: { eth0: device } })).wait();
  await assert.rejects(
    async () => (await scene.client.setInstanceState("rival", { action: "start" })).wait(),
    /fd42:6:6:6::77" already defined on another NIC/,
  );
});

test("after a kill the next daemon finds addresses, rules, leases and routes as they were, each once", {
  skip,
}, async () => {
  const { daemon, client } = scene.shared;
  const config = { "ipv6.address": "fd42:6:6:6::1/64", "ipv6.nat": "true", "ipv6.routes": "fd42:6:9::/64" };
  await client.createNetwork({ name: "net6", config: { ...config, "ipv4.routes": "10.66.0.0/24" } });
  await scene.launch("web", "net6", { "security.ipv6_filtering": "true" });
  await scene.address6("web");
  const found = async () => ({
    rules: [
      await daemon.run("nft", "list", "table", "inet", "bothy_net6"),
      (await daemon.run("nft", "list", "table", "bridge", "bothy_net6")).replace(/ expires \w+/g, ""),
    ],
    addresses: JSON.parse(await daemon.run("ip", "-j", "address", "show", "dev", "net6"))[0].addr_info.map(
      ({ local, prefixlen }: { local: string; prefixlen: number }) => `${local}/${prefixlen}`,
    ),
    routes: [await daemon.run("ip", "-6", "route"), await daemon.run("ip", "-4", "route")],
    dnsmasq: readFileSync(path.join(daemon.dir, "networks/net6/dnsmasq.pid"), "utf8"),
    leases: await client.getNetworkLeases("net6"),
  });
  const before = await found();
  assert.match(before.routes.join(), /fd42:6:9::\/64 dev net6 proto static.*10\.66\.0\.0\/24 dev net6 proto static/s);
  await daemon.kill();
  await daemon.start();
  assert.deepEqual(await found(), before);
  await daemon.kill();
  // As when the host was started anew.
  await daemon.run("nft", "flush", "ruleset");
  for (const route of ["fd42:6:9::/64", "10.66.0.0/24"])
    await daemon.run("ip", "route", "delete", route, "dev", "net6");
  await daemon.run("ip", "address", "delete", "fd42:6:6:6::1/64", "dev", "net6");
  await daemon.start();
  const { rules, addresses, routes } = await found();
  assert.deepEqual([rules, addresses.toSorted(), routes], [before.rules, before.addresses.toSorted(), before.routes]);
  await scene.reaches("web", outside.ipv6);
});
