/** What one guest can do to its neighbours' IPv6, tried from inside by its root. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Bytes,
  ethernet,
  hex,
  ip6,
  mac,
  neighborClaim,
  neighborQuestion,
  routerAdvertisement,
  udp6,
} from "../support/frames";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { NetworkScene } from "./scene";

const skip = needs("root", "nft", "dnsmasq", "musl-gcc");
const hwaddrs = { evil: "00:16:3e:00:00:0e", good: "00:16:3e:00:00:0f" };
const allNodes = "33:33:00:00:00:01";
const gateway = "fd42:7:7:7::1";
const own = (name: "evil" | "good") => `fd42:7:7:7:216:3eff:fe00:${name === "evil" ? "e" : "f"}`;

const scene = new NetworkScene(async ({ client }) => {
  await client.createNetwork({ name: "net7", config: { "ipv4.address": "none", "ipv6.address": `${gateway}/64` } });
  for (const name of ["evil", "good"] as const) {
    await scene.launch(name, "net7", { hwaddr: hwaddrs[name] });
    await scene.give(name, "frames");
    assert.equal(await scene.address6(name), own(name), "that of its hardware address");
  }
});

/** Sends frames through eth0 of the hostile guest; all of them leave its end. */
async function send(...frames: Bytes[]): Promise<void> {
  const file = "/root/to-send";
  await scene.client.putFile("evil", file, Buffer.from(frames.map((frame) => `${hex(frame)}\n`).join("")));
  assert.equal(await scene.inside("evil", `frames eth0 < ${file}`), String(frames.length));
}

const fromEvil = (packet: Bytes): Bytes => ethernet(allNodes, hwaddrs.evil, 0x86dd, packet);

/** Whom the other guest takes for the owner of an address, after it has heard what came before. */
async function ownerOf(address: string): Promise<string> {
  await scene.inside("good", `ping -c 1 -W 2 ${address}`);
  return /lladdr (\S+)/.exec(await scene.inside("good", `ip -6 neigh show ${address} dev eth0`))?.[1] ?? "nobody";
}

const change = async (options: Record<string, string>): Promise<void> => {
  const { value } = await scene.client.getInstance("evil");
  const eth0 = { type: "nic", network: "net7", hwaddr: hwaddrs.evil, ...options };
  await (await scene.client.updateInstance("evil", { ...value, devices: { ...value.devices, eth0 } })).wait();
};

test("a guest is not taken for the router, whatever it claims", { skip }, async () => {
  const bridge = (await scene.client.getNetworkState("net7")).hwaddr;
  const [router = ""] = /fe80::\S+/.exec(await scene.inside("good", "ip -6 route show default")) ?? [];
  for (const address of [gateway, router]) {
    assert.equal(await ownerOf(address), bridge);
    await send(
      fromEvil(neighborClaim(hwaddrs.evil, address)),
      fromEvil(neighborClaim(hwaddrs.evil, address, own("evil"))),
      fromEvil(neighborQuestion(hwaddrs.evil, address, own("good"))),
    );
    assert.equal(await ownerOf(address), bridge, `${address} is still the bridge's`);
  }
  await send(fromEvil(routerAdvertisement(hwaddrs.evil)), fromEvil(routerAdvertisement(hwaddrs.evil, true)));
  await scene.inside("good", `ping -c 1 -W 2 ${own("evil")}`);
  assert.doesNotMatch(await scene.inside("good", "ip -6 route show default"), /fe00:e\b/);
  assert.equal(await scene.isReached("good", own("evil")), true, "as itself it is heard");
});

