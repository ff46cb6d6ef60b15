/** Bridge networks for real, in a network namespace of the test's own. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { ownCall } from "../../daemon/core/call";
import { ref } from "../../daemon/core/ref";
import { BridgeDriver } from "../../daemon/kinds/network/drivers/bridge";
import { networkForwardSchema } from "../../daemon/kinds/network/forward/store";
import type { NetworkHome, NicOwner } from "../../daemon/kinds/network/home";
import { findLink } from "../../daemon/kinds/network/link";
import { networkRoutes } from "../../daemon/kinds/network/routes";
import { NetworkService } from "../../daemon/kinds/network/service";
import { networkSchema } from "../../daemon/kinds/network/store";
import { BothyCell } from "../../daemon/platform/native/index";
import { commandOf } from "../../daemon/platform/processes/others";
import { run } from "../../daemon/platform/processes/run";
import { Netns } from "../../scripts/scene/netns";
import { ApiError } from "../../sdk/api/errors";
import { cellProgram } from "../../sdk/host/package";
import { type Ask, serverOf } from "../support/http";
import { enterOwnNetns, hasProgram } from "../support/netns";
import { testPlatform } from "../support/platform";
import { requireFeature } from "../support/require";

const noNetns = enterOwnNetns();
const skip =
  noNetns ||
  requireFeature("dnsmasq", hasProgram("dnsmasq")) ||
  requireFeature("nft", hasProgram("nft")) ||
  requireFeature("busybox", hasProgram("busybox"));

const folder = mkdtempSync(path.join(tmpdir(), "bothy-network-"));
// As the daemon's own state folder is: dnsmasq can reach its files without being root.
chmodSync(folder, 0o711);
const uses: NicOwner[] = [];
let home: NetworkHome;
let networks: NetworkService;
let call: Ask;
const own = ownCall();

before(async () => {
  const platform = testPlatform(folder, [networkSchema, networkForwardSchema], {});
  home = {
    ...platform,
    native: await BothyCell.start(cellProgram, platform.dirs, platform.log),
    networkZones: { has: () => false },
    nicOwners: { all: () => uses, isActive: () => true },
    networkAcls: { find: () => undefined },
    networkAddressSets: { addressesOf: () => undefined },
    projects: { allowsNetwork: () => true },
    isCrashLeftover: async () => true,
  };
  networks = new NetworkService(home);
  call = (...what) => serverOf(networkRoutes(networks, platform.changes), platform.log)(...what);
});

after(async () => {
  await networks.stopAll();
  await home.native.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Networks as the next daemon starts them. */
async function nextDaemon(): Promise<void> {
  await networks.release();
  networks = new NetworkService(home);
  await networks.startAll();
}

/** IPv6 has tests of its own (test/network). */
async function make(name: string, config: Record<string, string> = {}): Promise<AsyncDisposable> {
  await networks.create(own, { name, type: "bridge", description: "", config: { "ipv6.address": "none", ...config } });
  return { [Symbol.asyncDispose]: () => networks.delete(own, name) };
}

const hwaddrs = { web: "00:16:3e:01:00:01", db: "00:16:3e:01:00:02", new: "00:16:3e:01:00:03" };

/** Asks for a lease as a busybox guest does, applies it, and tells the address. */
async function lease(guest: Netns, ...options: string[]): Promise<string> {
  const script = path.join(folder, "udhcpc.sh");
  await run("sh", [
    "-c",
    `cat > "$1" <<'END'\n#!/bin/sh\n[ "$1" = bound ] || exit 0\nip address flush dev eth0\nip address add $ip/$mask dev eth0\nip route replace default via $router\nEND\nchmod 755 "$1"`,
    "sh",
    script,
  ]);
  const said = ["-i", "eth0", "-q", "-n", "-f", "-t", "10", "-T", "1", "-s", script, ...options];
  await guest.run("busybox", "udhcpc", ...said);
  const [link] = JSON.parse(await guest.run("ip", "-j", "-4", "address", "show", "dev", "eth0"));
  return link.addr_info[0].local;
}

