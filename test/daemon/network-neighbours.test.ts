/** Neighbours on a bridge: what one guest can do to the others and to the host, tried from inside by its root. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { foreignMacs } from "../../daemon/kinds/network/port-rules";
import type { TestDaemon } from "../support/daemon";
import {
  arpClaim,
  type Bytes,
  broadcast,
  buildProgram,
  dhcpQuestion,
  ethernet,
  hex,
  ipv4,
  numberedMac,
  routerAdvertisement,
  udp4,
} from "../support/frames";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip =
  requireFeature("root", process.getuid?.() === 0) ||
  requireFeature("nft", hasProgram("nft")) ||
  requireFeature("musl-gcc", hasProgram("musl-gcc"));
const folder = mkdtempSync(path.join(tmpdir(), "bothy-frames-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const gateway = "10.99.7.1";
const hwaddrs = { evil: "00:16:3e:00:00:0e", good: "00:16:3e:00:00:0f" };

const shared = shareDaemon({ bare: false }, async (daemon) => {
  await daemon.client.createNetwork({
    name: "net7",
    type: "bridge",
    config: { "ipv4.address": `${gateway}/24`, "ipv6.address": "none" },
  });
  await daemon.client.createNetwork({
    name: "bare7",
    type: "bridge",
    config: { "ipv4.address": "none", "ipv6.address": "none" },
  });
  const programs = (["frames", "hear"] as const).map(
    (name) => [name, readFileSync(buildProgram(name, folder))] as const,
  );
  for (const [name, hwaddr] of Object.entries(hwaddrs)) {
    await launch(daemon, name, {
      eth0: { type: "nic", network: "net7", hwaddr },
      lan0: { type: "nic", network: "bare7", name: "lan0" },
    });
    for (const [program, bytes] of programs)
      await daemon.client.putFile(name, `/bin/${program}`, bytes, { mode: 0o755 });
  }
});

async function launch({ client }: TestDaemon, name: string, devices: Record<string, Record<string, string>>) {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, devices })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

/** Runs a script inside. @returns its output, whatever its code */
async function inside(name: string, script: string): Promise<string> {
  const { stdout } = await shared.client.execOutput(name, { command: ["sh", "-c", script] });
  return String(stdout).trim();
}

/** Sends frames through a nic of the hostile guest; all of them leave its end. */
async function send(frames: readonly Bytes[], nic = "eth0"): Promise<void> {
  const file = "/root/to-send";
  await shared.client.putFile("evil", file, Buffer.from(frames.map((frame) => `${hex(frame)}\n`).join("")));
  assert.equal(await inside("evil", `frames ${nic} < ${file}`), String(frames.length));
}

const question = (hwaddr: string, from: string, type = 1, address?: string, options?: Bytes): Bytes =>
  ethernet(
    broadcast,
    from,
    0x800,
    udp4(["0.0.0.0", 68], ["255.255.255.255", 67], dhcpQuestion({ hwaddr, type, address, options })),
  );

/** Addresses given, by who has them. */
async function leases(): Promise<Record<string, string>> {
  const all = (await shared.client.getNetworkLeases("net7")).filter(({ type }) => type === "dynamic");
  return Object.fromEntries(all.map(({ hwaddr, address }) => [hwaddr, address]));
}

/** The address that the guest's own DHCP client has got. */
async function addressOf(name: string): Promise<string> {
  const { network } = await shared.client.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 });
  return network?.eth0?.addresses.find(({ family }) => family === "inet")?.address ?? assert.fail(`${name} has none`);
}

const portOf = async (name: string, nic = "eth0"): Promise<string> =>
  (await shared.client.getInstance(name)).value.config[`volatile.${nic}.host_name`] ?? assert.fail("it runs");

/** How many addresses the bridge has learned behind a guest's port. */
async function learned(name: string): Promise<number> {
  const entries = (await shared.daemon.run("bridge", "fdb", "show", "dev", await portOf(name))).split("\n");
  return entries.filter((line) => line !== "" && !line.includes("permanent")).length;
}