test("a guest neither answers DHCPv6 nor asks in another's name by way of a relay", { skip }, async () => {
  await scene.change("net7", { "ipv6.dhcp.stateful": "true" });
  await scene.give("good", "dhcp6");
  const good = await scene.ask6("good", "0004000000000000000000000000000000aa");
  assert.match(good.address ?? "", /^fd42:7:7:7:/);
  // The whole of RFC 6939: a relay tells which hardware address has asked.
  const solicit = [1, 9, 9, 9, 0, 1, 0, 4, 0, 4, 1, 2, 0, 3, 0, 12, 0, 0, 0, 1, ...Array(8).fill(0), 0, 14, 0, 0];
  const client = [0, 79, 0, 8, 0, 1, ...mac(hwaddrs.good)];
  const relayed = [12, 0, ...ip6("::"), ...ip6(own("evil")), ...client, 0, 9, 0, solicit.length, ...solicit];
  const link = "fe80::216:3eff:fe00:e";
  await send(ethernet("33:33:00:01:00:02", hwaddrs.evil, 0x86dd, udp6([link, 547], ["ff02::1:2", 547], relayed)));
  // Answered after that one.
  await scene.ask6("evil", "0004000000000000000000000000000000bb");
  const leases = await scene.client.getNetworkLeases("net7");
  const of = (hostname: string) => leases.filter((lease) => lease.hostname === hostname).map(({ address }) => address);
  assert.deepEqual(of("good"), [good.address]);
  const answer = udp6([link, 547], ["fe80::216:3eff:fe00:f", 546], [7, 1, 2, 3]);
  const dropped = async () =>
    /udp dport 546 counter packets (\d+)/.exec(
      await scene.shared.daemon.run("nft", "list", "chain", "bridge", "seen", "passed"),
    )?.[1];
  const chain = 'type filter hook postrouting priority 0; iifname "veth*" udp dport 546 counter;';
  await scene.shared.daemon.run("nft", `table bridge seen { chain passed { ${chain} }; }`);
  await send(ethernet(hwaddrs.good, hwaddrs.evil, 0x86dd, answer));
  assert.equal(await dropped(), "0", "what looks like an answer does not pass the bridge");
  await scene.shared.daemon.run("nft", "delete", "table", "bridge", "seen");
  await scene.change("net7", { "ipv6.dhcp.stateful": "false" });
});

/** The hostile guest gives itself addresses, and has found out that nobody else has them. */
async function take(...addresses: string[]): Promise<void> {
  await scene.inside("evil", addresses.map((one) => `ip address add ${one}/64 dev eth0 2>&1`).join(";"));
  await until(async () => {
    const text = await scene.inside("evil", "ip -6 address show dev eth0");
    return addresses.every((one) => text.includes(`${one}/64`)) && !text.includes("tentative");
  });
}

const isHeard = async (from: string): Promise<boolean> =>
  / 1 packets received/.test(await scene.inside("evil", `ping -c 1 -W 2 -I ${from} ${gateway}`));

test("with security.ipv6_filtering a guest has one address, and none with none", { skip }, async () => {
  const [taken, fixed] = ["fd42:7:7:7::abcd", "fd42:7:7:7::77"];
  const claim = fromEvil(neighborClaim(hwaddrs.evil, taken));
  await take(taken);
  assert.equal(await ownerOf(taken), hwaddrs.evil, "without it, any that is free");
  assert.equal(await isHeard(taken), true);
  const ways: Record<string, string>[] = [{}, { "ipv6.address": fixed }];
  for (const options of ways) {
    await change({ "security.ipv6_filtering": "true", ...options });
    await scene.inside("evil", "ip link set eth0 up");
    await scene.address6("evil");
    await take(taken, fixed);
    await scene.inside("good", "ip -6 neigh flush dev eth0");
    await send(claim);
    assert.notEqual(await ownerOf(taken), hwaddrs.evil, JSON.stringify(options));
    assert.equal(await isHeard(taken), false, "it asks under the address that it must not have");
    const mine = options["ipv6.address"] ?? own("evil");
    await until(async () => (await ownerOf(mine)) === hwaddrs.evil);
    await until(() => isHeard(mine));
    assert.equal(await isHeard(mine === fixed ? own("evil") : fixed), false);
  }
  await change({ "security.mac_filtering": "true" });
  const nested = "06:00:00:00:00:09";
  const asks = (from: string) => ethernet(allNodes, from, 0x86dd, neighborQuestion(from, "fd42:7:7:7::9", own("good")));
  await scene.inside("good", "ip -6 neigh flush dev eth0");
  await send(asks(nested));
  assert.doesNotMatch(await scene.inside("good", "ip -6 neigh"), /06:00:00:00:00:09/, "nobody is heard behind it");
  await change({});
  await send(asks(nested));
  await until(async () => (await scene.inside("good", "ip -6 neigh")).includes(nested));
  await change({ "security.ipv6_filtering": "true", "ipv6.address": "none" });
  await scene.inside("evil", "ip link set eth0 up");
  await take(taken);
  await scene.inside("good", "ip -6 neigh flush dev eth0");
  for (const address of [taken, "fe80::216:3eff:fe00:e%eth0"])
    assert.equal(await scene.isReached("good", address), false, address);
});
