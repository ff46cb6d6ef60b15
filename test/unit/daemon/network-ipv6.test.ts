/** IPv6 of networks without a kernel: planning, and what dnsmasq, nft and ip are told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dhcpRanges6, dnsmasqArguments } from "../../../daemon/kinds/network/dnsmasq";
import { addressCommands } from "../../../daemon/kinds/network/drivers/bridge-link";
import { hostLine } from "../../../daemon/kinds/network/hosts";
import { parseSubnet6, type Subnet6 } from "../../../daemon/kinds/network/ipv6";
import { parseLeases } from "../../../daemon/kinds/network/leases";
import { hwaddrOf, parseLeases6, releaseMessage6, serverDuidOf } from "../../../daemon/kinds/network/leases6";
import { rulesetOf } from "../../../daemon/kinds/network/nft";
import { freeSubnet6, requireFree6, takenByNetworks6, takenByRoutes6 } from "../../../daemon/kinds/network/plan6";
import { openPort, portRulesetOf } from "../../../daemon/kinds/network/port-rules";
import { networkKeys, rangeReasons } from "../../../sdk/api/config/network";
import { checkConfig } from "../../../sdk/api/config/table";

const subnet = (text: string): Subnet6 => parseSubnet6(text) ?? assert.fail(`${text} is not a subnet`);
const place = (config: Record<string, string>) => ({ name: "net0", path: "/state/networks/net0", config });
const nobody = { user: "nobody", group: "nogroup", gid: 65534 };
const addressed = { "ipv4.address": "none", "ipv6.address": "fd42:1:2:3::1/64" };

/** As `ip -j -6 route show table all` prints them. */
const routes = [
  { dst: "default", gateway: "fe80::1", dev: "eth0" },
  { dst: "2000::/3", dev: "tun0" },
  { dst: "fc00::/7", dev: "vpn" },
  { dst: "2001:db8:1::/64", dev: "eth0" },
  { dst: "fe80::/64", dev: "eth0" },
  { type: "multicast", dst: "ff00::/8", dev: "eth0", table: "local" },
  { type: "local", dst: "2001:db8:1::7", dev: "lo", table: "local" },
  { dst: "fd42:7::/48", dev: "net0" },
];

test("default routes, link-local ones and groups, and the network's own routes leave every IPv6 subnet free", () => {
  assert.deepEqual(
    takenByRoutes6(routes, "net0").map(({ by }) => by),
    ["the route 2001:db8:1::/64 through eth0", "the route 2001:db8:1::7 through lo"],
  );
});

test("a planned IPv6 subnet avoids what is taken, and says so when nothing is left", () => {
  const draws = [1, 2, 3, 1, 2, 4];
  const taken = takenByNetworks6([{ name: "a", config: { "ipv6.address": "fd42:1:2:3::1/64" } }]);
  assert.equal(
    freeSubnet6(taken, () => draws.shift() ?? 0),
    "fd42:1:2:4::1/64",
  );
  assert.throws(() => freeSubnet6(takenByRoutes6([{ dst: "fd42::/16" }], "")), {
    code: "BAD_REQUEST",
    message: /Set ipv6\.address/,
  });
});

test("a chosen IPv6 address is refused with the name of what it overlaps", () => {
  const taken = [
    ...takenByNetworks6([{ name: "lab", config: { "ipv6.address": "fd42:1:2:3::1/64" } }]),
    ...takenByRoutes6(routes, "net0"),
  ];
  requireFree6("net0", "fd42:1:2:4::1/64", taken);
  assert.throws(() => requireFree6("net0", "fd42:1::1/32", taken), /overlaps the network "lab" \(fd42:1:2:3::\/64\)/);
  assert.throws(
    () => requireFree6("net0", "2001:db8:1::9/64", taken),
    /overlaps the route 2001:db8:1::\/64 through eth0/,
  );
});

test("values of IPv6 keys that mean nothing are refused, and ranges have to lie in the subnet", () => {
  for (const [key, value] of [
    ["ipv6.address", "fd42::1"],
    ["ipv6.address", "fd42::/64"],
    ["ipv6.address", "fe80::1/64"],
    ["ipv6.address", "ff02::1/64"],
    ["ipv6.address", "::1/64"],
    ["ipv6.address", "10.1.1.1/24"],
    ["ipv6.address", "fd42::1/128"],
    ["ipv6.dhcp.ranges", "fd42::1"],
    ["ipv6.dhcp.ranges", "10.0.0.1-10.0.0.2"],
    ["ipv6.nat.address", "192.0.2.1"],
    ["ipv6.nat.order", "last"],
    ["ipv6.routes", "fd42:9::1/64"],
    ["ipv6.routes", "fd42:9::/64,10.0.0.0/24"],
    ["ipv4.routes", "10.9.0.1/24"],
  ] as const)
    assert.equal(checkConfig(networkKeys, { [key]: value })[0]?.key, key, `${key}=${value}`);
  const reasons = (ranges: string) => rangeReasons({ ...addressed, "ipv6.dhcp.ranges": ranges }).map(({ key }) => key);
  assert.deepEqual(reasons("fd42:1:2:3::10-fd42:1:2:3::20, fd42:1:2:3::30-fd42:1:2:3::30"), []);
  assert.deepEqual(reasons("fd42:1:2:3::20-fd42:1:2:3::10"), ["ipv6.dhcp.ranges"]);
  assert.deepEqual(reasons("fd42:1:2:3::20-fd42:1:2:4::10"), ["ipv6.dhcp.ranges"]);
});

