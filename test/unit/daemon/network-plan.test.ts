/** Networks without a kernel: planning, configuration, and what dnsmasq, nft and ip are told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dhcpRanges, dnsmasqArguments } from "../../../daemon/kinds/network/dnsmasq";
import { addressCommands, bridgeCommands } from "../../../daemon/kinds/network/drivers/bridge-link";
import { hostLine } from "../../../daemon/kinds/network/hosts";
import { overlaps, parseSubnet, type Subnet, subnetText } from "../../../daemon/kinds/network/ipv4";
import { parseLeases, releaseMessage } from "../../../daemon/kinds/network/leases";
import { rulesetOf } from "../../../daemon/kinds/network/nft";
import { freeSubnet, requireFree, takenByNetworks, takenByRoutes } from "../../../daemon/kinds/network/plan";
import { networkKeys } from "../../../sdk/api/config/network";
import { checkConfig } from "../../../sdk/api/config/table";

const subnet = (text: string): Subnet => parseSubnet(text) ?? assert.fail(`${text} is not a subnet`);
const place = (config: Record<string, string>) => ({ name: "net0", path: "/state/networks/net0", config });
const addressed = { "ipv4.address": "10.1.2.1/24" };

/** As `ip -j -4 route show table all` prints them. */
const routes = [
  { dst: "default", gateway: "192.0.2.1", dev: "eth0" },
  { dst: "0.0.0.0/1", dev: "tun0" },
  { dst: "192.0.2.0/24", dev: "eth0" },
  { type: "local", dst: "192.0.2.2", dev: "eth0", table: "local" },
  { type: "blackhole", dst: "172.16.0.0/12" },
  { dst: "10.7.0.0/16", dev: "net0" },
];

test("subnets overlap when one holds the other, whichever is wider", () => {
  assert.equal(overlaps(subnet("10.0.0.0/8"), subnet("10.200.3.1/24")), true);
  assert.equal(overlaps(subnet("10.200.3.1/24"), subnet("10.0.0.0/8")), true);
  assert.equal(overlaps(subnet("10.0.0.1/25"), subnet("10.0.0.129/25")), false);
  assert.equal(overlaps(subnet("255.255.255.255/32"), subnet("255.255.255.0/24")), true);
  assert.equal(subnetText(subnet("192.168.77.9/20")), "192.168.64.0/20");
});

test("default routes, also halved ones, and the network's own routes leave every subnet free", () => {
  const taken = takenByRoutes(routes, "net0").map(({ by }) => by);
  assert.deepEqual(taken, [
    "the route 192.0.2.0/24 through eth0",
    "the route 192.0.2.2 through eth0",
    "the route 172.16.0.0/12",
  ]);
});

test("a planned subnet avoids what is taken and holds the bridge as its first host", () => {
  const draws = [5 * 256 + 6, 5 * 256 + 6, 9 * 256 + 1];
  const random = () => draws.shift() ?? 0;
  const taken = takenByNetworks([{ name: "a", config: { "ipv4.address": "10.5.6.1/24" } }]);
  assert.equal(freeSubnet(taken, random), "10.9.1.1/24");
});

test("planning goes on in the smaller private ranges when 10.0.0.0/8 is routed, and says so when nothing is left", () => {
  const ten = takenByRoutes([{ dst: "10.0.0.0/8", dev: "vpn" }], "net0");
  assert.equal(freeSubnet(ten), "172.16.0.1/24");
  const more = [...ten, ...takenByRoutes(routes, "net0")];
  assert.equal(freeSubnet(more), "192.168.0.1/24");
  assert.throws(() => freeSubnet([...more, ...takenByRoutes([{ dst: "192.168.0.0/16" }], "")]), {
    code: "BAD_REQUEST",
    message: /every private \/24 overlaps/,
  });
});