async function resolve(guest: Netns, name: string, server: string): Promise<string | undefined> {
  const text = await guest.run("sh", "-c", 'busybox nslookup -type=a "$1" "$2" 2>&1 || true', "sh", name, server);
  return /Name:\s+\S+\s+Address: (\S+)/.exec(text)?.[1];
}

const ping = (guest: Netns, address: string): Promise<string> =>
  guest.run("sh", "-c", 'busybox ping -c 1 -W 1 "$1" || true', "sh", address);

const gatewayOf = (name: string): string => networks.get(own, name).config["ipv4.address"]?.split("/")[0] ?? "";
const dnsmasqPid = (name: string): string =>
  readFileSync(path.join(folder, "networks", name, "dnsmasq.pid"), "utf8").trim();
const ruleset = async (): Promise<string> => (await run("nft", ["list", "ruleset"])).stdout;
const refused = (code: string, message: RegExp) => (error: unknown) =>
  ApiError.is(error) && error.code === code && message.test(error.message);

test("a network gets a planned address, NAT and a bridge, and leaves nothing when deleted", { skip }, async () => {
  const before = { links: (await run("ip", ["-o", "link"])).stdout, rules: await ruleset() };
  const reply = await call("POST", "/1.0/networks", { name: "planned.0", description: "d", config: {} });
  assert.deepEqual([reply.status, reply.location, reply.metadata], [201, "/1.0/networks/planned.0", null]);
  const network = networks.get(own, "planned.0");
  assert.match(network.config["ipv4.address"] ?? "", /^10\.\d+\.\d+\.1\/24$/);
  assert.equal(network.config["ipv4.nat"], "true");
  assert.match(network.config["ipv6.address"] ?? "", /^fd42:[0-9a-f:]+::1\/64$/);
  assert.equal(network.config["ipv6.nat"], "true");
  assert.equal(network.status, "Created");
  const state = await networks.state("planned.0");
  assert.equal(state.hwaddr, network.config["volatile.bridge.hwaddr"]);
  assert.equal(state.addresses[0]?.address, gatewayOf("planned.0"));
  const id = `8000.${state.hwaddr.replaceAll(":", "")}`;
  const bridge = { id, stp: false, forward_delay: 0, vlan_default: 0, vlan_filtering: false, upper_devices: [] };
  assert.deepEqual(state.bridge, bridge);
  assert.match(await ruleset(), /table inet bothy_planned\.0 .*masquerade/s);
  assert.equal(readFileSync("/proc/sys/net/ipv4/conf/planned.0/forwarding", "utf8").trim(), "1");
  const pid = dnsmasqPid("planned.0");
  assert.doesNotMatch(readFileSync(`/proc/${pid}/status`, "utf8"), /^Uid:\t0\t/m);
  await call("DELETE", "/1.0/networks/planned.0");
  assert.equal((await run("ip", ["-o", "link"])).stdout, before.links);
  assert.equal(await ruleset(), before.rules);
  assert.equal(existsSync(path.join(folder, "networks", "planned.0")), false);
  assert.deepEqual(commandOf(Number(pid)), []);
  await assert.rejects(call("GET", "/1.0/networks/planned.0"), refused("NOT_FOUND", /^Network not found$/));
});

test("a guest gets its lease at link up and is known by its instance's name, whatever it calls itself", {
  skip,
}, async () => {
  await using _net = await make("net0");
  await using web = await Netns.create();
  await using db = await Netns.create();
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
  await web.plug("net0", "vtest-web", hwaddrs.web);
  const address = await lease(web, "-x", "hostname:liar");
  await networks.addHost("net0", { instance: "db", device: "eth0", hwaddr: hwaddrs.db });
  await db.plug("net0", "vtest-db", hwaddrs.db);
  await lease(db);
  const server = gatewayOf("net0");
  assert.equal(await resolve(db, "web", server), address);
  assert.equal(await resolve(db, "web.lxd", server), address);
  assert.equal(await resolve(db, "liar", server), undefined);
  assert.equal(await resolve(web, "_gateway.lxd", server), server);
  await db.run("busybox", "ping", "-c", "1", "-W", "5", address);
  const state = await networks.state("net0");
  const { upper_devices: ports } = state.bridge as { upper_devices: string[] };
  assert.deepEqual(ports, ["vtest-db", "vtest-web"], "the ports of the bridge are told");
  const leases = await networks.leases("net0");
  assert.deepEqual(
    leases.find(({ type }) => type === "gateway"),
    { hostname: "net0.gw", hwaddr: "", address: server, type: "gateway", location: "" },
  );
  assert.deepEqual(
    leases.find(({ hostname }) => hostname === "web"),
    { hostname: "web", hwaddr: hwaddrs.web, address, type: "dynamic", location: "none" },
  );
});