test("dnsmasq advertises the bridge's prefix, and follows the keys of DHCPv6", () => {
  const ranges = (config: Record<string, string>) =>
    dnsmasqArguments(place({ ...addressed, ...config }), nobody).filter((arg) => arg.startsWith("--dhcp-range"));
  assert.deepEqual(ranges({}), ["--dhcp-range=::,constructor:net0,ra-stateless,ra-names"]);
  assert.deepEqual(ranges({ "dns.mode": "none" }), ["--dhcp-range=::,constructor:net0,ra-stateless"]);
  assert.deepEqual(ranges({ "ipv6.dhcp": "false" }), ["--dhcp-range=::,constructor:net0,ra-only"]);
  const stateful = { "ipv6.dhcp.stateful": "true" };
  assert.deepEqual(ranges(stateful), ["--dhcp-range=fd42:1:2:3::2,fd42:1:2:3:ffff:ffff:ffff:ffff,64,1h"]);
  assert.deepEqual(
    ranges({ ...stateful, "ipv6.dhcp.ranges": "fd42:1:2:3::10-fd42:1:2:3::20", "ipv6.dhcp.expiry": "1d" }),
    ["--dhcp-range=fd42:1:2:3::10,fd42:1:2:3::20,64,1d"],
  );
  assert.deepEqual(ranges({ ...stateful, "ipv6.address": "fd42:1:2:3::1/48" }), ranges(stateful));
  assert.deepEqual(dhcpRanges6(subnet("fd42::5/125"), undefined), [
    ["fd42::1", "fd42::4"],
    ["fd42::6", "fd42::7"],
  ]);
  const advert = (config: Record<string, string>) =>
    dnsmasqArguments(place({ ...addressed, ...config }), nobody).find((arg) => arg.startsWith("--ra-param"));
  assert.equal(advert({}), "--ra-param=net0,mtu:off,600,1800");
  assert.equal(advert({ "bridge.mtu": "1400", "ipv6.routing": "false" }), "--ra-param=net0,mtu:1400,600,0");
});

test("a host entry carries the IPv6 address in brackets", () => {
  const host = { instance: "web", device: "eth0", hwaddr: "00:16:3E:AA:BB:CC", ipv4: "10.1.2.9", ipv6: "fd42::9" };
  assert.equal(hostLine(place({}), host), "00:16:3e:aa:bb:cc,id:*,10.1.2.9,[fd42::9],web");
});

test("rules of both families stand in one table, and each follows its own keys", () => {
  const both = { "ipv4.address": "10.1.2.1/24", "ipv6.address": "fd42:1:2:3::1/64" };
  const nat = rulesetOf("net0", { ...both, "ipv6.nat": "true", "ipv4.nat": "true", "ipv4.nat.order": "after" });
  assert.match(nat, /srcnat - 1;.*\n.*ip6 saddr fd42:1:2:3::\/64 ip6 daddr != fd42:1:2:3::\/64 masquerade/);
  assert.match(nat, /srcnat \+ 1;.*\n.*ip saddr 10\.1\.2\.0\/24 .* masquerade/);
  const named = rulesetOf("net0", { ...both, "ipv6.nat": "true", "ipv6.nat.address": "2001:db8::7" });
  assert.match(named, /snat ip6 to 2001:db8::7/);
  assert.doesNotMatch(named, /masquerade/);
  const open = rulesetOf("net0", { ...both, "ipv6.firewall": "false" });
  assert.match(open, /nfproto ipv4 accept/);
  assert.doesNotMatch(open, /nfproto ipv6/);
  const halved = rulesetOf("net0", { ...both, "ipv4.firewall": "false", "ipv6.routing": "false" });
  assert.doesNotMatch(halved, /nfproto ipv4/);
  assert.match(halved, /iifname "net0" meta nfproto ipv6 drop/);
  assert.equal(rulesetOf("net0", { "ipv4.address": "none", "ipv6.address": "none" }), "table inet bothy_net0 {\n}\n");
});