test("a chosen address is refused with the name of what it overlaps", () => {
  const taken = [
    ...takenByNetworks([{ name: "lab", config: { "ipv4.address": "10.5.6.1/24" } }]),
    ...takenByRoutes(routes, "net0"),
  ];
  requireFree("net0", "10.5.7.1/24", taken);
  for (const [address, why] of [
    ["10.5.6.77/25", /overlaps the network "lab" \(10\.5\.6\.0\/24\)/],
    ["192.0.2.129/25", /overlaps the route 192\.0\.2\.0\/24 through eth0/],
    ["10.8.0.0/24", /the subnet's own address/],
    ["10.8.0.255/24", /broadcast address/],
    ["127.3.0.1/24", /not an address that hosts can have/],
  ] as const)
    assert.throws(() => requireFree("net0", address, taken), { code: "BAD_REQUEST", message: why });
});

test("configuration values that could end in another line or option are refused", () => {
  const config = {
    "dns.domain": "lxd\naddress=/x/1.2.3.4",
    "ipv4.dhcp.expiry": "1h,tag:x",
    "ipv4.dhcp.ranges": "10.1.2.3-10.1.2.9\n,10.1.2.3-10.1.2.4",
    "bridge.hwaddr": "01:00:5e:00:00:01",
    "volatile.bridge.hwaddr": "00:16:3e:00:00:01\nlink del eth0",
    "ipv4.address": "10.1.2.1/24 dev eth0",
    "ipv6.address": "fd00::1/64 dev eth0",
    "no.such": "1",
  };
  assert.deepEqual(
    checkConfig(networkKeys, config)
      .map(({ key }) => key)
      .sort(),
    Object.keys(config).sort(),
  );
  assert.deepEqual(
    checkConfig(networkKeys, { "ipv6.address": "none", "ipv4.dhcp.expiry": "90m", "user.a": "x\ny" }),
    [],
  );
});

const nobody = { user: "nobody", group: "nogroup", gid: 65534 };

test("dnsmasq serves the bridge alone, gives every address but the bridge's, and names what we name", () => {
  const args = dnsmasqArguments(place({ ...addressed, "bridge.mtu": "1400" }), nobody);
  for (const arg of [
    "--conf-file=",
    "--interface=net0",
    "--except-interface=lo",
    "--bind-dynamic",
    "--user=nobody",
    "--group=nogroup",
    "--dhcp-ignore=tag:!known",
    "--no-ping",
    "--dhcp-authoritative",
    "--dhcp-ignore-names",
    "--dhcp-range=10.1.2.2,10.1.2.254,255.255.255.0,1h",
    "--dhcp-hostsdir=/state/networks/net0/dnsmasq.hosts",
    "--dhcp-leasefile=/state/networks/net0/dnsmasq.leases",
    "--dhcp-option-force=tag:!ownmtu,option:mtu,1400",
    "--domain=lxd",
    "--local=/lxd/",
  ])
    assert.ok(args.includes(arg), `${arg} is missing of ${args.join(" ")}`);
});

test("dnsmasq follows the keys for DHCP and DNS", () => {
  const dynamic = dnsmasqArguments(place({ ...addressed, "dns.mode": "dynamic", "dns.domain": "lab.test" }), nobody);
  assert.ok(dynamic.includes("--domain=lab.test") && !dynamic.includes("--dhcp-ignore-names"));
  const silent = dnsmasqArguments(place({ ...addressed, "ipv4.dhcp": "false", "dns.mode": "none" }), nobody);
  assert.equal(
    silent.some((arg) => arg.includes("dhcp") || arg.includes("domain=")),
    false,
  );
  assert.deepEqual(dhcpRanges(subnet("10.1.2.100/24"), undefined), [
    ["10.1.2.1", "10.1.2.99"],
    ["10.1.2.101", "10.1.2.254"],
  ]);
  assert.deepEqual(dhcpRanges(subnet("10.1.2.1/30"), undefined), [["10.1.2.2", "10.1.2.2"]]);
  const ranged = dnsmasqArguments(
    place({ ...addressed, "ipv4.dhcp.ranges": "10.1.2.10-10.1.2.20", "ipv4.dhcp.expiry": "5m" }),
    nobody,
  );
  assert.ok(ranged.includes("--dhcp-range=10.1.2.10,10.1.2.20,255.255.255.0,5m"));
});

test("a host entry carries the name only where we name the addresses", () => {
  const host = { instance: "web", device: "eth0", hwaddr: "00:16:3E:AA:BB:CC", ipv4: "10.1.2.9" };
  assert.equal(hostLine(place({}), host), "00:16:3e:aa:bb:cc,id:*,10.1.2.9,web");
  assert.equal(hostLine(place({ "dns.mode": "dynamic" }), { ...host, ipv4: undefined }), "00:16:3e:aa:bb:cc,id:*");
});

test("NAT covers what leaves the bridge, and the rules follow the keys", () => {
  const nat = rulesetOf("net0", { ...addressed, "ipv4.nat": "true" });
  assert.match(nat, /^table inet bothy_net0 \{/);
  assert.match(nat, /oifname != "net0" ip saddr 10\.1\.2\.0\/24 ip daddr != 10\.1\.2\.0\/24 masquerade/);
  assert.match(nat, /iifname "net0" meta nfproto ipv4 udp dport \{ 53, 67 \} accept/);
  assert.doesNotMatch(rulesetOf("net0", addressed), /masquerade/);
  assert.doesNotMatch(rulesetOf("net0", { ...addressed, "ipv4.firewall": "false" }), /hook (input|forward)/);
  assert.match(rulesetOf("net0", { ...addressed, "ipv4.routing": "false" }), /iifname "net0" meta nfproto ipv4 drop/);
});

test("the bridge is made with forward delay off, and later only what differs is changed", () => {
  const config = { ...addressed, "volatile.bridge.hwaddr": "00:16:3e:00:00:01" };
  const both = (...what: Parameters<typeof bridgeCommands>) => bridgeCommands(...what) + addressCommands(...what);
  assert.equal(
    both(place(config), undefined),
    "link add dev net0 address 00:16:3e:00:00:01 mtu 1499 type bridge stp_state 0 forward_delay 0 no_linklocal_learn 1\n" +
      "link set dev net0 mtu 1500\n" +
      "address replace 10.1.2.1/24 broadcast + scope global dev net0\n" +
      "link set dev net0 up\n",
  );
  const counters = { bytes: 0, packets: 0, errors: 0, dropped: 0 };
  const link = {
    ifname: "net0",
    flags: ["BROADCAST", "UP"],
    mtu: 1500,
    address: "00:16:3e:00:00:01",
    link_type: "ether",
    linkinfo: { info_kind: "bridge", info_data: { stp_state: 0, forward_delay: 0, no_linklocal_learn: 1 } },
    addr_info: [{ family: "inet", local: "10.1.2.1", prefixlen: 24, scope: "global" }],
    stats64: { rx: counters, tx: counters },
  };
  assert.equal(both(place(config), link), "");
  assert.equal(
    both(place(config), { ...link, linkinfo: { info_kind: "bridge", info_data: { stp_state: 1 } } }),
    "link set dev net0 type bridge stp_state 0 forward_delay 0 no_linklocal_learn 1\n",
  );
  assert.equal(
    both(place({ ...config, "ipv4.address": "10.9.9.1/24", "bridge.mtu": "1400" }), link),
    "link set dev net0 mtu 1400\naddress del 10.1.2.1/24 dev net0\naddress replace 10.9.9.1/24 broadcast + scope global dev net0\n",
  );
});

test("lease files are read line by line, and a release names the lease's client", () => {
  const text =
    "1795305697 00:16:3E:aa:bb:cc 10.1.2.9 web ff:01:02\n1795305697 00:16:3e:aa:bb:cd 10.1.2.10 * *\nduid 00:01\n";
  const leases = parseLeases(text);
  assert.deepEqual(leases, [
    { hwaddr: "00:16:3e:aa:bb:cc", address: "10.1.2.9", hostname: "web", clientId: "ff:01:02" },
    { hwaddr: "00:16:3e:aa:bb:cd", address: "10.1.2.10", hostname: "", clientId: undefined },
  ]);
  const message = releaseMessage("10.1.2.1", leases[0] ?? assert.fail("no lease"));
  assert.deepEqual([...message.subarray(12, 16)], [10, 1, 2, 9]);
  assert.deepEqual([...message.subarray(28, 34)], [0x00, 0x16, 0x3e, 0xaa, 0xbb, 0xcc]);
  assert.deepEqual([...message.subarray(240, 255)], [53, 1, 7, 54, 4, 10, 1, 2, 1, 61, 3, 0xff, 1, 2, 255]);
});