test("a removed nic takes its name and lease along, and the name goes to its successor at once", { skip }, async () => {
  await using _net = await make("net0");
  await using old = await Netns.create();
  await using fresh = await Netns.create();
  const server = gatewayOf("net0");
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
  await old.plug("net0", "vtest-old", hwaddrs.web);
  const oldAddress = await lease(old);
  await networks.removeHost("net0", "web", "eth0");
  assert.equal(await resolve(old, "web", server), undefined);
  assert.deepEqual(
    (await networks.leases("net0")).map(({ type }) => type),
    ["gateway"],
  );
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.new });
  await fresh.plug("net0", "vtest-new", hwaddrs.new);
  const address = await lease(fresh);
  assert.equal(await resolve(fresh, "web", server), address);
  assert.notEqual(oldAddress, undefined);
  await networks.removeHost("net0", "nobody", "eth0");
  await networks.removeHost("gone", "web", "eth0");
});

test("two guests that bring the same client id get addresses of their own, as copies of one container do", {
  skip,
}, async () => {
  await using _net = await make("net0");
  await using web = await Netns.create();
  await using copy = await Netns.create();
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
  await networks.addHost("net0", { instance: "copy", device: "eth0", hwaddr: hwaddrs.db });
  await web.plug("net0", "vtest-web", hwaddrs.web);
  await copy.plug("net0", "vtest-copy", hwaddrs.db);
  const addresses = [];
  for (const guest of [web, copy]) addresses.push(await lease(guest, "-C", "-x", "0x3d:ff0001020304"));
  assert.notEqual(addresses[0], addresses[1]);
  assert.equal(await resolve(copy, "web", gatewayOf("net0")), addresses[0]);
  await networks.removeHost("net0", "web", "eth0");
  assert.deepEqual(
    (await networks.leases("net0")).map(({ hostname }) => hostname),
    ["net0.gw", "copy"],
  );
});

test("what an instance had before its devices or its name changed is forgotten", { skip }, async () => {
  await using _net0 = await make("net0");
  await using _net1 = await make("net1");
  const entries = (network: string) => readdirSync(path.join(folder, "networks", network, "dnsmasq.hosts")).sort();
  const nic = { instance: "web", device: "eth0", hwaddr: hwaddrs.web };
  await networks.addHost("net0", { ...nic, instance: "web2" });
  await networks.addHost("net0", nic);
  await networks.addHost("net1", nic);
  assert.deepEqual([entries("net0"), entries("net1")], [["web2.eth0"], ["web.eth0"]]);
  await networks.forgetInstance("web");
  assert.deepEqual([entries("net0"), entries("net1")], [["web2.eth0"], []]);
});

