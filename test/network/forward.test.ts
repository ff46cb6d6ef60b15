/** Network forwards by what packets do: from a machine outside, from the host, from neighbours and from the target itself. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Netns } from "../../scripts/scene/netns";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { Answerer, ask, shortMs } from "../support/talk";

const skip =
  requireFeature("root", process.getuid?.() === 0) ||
  requireFeature("nft", hasProgram("nft")) ||
  requireFeature("busybox", hasProgram("busybox"));

/** The world knows a route to it, and the host does not have it. */
const listen = "198.51.100.7";
const guests = { web: "10.78.5.10", db: "10.78.5.11" } as const;
type Guest = keyof typeof guests;

let world: Netns;
const answerers: Answerer[] = [];
// Before the daemon ends, which shows that nothing of it is left: the cable goes with its other end.
after(async () => {
  for (const answerer of answerers) await answerer[Symbol.asyncDispose]();
  if (!skip) await world[Symbol.asyncDispose]();
});

const shared = shareDaemon({ bare: false }, async (daemon) => {
  if (skip) return;
  world = await Netns.create();
  const { client } = daemon;
  const cable = ["peer", "name", "eth0", "netns", String(world.pid)];
  await daemon.run("ip", "link", "add", "name", "vfwd-up", "type", "veth", ...cable);
  await daemon.run("ip", "address", "add", "192.0.2.1/24", "dev", "vfwd-up");
  await daemon.run("ip", "link", "set", "dev", "vfwd-up", "up");
  await world.run("ip", "address", "add", "192.0.2.2/24", "dev", "eth0");
  await world.run("ip", "link", "set", "dev", "eth0", "up");
  await world.run("ip", "route", "add", "198.51.100.0/24", "via", "192.0.2.1");
  // What guests ask goes by their gateway, and the host has somewhere to send it.
  await daemon.run("ip", "route", "add", "198.51.100.0/24", "via", "192.0.2.2");
  await client.createNetwork({
    name: "fbr5",
    type: "bridge",
    config: { "ipv4.address": "10.78.5.1/24", "ipv6.address": "fd78:5::1/64" },
  });
  const source = { type: "image", alias: "template:busybox" };
  await Promise.all(
    Object.entries(guests).map(async ([name, address]) => {
      const devices = { eth0: { type: "nic", network: "fbr5", "ipv4.address": address } };
      await (await client.createInstance({ name, source, devices })).wait();
      await (await client.setInstanceState(name, { action: "start" })).wait();
      await client.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 });
    }),
  );
  for (const guest of Object.keys(guests) as Guest[]) await answerIn(guest);
});

async function answerIn(guest: Guest): Promise<void> {
  answerers.push(await Answerer.in(await pidOf(guest), guest, [7, 21, 80, 93, 7000], [5353]));
}

const pidOf = async (guest: Guest): Promise<number> => (await shared.client.getInstanceState(guest)).pid;

/** What somebody is answered; nothing where nobody answers. */
const fromWorld = (port: number, protocol: "tcp" | "udp" = "tcp", withinMs?: number) =>
  ask(world.pid, protocol, listen, port, { withinMs });
const fromHost = (port: number) => ask(shared.daemon.netns.pid, "tcp", listen, port);
const fromGuest = async (guest: Guest, port: number) => ask(await pidOf(guest), "tcp", listen, port);

test("ports, ranges and all the rest go to their targets, over TCP, UDP and ICMP", { skip }, async () => {
  const { client } = shared;
  assert.equal(await fromWorld(80, "tcp", shortMs), "");
  const to = (target: Guest, protocol: string, listen_port: string, target_port = "") => ({
    protocol,
    listen_port,
    target_port,
    target_address: guests[target],
  });
  await client.createNetworkForward("fbr5", {
    listen_address: listen,
    config: { target_address: guests.web },
    ports: [
      to("db", "tcp", "80,90-95"),
      to("db", "tcp", "10-12", "20-22"),
      to("db", "tcp", "1-5", "7"),
      to("db", "udp", "53", "5353"),
    ],
  });
  const world_ = "192.0.2.2";
  assert.equal(await fromWorld(80), `hello db 80 ${world_}`);
  assert.equal(await fromWorld(93), `hello db 93 ${world_}`);
  assert.equal(await fromWorld(11), `hello db 21 ${world_}`);
  assert.equal(await fromWorld(3), `hello db 7 ${world_}`);
  assert.equal(await fromWorld(53, "udp"), `hello db 5353 ${world_}`);
  assert.equal(await fromWorld(7000), `hello web 7000 ${world_}`);
  assert.equal(await fromWorld(5353, "udp"), `hello web 5353 ${world_}`);
  assert.match(await world.run("busybox", "ping", "-c", "1", "-W", "2", listen), /1 packets received/);
});