test("a guest gets one address, under however many hardware addresses it asks", { skip }, async () => {
  const [evil, good] = [await addressOf("evil"), await addressOf("good")];
  const names = Array.from({ length: 300 }, (_, number) => numberedMac(number));
  await send(names.map((name) => question(name, name)));
  await send(names.map((name) => question(name, hwaddrs.evil)));
  // Answered after all of those.
  await inside("evil", "udhcpc -n -q -i eth0 -s /bin/true");
  assert.deepEqual(await leases(), { [hwaddrs.evil]: evil, [hwaddrs.good]: good });
});

test("a guest cannot ask, give back or refuse in another's name", { skip }, async () => {
  const good = await addressOf("good");
  const server = [54, 4, 10, 99, 7, 1];
  const wanted = [50, 4, 10, 99, 7, 200];
  for (const from of [hwaddrs.good, hwaddrs.evil])
    await send([
      question(hwaddrs.good, from, 7, good, server),
      question(hwaddrs.good, from, 4, "0.0.0.0", [...server, 50, 4, ...good.split(".").map(Number)]),
      question(hwaddrs.good, from, 3, "0.0.0.0", [...server, ...wanted]),
      question(hwaddrs.good, from, 3, "0.0.0.0", [...wanted]),
    ]);
  // In two parts, of which the first says only where it goes.
  const whole = udp4(
    ["0.0.0.0", 68],
    ["255.255.255.255", 67],
    dhcpQuestion({ hwaddr: hwaddrs.good, type: 7, address: good, options: server }),
  ).slice(20);
  const part = (bytes: Bytes, fragment: number) =>
    ethernet(broadcast, hwaddrs.evil, 0x800, ipv4("10.99.7.9", "255.255.255.255", 17, bytes, fragment));
  await send([part(whole.slice(0, 16), 0x2000), part(whole.slice(16), 2)]);
  await inside("evil", "udhcpc -n -q -i eth0 -s /bin/true");
  assert.equal((await leases())[hwaddrs.good], good);
});

/** Hands the frames to the other guest, and tells whether its kernel took one for a router's. */
async function isBelieved(nic: string, frames: readonly Bytes[]): Promise<boolean> {
  await inside("good", `echo 2 > /proc/sys/net/ipv6/conf/${nic}/accept_ra; ip -6 route del default 2>/dev/null`);
  await send(frames, nic);
  // Comes after them on the same way.
  await inside("good", `ip neigh flush dev ${nic} 2>/dev/null; ping -c 1 -W 2 $(cat /root/peer-${nic}) || true`);
  return (await inside("good", "ip -6 route")).includes("default");
}

test("a guest is not a router for the others, however it wraps what it says", { skip }, async () => {
  await addressOf("good");
  await inside("good", `echo ${await addressOf("evil")} > /root/peer-eth0; echo 192.168.44.1 > /root/peer-lan0`);
  await inside("evil", "ip address add 192.168.44.1/24 dev lan0; ip link set lan0 up");
  await inside("good", "ip address add 192.168.44.2/24 dev lan0; ip link set lan0 up");
  const all = "33:33:00:00:00:01";
  const wrap = (ra: Bytes, tags: readonly number[]) => ethernet(all, hwaddrs.evil, 0x86dd, ra, tags);
  const ways = [[], [0], [0, 0], [0, 0, 0]].flatMap((tags) =>
    [false, true].map((hopByHop) => wrap(routerAdvertisement(hwaddrs.evil, hopByHop), tags)),
  );
  for (const frame of ways) assert.equal(await isBelieved("eth0", [frame]), false, hex(frame));
  // A bridge without an address is a switch, and a guest on it may be its router: so this is what the frames do where nothing stops them.
  const lan = (await inside("evil", "cat /sys/class/net/lan0/address")).trim();
  assert.equal(await isBelieved("lan0", [ethernet(all, lan, 0x86dd, routerAdvertisement(lan))]), true);
});