test("a fixed address is given, and refused to a second nic and outside the subnet", { skip }, async () => {
  await using _net = await make("net0", { "ipv4.address": "10.99.1.1/24" });
  await using guest = await Netns.create();
  const nic = { instance: "web", device: "eth0", hwaddr: hwaddrs.web };
  await networks.addHost("net0", nic);
  await guest.plug("net0", "vtest-web", hwaddrs.web);
  await lease(guest);
  await networks.addHost("net0", { ...nic, ipv4: "10.99.1.77" });
  assert.equal(await lease(guest), "10.99.1.77");
  assert.equal(await resolve(guest, "web", "10.99.1.1"), "10.99.1.77");
  assert.deepEqual(
    (await networks.leases("net0")).filter(({ type }) => type !== "gateway"),
    [{ hostname: "web", hwaddr: hwaddrs.web, address: "10.99.1.77", type: "static", location: "none" }],
  );
  const rival = { instance: "db", device: "eth0", hwaddr: hwaddrs.db };
  for (const [ipv4, why] of [
    ["10.99.1.77", /instance "web" has it/],
    ["10.98.0.5", /outside the subnet 10\.99\.1\.0\/24/],
    ["10.99.1.1", /needs it for itself/],
  ] as const)
    await assert.rejects(networks.addHost("net0", { ...rival, ipv4 }), refused("BAD_REQUEST", why));
});

test("guests that name themselves are known by that name where the network lets them", { skip }, async () => {
  await using _net = await make("net0", { "dns.mode": "dynamic", "dns.domain": "lab.test" });
  await using guest = await Netns.create();
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
  await guest.plug("net0", "vtest-web", hwaddrs.web);
  const address = await lease(guest, "-x", "hostname:self");
  assert.equal(await resolve(guest, "self.lab.test", gatewayOf("net0")), address);
  assert.equal(await resolve(guest, "web", gatewayOf("net0")), undefined);
  for (const name of ["wpad", "WPAD", "isatap", "localhost"]) {
    await lease(guest, "-x", `hostname:${name}`);
    for (const asked of [name.toLowerCase(), `${name.toLowerCase()}.lab.test`])
      assert.notEqual(await resolve(guest, asked, gatewayOf("net0")), address, `${asked} is nobody's to take`);
  }
});

test("guests reach the world through NAT, which can be switched off, and so can routing", { skip }, async () => {
  await using _net = await make("net0", { "ipv4.address": "10.99.1.1/24", "ipv4.nat": "true" });
  await using guest = await Netns.create();
  await using world = await Netns.create();
  // The world knows no way back to the guests: it answers our outer address only.
  await run("ip", [
    "link",
    "add",
    "name",
    "vtest-up",
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    String(world.pid),
  ]);
  try {
    await run("ip", ["address", "add", "192.0.2.1/24", "dev", "vtest-up"]);
    await run("ip", ["link", "set", "dev", "vtest-up", "up"]);
    await world.run("ip", "address", "add", "192.0.2.2/24", "dev", "eth0");
    await world.run("ip", "link", "set", "dev", "eth0", "up");
    await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
    await guest.plug("net0", "vtest-web", hwaddrs.web);
    await lease(guest);
    const isReached = async () => /1 packets received/.test(await ping(guest, "192.0.2.2"));
    assert.equal(await isReached(), true);
    const config = { "ipv4.address": "10.99.1.1/24" };
    await networks.update(own, "net0", { description: "", config });
    assert.equal(await isReached(), false);
    await networks.update(own, "net0", {
      description: "",
      config: { ...config, "ipv4.nat": "true", "ipv4.routing": "false" },
    });
    assert.equal(await isReached(), false);
    await networks.update(own, "net0", { description: "", config: { ...config, "ipv4.nat": "true" } });
    assert.equal(await isReached(), true);
  } finally {
    await run("ip", ["link", "delete", "dev", "vtest-up"]);
  }
});

test("a host that lacks a program says which, and nothing is made", { skip }, async () => {
  const programs = path.join(folder, "bin");
  mkdirSync(programs);
  for (const name of ["ip", "unshare"])
    symlinkSync((await run("which", [name])).stdout.trim(), path.join(programs, name));
  const { PATH } = process.env;
  process.env.PATH = programs;
  try {
    await assert.rejects(make("net0"), refused("BAD_REQUEST", /lacks the program nft .* the program dnsmasq .*doctor/));
  } finally {
    process.env.PATH = PATH;
  }
  assert.equal(await findLink("net0"), undefined);
  assert.equal(existsSync(path.join(folder, "networks", "net0")), false);
  assert.equal(await new BridgeDriver(home).unavailable(), undefined);
});

