/** Keys of bridges, by what packets do: routers and domains that DHCP tells, routes, interfaces of the host, tunnels, and what isolates networks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../sdk/api/common";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { CabledScene, outside } from "./cabled-scene";

const skip = needs("root", "nft", "dnsmasq", "musl-gcc");
const scene = new CabledScene();
scene.clearedAfterEach();

const create = (name: string, config: Config) =>
  scene.client.createNetwork({ name, config: { "ipv6.address": "none", ...config } });

test("DHCP tells the router and the domains that the keys name, and a change reaches the guests at their next question", {
  skip,
}, async () => {
  await create("net8", {
    "ipv4.address": "10.88.8.1/24",
    "ipv4.dhcp.gateway": "10.88.8.9",
    "dns.search": "lab.example, example",
  });
  await scene.launch("web", "net8");
  await scene.address4("web");
  assert.match(await scene.inside("web", "ip route"), /^default via 10\.88\.8\.9 /m);
  const told = "udhcpc -n -q -i eth0 -O search -s /root/told 2>/dev/null";
  await scene.client.putFile(
    "web",
    "/root/told",
    Buffer.from('#!/bin/sh\n[ "$1" = bound ] && echo "$router $search"\n'),
    {
      mode: 0o755,
    },
  );
  assert.equal(await scene.inside("web", told), "10.88.8.9 lab.example example");
  await scene.change("net8", { "ipv4.dhcp.gateway": "", "dns.search": "" });
  assert.match(await scene.inside("web", told), /^10\.88\.8\.1\b/);
});

test("routes lead to what is behind a guest, and go when they are taken out", { skip }, async () => {
  await create("net8", { "ipv4.address": "10.88.8.1/24", "ipv6.address": "fd42:8:8:8::1/64" });
  await scene.launch("router", "net8");
  await scene.address4("router");
  await scene.address6("router");
  await scene.inside("router", "ip address add 10.88.9.1/32 dev eth0; ip address add fd42:8:8:9::1/128 dev eth0");
  const reached = (address: string) =>
    scene.shared.daemon.run("sh", "-c", `busybox ping -c 1 -W 1 ${address} >/dev/null && echo yes || echo no`);
  assert.equal((await reached("10.88.9.1")).trim(), "no");
  await scene.change("net8", { "ipv4.routes": "10.88.9.0/24", "ipv6.routes": "fd42:8:8:9::/64" });
  for (const address of ["10.88.9.1", "fd42:8:8:9::1"])
    await until(async () => (await reached(address)).trim() === "yes");
  await scene.change("net8", { "ipv4.routes": "", "ipv6.routes": "" });
  for (const address of ["10.88.9.1", "fd42:8:8:9::1"]) assert.equal((await reached(address)).trim(), "no", address);
});

test("an interface of the host joins the bridge and leaves it while containers run", { skip }, async () => {
  const { daemon } = scene.shared;
  await create("net8", { "ipv4.address": "10.88.8.1/24" });
  await scene.launch("web", "net8");
  const web = await scene.address4("web");
  await daemon.run(
    "ip",
    "link",
    "add",
    "vtest-a",
    "type",
    "veth",
    "peer",
    "name",
    "vtest-b",
    "netns",
    String(scene.world.pid),
  );
  await scene.world.run("ip", "address", "add", "10.88.8.200/24", "dev", "vtest-b");
  await scene.world.run("ip", "link", "set", "dev", "vtest-b", "up");
  const reached = async () =>
    (await scene.world.run("sh", "-c", `busybox ping -c 1 -W 1 ${web} >/dev/null && echo yes || echo no`)).trim();
  assert.equal(await reached(), "no");
  await scene.change("net8", { "bridge.external_interfaces": "vtest-a" });
  await until(async () => (await reached()) === "yes");
  await daemon.kill();
  await daemon.run("ip", "link", "set", "dev", "vtest-a", "nomaster");
  await daemon.start();
  await until(async () => (await reached()) === "yes");
  await scene.change("net8", { "bridge.external_interfaces": "" });
  assert.equal(await reached(), "no");
  assert.equal(await scene.isReached("web", "10.88.8.1"), true, "the container was not dropped");
  await daemon.run("ip", "link", "delete", "dev", "vtest-a");
});

test("a tunnel joins the bridge with one on another host, once, and goes with its key", { skip }, async () => {
  const { daemon } = scene.shared;
  const tunnel = { "tunnel.far.protocol": "vxlan", "tunnel.far.local": "192.0.2.1", "tunnel.far.remote": outside.ipv4 };
  await create("net8", { "ipv4.address": "10.88.8.1/24", ...tunnel, "tunnel.far.id": "7" });
  await scene.launch("web", "net8");
  const web = await scene.address4("web");
  assert.equal(await scene.inside("web", "cat /sys/class/net/eth0/mtu"), "1400", "room for what a tunnel adds");
  const far = ["id", "7", "local", outside.ipv4, "remote", "192.0.2.1", "dstport", "8472"];
  await scene.world.run("ip", "link", "add", "dev", "vx7", "type", "vxlan", ...far);
  await scene.world.run("ip", "address", "add", "10.88.8.200/24", "dev", "vx7");
  await scene.world.run("ip", "link", "set", "dev", "vx7", "mtu", "1400", "up");
  const reached = async () =>
    (await scene.world.run("sh", "-c", `busybox ping -c 1 -W 1 ${web} >/dev/null && echo yes || echo no`)).trim();
  await until(async () => (await reached()) === "yes");
  const index = async () => JSON.parse(await daemon.run("ip", "-j", "link", "show", "dev", "net8-far"))[0].ifindex;
  const before = await index();
  await daemon.kill();
  await daemon.start();
  assert.equal(await index(), before, "the next daemon finds it again");
  await scene.change("net8", { "tunnel.far.id": "8" });
  assert.equal(await reached(), "no", "another number is another network");
  await scene.change("net8", { "tunnel.far.id": "7" });
  await until(async () => (await reached()) === "yes");
  await scene.change("net8", Object.fromEntries([...Object.keys(tunnel), "tunnel.far.id"].map((key) => [key, ""])));
  assert.doesNotMatch(await daemon.run("ip", "link"), /net8-far/);
  await scene.world.run("ip", "link", "delete", "dev", "vx7");
});

test("a tunnel of gre is made where the kernel has such, and refused with the reason elsewhere", { skip }, async () => {
  const ends = ["local", "192.0.2.1", "remote", outside.ipv4];
  const probe = `ip link add dev probe0 type gretap ${ends.join(" ")} && ip link delete dev probe0`;
  const isThere = (await scene.shared.daemon.run("sh", "-c", `(${probe}) 2>/dev/null && echo yes || echo no`)).trim();
  const tunnel = { "tunnel.g.protocol": "gre", "tunnel.g.local": "192.0.2.1", "tunnel.g.remote": outside.ipv4 };
  if (isThere === "no") {
    await assert.rejects(create("net8", tunnel), /no interfaces of the type gretap/);
    assert.doesNotMatch(await scene.shared.daemon.run("ip", "-o", "link"), /net8/);
    return;
  }
  await create("net8", tunnel);
  assert.match(await scene.shared.daemon.run("ip", "-d", "link", "show", "master", "net8"), /net8-g.*gretap remote/s);
});

test("networks do not hear each other, and without routing they do not reach each other either", { skip }, async () => {
  await create("net8", { "ipv4.address": "10.88.8.1/24", "ipv6.address": "fd42:8:8:8::1/64" });
  await create("net9", { "ipv4.address": "10.88.9.1/24", "ipv6.address": "fd42:8:8:9::1/64" });
  await scene.launch("here", "net8");
  await scene.launch("there", "net9");
  const there = [await scene.address4("there"), await scene.address6("there")];
  await scene.address4("here");
  await scene.address6("here");
  assert.equal(await scene.resolve("here", "there.lxd", "a", "10.88.8.1"), undefined, "names are of a network");
  for (const address of there) await scene.reaches("here", address);
  const closed = { "ipv4.routing": "false", "ipv6.routing": "false" };
  await scene.change("net9", closed);
  for (const address of there) assert.equal(await scene.isReached("here", address), false, address);
  // On the other's link, as if there were no bridges between them.
  await scene.inside("here", "ip address add 10.88.9.77/24 dev eth0");
  assert.equal(await scene.isReached("here", there[0] ?? ""), false);
  await scene.change("net9", { "ipv4.routing": "", "ipv6.routing": "" });
  await scene.inside("here", "ip address del 10.88.9.77/24 dev eth0");
  for (const address of there) await scene.reaches("here", address);
});

test("with security.ipv4_filtering a guest keeps the address that it gets, under the next daemon too", {
  skip,
}, async () => {
  const { daemon, client } = scene.shared;
  await create("net8", { "ipv4.address": "10.88.8.1/24" });
  await scene.launch("web", "net8", { "security.ipv4_filtering": "true" });
  const own = await scene.address4("web");
  const leases = async () =>
    (await client.getNetworkLeases("net8")).filter(({ hostname }) => hostname === "web").map(({ address }) => address);
  assert.deepEqual(await leases(), [own]);
  await scene.inside("web", "ip address add 10.88.8.222/24 dev eth0");
  const isHeard = async (from: string) =>
    / 1 packets received/.test(await scene.inside("web", `ping -c 1 -W 1 -I ${from} 10.88.8.1`));
  assert.deepEqual([await isHeard(own), await isHeard("10.88.8.222")], [true, false]);
  await daemon.kill();
  await daemon.run("nft", "flush", "ruleset");
  await daemon.start();
  assert.deepEqual([await isHeard(own), await isHeard("10.88.8.222")], [true, false]);
  await (await client.setInstanceState("web", { action: "restart", force: true })).wait();
  assert.equal(await scene.address4("web"), own);
  const { value } = await client.getInstance("web");
  const change = async (eth0: Config) => {
    await (await client.updateInstance("web", { ...value, devices: { eth0: { type: "nic", ...eth0 } } })).wait();
  };
  await change({ network: "net8", "security.ipv4_filtering": "true", "ipv4.address": "none" });
  await scene.inside("web", `ip link set eth0 up; ip address add ${own}/24 dev eth0`);
  assert.equal(await isHeard(own), false);
  await assert.rejects(change({ network: "net8", "ipv4.address": "none" }), /ipv4\.address as none unless/);
  await daemon.run("ip", "link", "add", "dev", "vtest-br", "type", "bridge");
  const onHosts = { nictype: "bridged", parent: "vtest-br" };
  await assert.rejects(
    change({ ...onHosts, "security.ipv6_filtering": "true" }),
    /IPv6 filtering requires a manually specified ipv6\.address when using an unmanaged parent bridge/,
  );
  await daemon.run("ip", "link", "delete", "dev", "vtest-br");
});

const wrong: readonly (readonly [Config, RegExp])[] = [
  [{ "ipv4.address": "10.88.8.129/25" }, /ipv4\.address.*overlaps the network "net8"/],
  [{ "ipv6.address": "fd42:8:8::1/48" }, /ipv6\.address.*overlaps the network "net8"/],
  [{ "ipv4.address": "192.0.2.129/25" }, /ipv4\.address.*overlaps the route/],
  [{ "ipv6.address": "2001:db8::9/64" }, /ipv6\.address.*overlaps the route/],
  [{ "ipv4.address": "10.88.9.1/24", "ipv4.dhcp.ranges": "10.88.9.20-10.88.9.10" }, /ipv4\.dhcp\.ranges.*not a range/],
  [{ "ipv6.address": "fd42:9::1/64", "ipv6.dhcp.ranges": "fd42:9::9-fd42:9::1" }, /ipv6\.dhcp\.ranges.*not a range/],
  [{ "ipv6.address": "fd42:9::1/64", "ipv6.dhcp.ranges": "fd43::1-fd43::9" }, /ipv6\.dhcp\.ranges.*not a range/],
  [{ "ipv4.address": "10.88.9.1/24", "ipv4.dhcp.gateway": "10.88.7.1" }, /ipv4\.dhcp\.gateway.*outside the subnet/],
  [{ "ipv4.routes": "10.88.8.0/30" }, /ipv4\.routes.*overlaps the network "net8"/],
  [{ "ipv6.routes": "fd42:8:8:8:1::/80" }, /ipv6\.routes.*overlaps the network "net8"/],
  [{ "ipv4.address": "10.88.9.1/24", "ipv4.routes": "10.88.9.128/25" }, /ipv4\.routes.*own subnet/],
  [{ "dns.search": "lab example" }, /dns\.search/],
  [{ "dns.search": "lab,example..org" }, /dns\.search/],
  [{ "dns.domain": "lab..example" }, /dns\.domain/],
  [{ "raw.dnsmasq": "domain-needed\nnosuch=1" }, /raw\.dnsmasq.*bad option at line 2/],
  [{ "bridge.hwaddr": "00:00:00:00:00:00" }, /bridge\.hwaddr/],
  [{ "security.acls": "nosuch" }, /security\.acls.*"nosuch"/],
  [{ "bridge.driver": "openvswitch" }, /bridge\.driver.*Open vSwitch/],
  [{ "bridge.mode": "fan" }, /bridge\.mode.*Ubuntu/],
  [{ "fan.type": "ipip" }, /fan\.type.*Ubuntu/],
  [{ "bridge.external_interfaces": "nosuch0" }, /bridge\.external_interfaces.*no interface of that name/],
  [{ "bridge.external_interfaces": "vtest-up" }, /bridge\.external_interfaces.*Only unconfigured/],
  [{ "bridge.external_interfaces": "net8" }, /bridge\.external_interfaces.*the network "net8" has it/],
  [{ "tunnel.a.local": "192.0.2.1" }, /tunnel\.a\.protocol.*needs one/],
  [{ "tunnel.a.protocol": "gre", "tunnel.a.local": "192.0.2.1" }, /tunnel\.a\.remote.*needs it/],
  [{ "tunnel.a.protocol": "vxlan", "tunnel.a.group": "239.0.0.9" }, /tunnel\.a\.interface.*no default route/],
  [{ "tunnel.a.protocol": "vxlan", "tunnel.a.interface": "nosuch0" }, /tunnel\.a\.interface.*no interface "nosuch0"/],
  [{ "tunnel.twelveletter.protocol": "vxlan" }, /tunnel\.twelveletter\.protocol.*15 letters/],
  [{ "tunnel.a.port": "70000" }, /tunnel\.a\.port/],
  [{ "tunnel.a.ttl": "0" }, /tunnel\.a\.ttl/],
  [{ "tunnel.a.nothing": "1" }, /tunnel\.a\.nothing/],
  [{ "bgp.peers.a.address": "nowhere" }, /bgp\.peers\.a\.address/],
  [{ "bgp.peers.a.asn": "0" }, /bgp\.peers\.a\.asn/],
];

test("what cannot be is refused with the name of the key, and leaves nothing behind", { skip }, async () => {
  await create("net8", { "ipv4.address": "10.88.8.1/24", "ipv6.address": "fd42:8:8:8::1/64" });
  const known = { "ipv4.address": "10.88.10.1/24", "ipv6.address": "none" };
  await scene.client.createNetwork({ name: "known", config: known });
  const before = await scene.configOf("known");
  await scene.shared.unchanged(async () => {
    for (const [config, message] of wrong)
      for (const [method, url] of [
        ["POST", "/1.0/networks"],
        ["PATCH", "/1.0/networks/known"],
      ] as const) {
        const { status, error } = await scene.shared.outcome(method, url, { name: "net9", config });
        assert.equal(status, 400, `${method} ${JSON.stringify(config)}: ${error}`);
        assert.match(error, message);
      }
  });
  assert.deepEqual(await scene.configOf("known"), before);
  // As LXD does without a number of its own, it keeps them.
  const peer = { "bgp.peers.a.address": "192.0.2.9", "bgp.peers.a.asn": "65001", "bgp.peers.a.password": "hush" };
  await scene.change("known", peer);
  assert.equal((await scene.configOf("known"))["bgp.peers.a.asn"], "65001");
});