test("a guest gives nobody addresses, and is not taken for the gateway", { skip }, async () => {
  const good = await addressOf("good");
  const listening = await shared.client.execInstance("good", { command: ["hear", "68", "67", "69"] });
  const heard = text(listening.stdout);
  await once(listening.stdout, "data");
  const from = (port: number, to: number): Bytes =>
    ethernet(hwaddrs.good, hwaddrs.evil, 0x800, udp4(["10.99.7.250", port], [good, to], [104, 101, 121]));
  await send([from(67, 68), from(1067, 68), from(67, 67), from(1000, 69)]);
  assert.equal(await heard, "ready\n69\n", "what is not an answer of DHCP arrives, and nothing else does");
  await send([
    ethernet(broadcast, hwaddrs.evil, 0x806, arpClaim(hwaddrs.evil, gateway)),
    ethernet(broadcast, "00:16:3e:00:00:77", 0x806, arpClaim("00:16:3e:00:00:77", gateway)),
  ]);
  await inside("good", `ping -c 1 -W 5 ${gateway}`);
  const bridge = JSON.parse(await shared.daemon.run("ip", "-j", "link", "show", "dev", "net7"))[0].address;
  assert.match(await inside("good", `ip neigh show ${gateway}`), new RegExp(bridge));
});

test("behind one port there is room for the bridges of a guest, and not for thousands of addresses", {
  skip,
}, async () => {
  const good = await addressOf("good");
  const nested = Array.from({ length: 40 }, (_, number) => numberedMac(number + 5000));
  await send(nested.map((from) => ethernet(broadcast, from, 0x88b5, Array(46).fill(0))));
  assert.ok((await learned("evil")) >= 40, "forty guests of the guest are known");
  const many = Array.from({ length: 5000 }, (_, number) => numberedMac(number + 10_000));
  await send(many.map((from) => ethernet(broadcast, from, 0x88b5, Array(46).fill(0))));
  // To the bridge itself: link layer discovery, pause and the like are nothing that a bridge hands on.
  await send(many.map((from) => ethernet("01:80:c2:00:00:0e", from, 0x88cc, Array(46).fill(0))));
  const { length } = (await shared.daemon.run("bridge", "fdb", "show", "br", "net7")).split("\n");
  assert.ok((await learned("evil")) <= foreignMacs + 1, `${await learned("evil")} learned`);
  assert.ok(length < foreignMacs + 64, `${length} in all`);
  assert.match(await inside("evil", `ping -c 1 -W 5 ${good}`), /1 packets received/, "under its own it still speaks");
});

test("rules of a port go with it: at a stop, at a detach, and when it was killed without a daemon", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  await launch(daemon, "gone", { eth0: { type: "nic", network: "net7" }, eth1: { type: "nic", network: "net7" } });
  const rules = () => daemon.run("nft", "list", "ruleset");
  const [first, second] = [await portOf("gone"), await portOf("gone", "eth1")];
  assert.match(await rules(), new RegExp(`${first}[^]*${second}|${second}[^]*${first}`));
  const { value } = await client.getInstance("gone");
  const { eth1: _, ...devices } = value.devices;
  await (await client.updateInstance("gone", { ...value, devices })).wait();
  assert.doesNotMatch(await rules(), new RegExp(second));
  assert.match(await rules(), new RegExp(first));
  const { pid } = await client.getInstanceState("gone");
  await daemon.kill();
  process.kill(pid, "SIGKILL");
  await daemon.start();
  assert.doesNotMatch(await rules(), new RegExp(first));
  // The others are let through, and held, as before.
  await send([question(numberedMac(1), numberedMac(1))]);
  await inside("evil", "udhcpc -n -q -i eth0 -s /bin/true");
  assert.equal((await leases())[numberedMac(1)], undefined);
  await daemon.run("nft", "flush", "ruleset");
  await (await client.setInstanceState("gone", { action: "start" })).wait();
  assert.match(await rules(), new RegExp(`${await portOf("evil")}`), "a start brings back what somebody swept away");
  await (await client.setInstanceState("gone", { action: "stop", force: true })).wait();
  await (await client.deleteInstance("gone")).wait();
});