test("a client that brings an address of elsewhere is set right at once", { skip }, async () => {
  await using _net = await make("net0", { "ipv4.address": "10.99.1.1/24" });
  await using guest = await Netns.create();
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
  await guest.plug("net0", "vtest-far", hwaddrs.web);
  assert.match(await lease(guest, "-r", "192.168.50.7"), /^10\.99\.1\./);
});

test("an update reaches bridge, DHCP and rules in place, and spares dnsmasq what does not concern it", {
  skip,
}, async () => {
  await using _net = await make("net0", { "ipv4.address": "10.99.1.1/24", "ipv4.nat": "true", "user.a": "1" });
  const pid = dnsmasqPid("net0");
  await call("PATCH", "/1.0/networks/net0", { config: { "ipv4.nat": "false" }, description: "new" });
  assert.equal(networks.get(own, "net0").description, "new");
  assert.equal(networks.get(own, "net0").config["user.a"], "1");
  assert.doesNotMatch(await ruleset(), /masquerade/);
  assert.equal(dnsmasqPid("net0"), pid);
  await using guest = await Netns.create();
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
  await guest.plug("net0", "vtest-web", hwaddrs.web);
  await lease(guest);
  await call("PUT", "/1.0/networks/net0", {
    config: {
      "ipv4.address": "10.99.2.1/24",
      "bridge.mtu": "1400",
      "dns.domain": "lab",
      "raw.dnsmasq": "address=/pin.lab/10.99.2.200",
    },
  });
  assert.notEqual(dnsmasqPid("net0"), pid);
  const state = await networks.state("net0");
  assert.deepEqual([state.mtu, state.addresses.map(({ address }) => address)], [1400, ["10.99.2.1"]]);
  assert.deepEqual(
    (await networks.leases("net0")).map(({ type }) => type),
    ["gateway"],
  );
  const address = await lease(guest);
  assert.match(address, /^10\.99\.2\./);
  assert.equal(await resolve(guest, "web.lab", "10.99.2.1"), address);
  assert.equal(await resolve(guest, "pin.lab", "10.99.2.1"), "10.99.2.200");
});

test("an address left open by an update stays, and one change under a stale ETag is refused", { skip }, async () => {
  await using _net = await make("net0");
  const { config } = networks.get(own, "net0");
  const { etag } = await call("GET", "/1.0/networks/net0");
  await call("PUT", "/1.0/networks/net0", { config: { "ipv6.address": "none", "user.a": "1" } }, etag);
  assert.deepEqual(networks.get(own, "net0").config, { ...config, "user.a": "1" });
  await assert.rejects(
    call("PATCH", "/1.0/networks/net0", { description: "late" }, etag),
    refused("PRECONDITION_FAILED", /ETag/),
  );
});

test("a failing update leaves the network as it was", { skip }, async () => {
  await using _net = await make("net0", { "ipv4.address": "10.99.1.1/24", "ipv4.nat": "true" });
  await assert.rejects(
    networks.update(own, "net0", {
      description: "",
      // Right as it stands, and wrong beside what dnsmasq is started with.
      config: { "ipv4.address": "10.99.3.1/24", "raw.dnsmasq": "bind-interfaces" },
    }),
    refused("INTERNAL", /bind-interfaces|dnsmasq/),
  );
  assert.equal(networks.get(own, "net0").config["ipv4.address"], "10.99.1.1/24");
  assert.match(await ruleset(), /10\.99\.1\.0\/24/);
  await using guest = await Netns.create();
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
  await guest.plug("net0", "vtest-web", hwaddrs.web);
  assert.match(await lease(guest), /^10\.99\.1\./);
});