test("the host, a neighbour and the target itself are answered too, with br_netfilter and without", {
  skip,
}, async () => {
  const { daemon } = shared;
  assert.match(await fromHost(80), /^hello db 80 /);
  const key = "net.bridge.bridge-nf-call-iptables";
  const values = (await daemon.run("sh", "-c", `sysctl -n ${key} || true`)).trim() === "" ? [undefined] : ["0", "1"];
  for (const value of values) {
    if (value !== undefined) await daemon.run("sysctl", "-w", `${key}=${value}`);
    for (const guest of ["web", "db"] as const)
      assert.match(await fromGuest(guest, 80), /^hello db 80 /, `${guest}, ${key}=${value}`);
  }
  // One that starts once the forward is there.
  await (await shared.client.setInstanceState("db", { action: "restart", force: true })).wait();
  await shared.client.waitInstance("db", { for: "ipv4", timeoutSeconds: 60 });
  await answerIn("db");
  assert.match(await fromGuest("db", 80), /^hello db 80 /);
});

test("the same holds for IPv6", { skip }, async () => {
  const { client, daemon } = shared;
  const address = (who: typeof world | typeof daemon, text: string, dev: string) =>
    who.run("ip", "-6", "address", "add", text, "dev", dev, "nodad");
  await address(daemon, "2001:db8:5::1/64", "vfwd-up");
  await address(world, "2001:db8:5::2/64", "eth0");
  await world.run("ip", "-6", "route", "add", "2001:db8:7::/64", "via", "2001:db8:5::1");
  await daemon.run("ip", "-6", "route", "add", "2001:db8:7::/64", "via", "2001:db8:5::2");
  const nsenter = ["--target", String(await pidOf("db")), "--net", "ip", "-6"];
  await daemon.run("nsenter", ...nsenter, "address", "add", "fd78:5::11/64", "dev", "eth0", "nodad");
  await daemon.run("nsenter", ...nsenter, "route", "replace", "default", "via", "fd78:5::1", "dev", "eth0");
  const to = (protocol: string, listen_port: string, target_port = "") => ({
    protocol,
    listen_port,
    target_port,
    target_address: "fd78:5:0::11",
  });
  await client.createNetworkForward("fbr5", {
    listen_address: "2001:DB8:7:0::7",
    ports: [to("tcp", "80,90-95"), to("tcp", "10-12", "20-22"), to("tcp", "1-5", "7"), to("udp", "53", "5353")],
  });
  const { value } = await client.getNetworkForward("fbr5", "2001:db8:7:0:0::7");
  assert.deepEqual([value.listen_address, value.ports?.[0]?.target_address], ["2001:db8:7::7", "fd78:5::11"]);
  const from = "2001:db8:5::2";
  const fromWorld6 = (port: number, protocol: "tcp" | "udp" = "tcp", withinMs?: number) =>
    ask(world.pid, protocol, "2001:db8:7::7", port, { withinMs });
  assert.equal(await fromWorld6(93), `hello db 93 ${from}`);
  assert.equal(await fromWorld6(11), `hello db 21 ${from}`);
  assert.equal(await fromWorld6(3), `hello db 7 ${from}`);
  assert.equal(await fromWorld6(53, "udp"), `hello db 5353 ${from}`);
  assert.match(await ask(daemon.netns.pid, "tcp", "2001:db8:7::7", 80), /^hello db 80 /);
  assert.match(await ask(await pidOf("db"), "tcp", "2001:db8:7::7", 80), /^hello db 80 /);
  await client.deleteNetworkForward("fbr5", "2001:db8:7::7");
  assert.equal(await fromWorld6(93, "tcp", shortMs), "");
});

test("a change counts for the next connection, and what is deleted carries nothing", { skip }, async () => {
  const { client } = shared;
  const ports = [{ protocol: "tcp", listen_port: "80", target_address: guests.web }];
  await client.updateNetworkForward("fbr5", listen, { ports });
  assert.equal(await fromWorld(80), "hello web 80 192.0.2.2");
  assert.equal(await fromWorld(93, "tcp", shortMs), "");
  await client.patchNetworkForward("fbr5", listen, { ports: [{ ...ports[0], target_address: guests.db }] as never });
  assert.equal(await fromWorld(80), "hello db 80 192.0.2.2");
});

test("bytes flow while the daemon is dead, after its next start, and not once the network is gone", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  await daemon.kill();
  assert.equal(await fromWorld(80), "hello db 80 192.0.2.2");
  await daemon.run("nft", "delete", "table", "inet", "bothy_fbr5");
  await daemon.start();
  assert.equal(await fromWorld(80), "hello db 80 192.0.2.2");
  for (const name of Object.keys(guests)) await (await client.deleteInstance(name, { force: true })).wait();
  await client.deleteNetwork("fbr5");
  assert.equal(await fromWorld(80, "tcp", shortMs), "");
  assert.doesNotMatch(await daemon.run("nft", "list", "ruleset"), /198\.51\.100\.7/);
});