test("a port hears no claim of the router's addresses, and a filtered one only its own", () => {
  const config = { ...addressed, "volatile.bridge.hwaddr": "00:16:3e:00:00:01" };
  const guest = portRulesetOf("net0", config);
  assert.match(guest, /ip6 saddr \{ fd42:1:2:3::1, fe80::216:3eff:fe00:1 \} drop/);
  assert.match(guest, /@th,64,128 0xfd420001000200030000000000000001 drop/);
  assert.match(guest, /nd-router-advert/);
  const port = { instance: "web", hostName: "veth0", hwaddr: "00:16:3E:00:00:0F" };
  assert.doesNotMatch(openPort("net0", config, port), /ip6 saddr/);
  const filtered = (ipv6: string) => openPort("net0", config, { ...port, filters: { ipv6 } });
  assert.match(filtered("own"), /ip6 saddr != \{ ::, fd42:1:2:3:216:3eff:fe00:f, fe80::216:3eff:fe00:f \} drop/);
  assert.match(filtered("fd42:1:2:3::9"), /ip6 saddr != \{ ::, fd42:1:2:3::9, /);
  assert.match(filtered("none"), /meta protocol ip6 drop/);
  assert.match(filtered("own"), /ether saddr != 00:16:3e:00:00:0f drop/);
});

test("the bridge has its address and its link-local one, and later only what differs is changed", () => {
  const config = { ...addressed, "volatile.bridge.hwaddr": "00:16:3e:00:00:01", "ipv6.routes": "fd42:9::/64" };
  assert.equal(
    addressCommands(place(config), undefined),
    "address replace fd42:1:2:3::1/64 scope global nodad dev net0\n" +
      "address replace fe80::216:3eff:fe00:1/64 scope link nodad dev net0\n" +
      "link set dev net0 up\n" +
      "route replace fd42:9::/64 dev net0 proto static\n",
  );
  const counters = { bytes: 0, packets: 0, errors: 0, dropped: 0 };
  const addr_info = [
    { family: "inet6", local: "fd42:1:2:3::1", prefixlen: 64, scope: "global" },
    { family: "inet6", local: "fe80::216:3eff:fe00:1", prefixlen: 64, scope: "link" },
  ];
  const link = {
    ifname: "net0",
    flags: ["BROADCAST", "UP"],
    mtu: 1500,
    address: "00:16:3e:00:00:01",
    link_type: "ether",
    linkinfo: {},
    addr_info,
    stats64: { rx: counters, tx: counters },
  };
  assert.equal(addressCommands(place(config), link, [{ dst: "fd42:9::/64" }]), "");
  const moved = { ...config, "ipv6.address": "fd42:1:2:4::1/64", "ipv6.routes": "" };
  assert.equal(
    addressCommands(place(moved), link, [{ dst: "fd42:9::/64" }]),
    "address del fd42:1:2:3::1/64 dev net0\n" +
      "address replace fd42:1:2:4::1/64 scope global nodad dev net0\n" +
      "route del fd42:9::/64 dev net0 proto static\n",
  );
});

test("leases of DHCPv6 are read beside those of IPv4, and a release names lease, client and server", () => {
  const text =
    "1795305697 00:16:3e:aa:bb:cc 10.1.2.9 web ff:01:02\n" +
    "duid 00:01:00:01:32:9d:1c:44:00:16:3e:88:3d:e1\n" +
    "1795305697 7 fd42:1:2:3::9 web 00:03:00:01:00:16:3e:aa:bb:cc\n" +
    "1795305697 T8 fd42:1:2:3::a * 00:04:01\n" +
    "1795305697 4026531840 fd42:1:2:3::b * 00:04:01:02\n";
  assert.equal(parseLeases(text).length, 1);
  const leases = parseLeases6(text);
  assert.deepEqual(leases, [
    { iaid: 7, address: "fd42:1:2:3::9", hostname: "web", duid: "00:03:00:01:00:16:3e:aa:bb:cc" },
    { iaid: 4026531840, address: "fd42:1:2:3::b", hostname: "", duid: "00:04:01:02" },
  ]);
  const [first = assert.fail("no lease"), second = assert.fail("no second lease")] = leases;
  assert.equal(hwaddrOf(first), "00:16:3e:aa:bb:cc");
  assert.equal(hwaddrOf(second), undefined);
  assert.equal(hwaddrOf({ ...first, duid: "00:01:00:01:32:9d:1c:44:00:16:3e:88:3d:e1" }), "00:16:3e:88:3d:e1");
  const server = serverDuidOf(text) ?? assert.fail("the server has no name");
  const message = releaseMessage6(server, second).toString("hex");
  assert.match(message, /^08.{6}0001000400040102/);
  assert.match(message, /0002000e00010001329d1c4400163e883de1/);
  assert.match(message, /00030028f0000000.{16}00050018fd42000100020003000000000000000b/);
});