test("the next daemon finds bridge and dnsmasq again, and mends what is missing or has lost its instance", {
  skip,
}, async () => {
  await using _net = await make("net0");
  await networks.addHost("net0", { instance: "lost", device: "eth0", hwaddr: hwaddrs.db });
  const pid = dnsmasqPid("net0");
  await nextDaemon();
  assert.equal(dnsmasqPid("net0"), pid);
  assert.deepEqual(readdirSync(path.join(folder, "networks", "net0", "dnsmasq.hosts")), []);
  process.kill(Number(pid), "SIGKILL");
  await run("ip", ["link", "delete", "dev", "net0"]);
  await run("nft", ["delete", "table", "inet", "bothy_net0"]);
  await nextDaemon();
  assert.notEqual(dnsmasqPid("net0"), pid);
  assert.match(await ruleset(), /masquerade/);
  await using guest = await Netns.create();
  await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
  await guest.plug("net0", "vtest-web", hwaddrs.web);
  assert.notEqual(await lease(guest), "");
});

test("what a killed daemon left half made is gone with the next start", { skip }, async () => {
  const half = { name: "half0", config: { "ipv4.address": "10.99.9.1/24" }, path: home.dirs.network("half0") };
  const killed = new BridgeDriver(home);
  await killed.start(half);
  await killed.release();
  const pid = dnsmasqPid("half0");
  await networks.startAll();
  assert.equal(existsSync(half.path), false);
  assert.equal(await findLink("half0"), undefined);
  assert.doesNotMatch(await ruleset(), /half0/);
  assert.deepEqual(commandOf(Number(pid)), []);
});

test("a stopped and started network keeps leases and names", { skip }, async () => {
  await using _net = await make("net0");
  uses.push({
    project: "default",
    name: "web",
    key: "web",
    config: {},
    expandedDevices: { eth0: { type: "nic", network: "net0" } },
  });
  try {
    await networks.addHost("net0", { instance: "web", device: "eth0", hwaddr: hwaddrs.web });
    await using guest = await Netns.create();
    await guest.plug("net0", "vtest-web", hwaddrs.web);
    const address = await lease(guest);
    await networks.stopAll();
    await assert.rejects(networks.state("net0"), refused("NOT_FOUND", /Network not found/));
    await networks.startAll();
    await run("ip", ["link", "set", "dev", "vtest-web", "master", "net0", "up"]);
    assert.equal(await resolve(guest, "web", gatewayOf("net0")), address);
  } finally {
    uses.length = 0;
  }
});

test("what instances and profiles use can be neither deleted nor renamed; the rest is renamed with its bridge", {
  skip,
}, async () => {
  await using net = await make("net0");
  const users = [ref("instance", "web"), ref("profile", "wired")];
  for (const user of users) home.references.say(user, [ref("network", "net0")]);
  try {
    assert.deepEqual(networks.get(own, "net0").used_by, ["/1.0/instances/web", "/1.0/profiles/wired"]);
    for (const work of [
      () => call("DELETE", "/1.0/networks/net0"),
      () => call("POST", "/1.0/networks/net0", { name: "net1" }),
    ])
      await assert.rejects(work, refused("BAD_REQUEST", /^The network is currently in use$/));
  } finally {
    for (const user of users) home.references.forget(user);
  }
  const { config } = networks.get(own, "net0");
  assert.equal((await call("POST", "/1.0/networks/net0", { name: "net1" })).location, "/1.0/networks/net1");
  assert.deepEqual(networks.get(own, "net1").config, config);
  assert.equal((await networks.state("net1")).hwaddr, config["volatile.bridge.hwaddr"]);
  await assert.rejects(networks.state("net0"), refused("NOT_FOUND", /Network not found/));
  await networks.rename(own, "net1", "net0");
  assert.ok(net);
});

test("taken names and subnets are refused, and nothing is left half made", { skip }, async () => {
  await using _net = await make("net0", { "ipv4.address": "10.99.1.1/24" });
  await run("ip", ["link", "add", "name", "vtest-a", "type", "veth", "peer", "name", "vtest-b"]);
  await run("ip", ["address", "add", "10.55.0.1/16", "dev", "vtest-a"]);
  await run("ip", ["link", "set", "dev", "vtest-a", "up"]);
  try {
    const create = (name: string, config: Record<string, string> = {}, type = "bridge") =>
      call("POST", "/1.0/networks", { name, type, config });
    await assert.rejects(create("net0"), refused("CONFLICT", /already exists/));
    await assert.rejects(create("vtest-a"), refused("CONFLICT", /host has an interface/));
    await assert.rejects(create("a", {}), /at least 2/);
    await assert.rejects(create("all", {}), /kernel/);
    await assert.rejects(create("net1", {}, "ovn"), refused("BAD_REQUEST", /Unsupported network type/));
    await assert.rejects(create("net1", { "no.key": "1" }), refused("BAD_REQUEST", /Unknown configuration key/));
    await assert.rejects(
      create("net1", { "ipv4.address": "10.99.1.129/25" }),
      refused("BAD_REQUEST", /overlaps the network "net0"/),
    );
    await assert.rejects(
      create("net1", { "ipv4.address": "10.55.9.1/24" }),
      refused("BAD_REQUEST", /overlaps the route 10\.55\.0\.0\/16 through vtest-a/),
    );
    await assert.rejects(
      create("net1", { "ipv4.address": "10.99.4.1/24", "ipv4.dhcp.ranges": "10.99.5.2-10.99.5.9" }),
      refused("BAD_REQUEST", /not a range inside/),
    );
    await assert.rejects(create("net1", { "raw.dnsmasq": "no-such-option" }), refused("BAD_REQUEST", /raw\.dnsmasq/));
    await assert.rejects(create("net1", { "raw.dnsmasq": "bind-interfaces" }), refused("INTERNAL", /dnsmasq/));
    assert.equal(existsSync(path.join(folder, "networks", "net1")), false);
    assert.doesNotMatch(await ruleset(), /bothy_net1/);
    assert.doesNotMatch((await run("ip", ["-o", "link"])).stdout, /net1/);
  } finally {
    await run("ip", ["link", "delete", "dev", "vtest-a"]);
  }
});

test("a network without IPv4 is a bare bridge", { skip }, async () => {
  await using _net = await make("net0", { "ipv4.address": "none", "ipv6.address": "none" });
  const state = await networks.state("net0");
  assert.deepEqual([state.state, state.type, state.addresses], ["up", "broadcast", []]);
  assert.equal(existsSync(path.join(folder, "networks", "net0", "dnsmasq.pid")), false);
  assert.deepEqual(await networks.leases("net0"), []);
});

test("the list shows managed networks and the host's interfaces, but no ports of containers", { skip }, async () => {
  await run("ip", ["link", "add", "dev", "bothybr0", "type", "bridge"]);
  try {
    const name = await networks.createDefault();
    assert.equal(name, "bothybr1");
    await using _net: AsyncDisposable = { [Symbol.asyncDispose]: () => networks.delete(own, name) };
    await using guest = await Netns.create();
    await guest.plug(name, "vtest-web", hwaddrs.web);
    assert.deepEqual((await call("GET", "/1.0/networks")).metadata, [
      "/1.0/networks/bothybr1",
      "/1.0/networks/lo",
      "/1.0/networks/bothybr0",
    ]);
    const { metadata: lo } = await call("GET", "/1.0/networks/lo");
    assert.deepEqual(lo, {
      name: "lo",
      type: "loopback",
      description: "",
      config: {},
      managed: false,
      status: "",
      locations: [],
      used_by: [],
    });
    assert.equal((await networks.show(own, "bothybr0")).type, "bridge");
    assert.equal((await networks.state("lo")).addresses[0]?.address, "127.0.0.1");
    await assert.rejects(call("DELETE", "/1.0/networks/lo"), refused("NOT_FOUND", /Network not found/));
  } finally {
    await run("ip", ["link", "delete", "dev", "bothybr0"]);
  }
});

test("networks made at the same moment get subnets of their own", { skip }, async () => {
  const names = ["par0", "par1", "par2", "par3"];
  await Promise.all(names.map((name) => make(name)));
  const addresses = names.map((name) => networks.get(own, name).config["ipv4.address"]);
  assert.equal(new Set(addresses).size, names.length);
  await Promise.all(names.map((name) => networks.delete(own, name)));
  assert.equal(home.locks.size, 0);
});
