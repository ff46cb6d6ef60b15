/** Interfaces of containers, in a network namespace of the test's own. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { Spawner, type Words } from "./client";
import { Container, makeRoot } from "./container";

let spawner: Spawner;
let root: Words;
const host = (...command: string[]) =>
  execFileSync("nsenter", ["-t", String(spawner.child.pid), "-n", ...command]).toString();

before(async () => {
  spawner = await Spawner.start(["unshare", "-n"]);
  root = ["root-dir", makeRoot(path.join(spawner.dir, "root"))];
  host("ip", "link", "set", "lo", "up");
  host("ip", "link", "add", "br0", "type", "bridge");
  host("ip", "address", "add", "10.99.0.1/24", "dev", "br0");
  host("ip", "link", "set", "br0", "up");
});
after(() => spawner.stop());

const start = (name: string, host: Words) =>
  Container.start(spawner, name, { root, host, command: ["sleep", "1000000"] });

test("a nic joins the bridge, has the name, address and MTU asked for, and carries traffic", async () => {
  const container = await start("bridged", ["nic", "vethA", "eth0", "02:00:00:00:00:0a", "1400", "br0"]);
  assert.match(
    await container.sh("cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu"),
    /^02:00:00:00:00:0a\n1400$/,
  );
  assert.match(host("ip", "-o", "link", "show", "vethA"), /mtu 1500 .*master br0 state (UP|LOWERLAYERDOWN)/);
  await container.sh("ip address add 10.99.0.2/24 dev eth0");
  assert.match(
    await container.sh("ping -c 1 -W 5 10.99.0.1 && ping -c 1 127.0.0.1"),
    /1 packets received[\s\S]*1 packets received/,
  );
  await container.kill();
});

test("two nics and a net sysctl are there before the command begins", async () => {
  const container = await Container.start(spawner, "two", {
    root,
    host: [
      ["nic", "vethB", "eth0", "", "", "br0"],
      ["nic", "vethC", "lan", "", "", ""],
    ],
    inside: ["sysctl", "net.ipv4.conf.lan.forwarding", "1"],
    // the sysctl needs a writable /proc/sys, so it comes before the mask that closes it
    mounts: ["mount", "proc", "proc", "/proc", "-", ""],
    command: ["sh", "-c", "ls /proc/sys/net/ipv4/conf; cat /proc/sys/net/ipv4/conf/lan/forwarding; exec sleep 1000000"],
  });
  assert.match(await container.sh("ip -o link | cut -d: -f2 | tr -d '\\n'"), /^lo eth0@if\d+ lan@if\d+$/);
  assert.equal(await container.sh("cat /proc/sys/net/ipv4/conf/lan/forwarding"), "1");
  await container.kill();
});

test("net-state shows interfaces, addresses and counters as the container has them", async () => {
  const container = await start("state", ["nic", "vethD", "eth0", "02:00:00:00:00:0d", "", "br0"]);
  await container.sh("ip address add 10.99.0.3/24 dev eth0; ping -c 1 -W 5 10.99.0.1");
  const { interfaces } = await spawner.ask("net-state", container.target);
  const [lo, eth0] = interfaces as [Record<string, unknown>, Record<string, unknown>];
  assert.deepEqual([lo.name, lo.type, lo.up, lo.mtu, lo.hwaddr], ["lo", "loopback", true, 65536, ""]);
  assert.ok(
    (lo.addresses as object[]).some(
      (address) => JSON.stringify(address) === '{"family":"inet","address":"127.0.0.1","netmask":"8","scope":"local"}',
    ),
  );
  assert.deepEqual(
    [eth0.name, eth0.type, eth0.up, eth0.mtu, eth0.hwaddr],
    ["eth0", "broadcast", true, 1500, "02:00:00:00:00:0d"],
  );
  assert.deepEqual((eth0.addresses as object[])[0], {
    family: "inet",
    address: "10.99.0.3",
    netmask: "24",
    scope: "global",
  });
  assert.equal(eth0.peerIndex, Number(host("ip", "-o", "link", "show", "vethD").split(":")[0]));
  const counters = eth0.counters as Record<string, number>;
  assert.ok(counters.packetsSent! > 0 && counters.bytesReceived! > 0);
  await container.kill();
});

test("net-state that follows tells again when addresses have changed, and ends with the container", async () => {
  const container = await start("followed", ["nic", "vethF", "eth0", "", "", "br0"]);
  const connection = await spawner.request("net-state", container.target, ["follow"]);
  const addresses = async () => {
    const { interfaces } = await connection.line();
    const [, eth0] = interfaces as [unknown, { addresses: { family: string; address: string }[] }];
    return eth0.addresses.filter(({ family }) => family === "inet").map(({ address }) => address);
  };
  assert.deepEqual(await addresses(), []);
  await container.sh("ip address add 10.99.0.4/24 dev eth0");
  // A link-local address of IPv6 may be a change of its own.
  let seen = await addresses();
  while (seen.length === 0) seen = await addresses();
  assert.deepEqual(seen, ["10.99.0.4"]);
  await container.kill();
  while ((await connection.tryLine()) !== undefined);
  connection.close();
});

test("a bridge that is missing, or a name in use, is an error that leaves no interface", async () => {
  const taken = await start("taken", ["nic", "vethE", "eth0", "", "", "br0"]);
  await assert.rejects(start("nobridge", ["nic", "vethF", "eth0", "", "", "missing"]), /ENODEV.*missing/);
  await assert.rejects(
    start("again", [
      ["nic", "vethG", "eth0", "", "", "br0"],
      ["nic", "vethE", "eth1", "", "", "br0"],
    ]),
    /EEXIST.*vethE.*hint/,
  );
  assert.doesNotMatch(host("ip", "-o", "link"), /veth[FG]/);
  await taken.kill();
});

test("with net host the container sees the interfaces of the caller", async () => {
  const container = await Container.start(spawner, "hostnet", {
    root,
    host: ["net", "host"],
    mounts: [],
    command: ["sleep", "1000000"],
  });
  assert.match(await container.sh("ip -o link"), /br0/);
  await container.kill();
});

const cable = (name: string) => {
  host("ip", "link", "add", name, "address", "02:00:00:00:01:01", "type", "veth", "peer", "name", `${name}p`);
  host("ip", "link", "set", name, "mtu", "1450", "up");
};
/** With its number, without what changes a moment later. */
const shown = (name: string) =>
  host("ip", "-o", "link", "show", name).replace(/NO-CARRIER,|,LOWER_UP|,M-DOWN| state \w+/g, "");
const nics = (name: string) => path.join(spawner.dir, name, "nics");

test("an interface that was moved comes back as it was, whatever it is by then", async () => {
  cable("move0");
  const before = shown("move0");
  const move = ["nic-move", "move0", "lan0", "02:00:00:00:00:aa", "1300", "600000001", nics("moved")];
  const container = await start("moved", move);
  assert.equal(
    await container.sh("cat /sys/class/net/lan0/address /sys/class/net/lan0/mtu"),
    "02:00:00:00:00:aa\n1300",
  );
  assert.throws(() => shown("move0"));
  await container.sh("ip link set lan0 down; ip link set lan0 name br0; ip link set br0 mtu 900");
  await container.kill();
  assert.equal(shown("move0"), before);
  // Its name and number are somebody else's by now.
  const again = await start("moved", move);
  host("ip", "link", "add", "move0", "index", before.split(":")[0] ?? "", "type", "bridge");
  await again.kill();
  assert.match(host("ip", "-o", "link"), /dev600000001@move0p.*mtu 1450/);
  host("ip", "link", "del", "move0");
  host("ip", "link", "del", "move0p");
});

test("interfaces come to a running container, and go by their numbers", async () => {
  cable("plug0");
  const before = shown("plug0");
  const container = await start("plugged", []);
  const plug = async (...ops: string[][]) => {
    const line = await spawner.ask("plug", container.target, container.map, ...ops);
    assert.ok(line.error === undefined, JSON.stringify(line));
  };
  await plug(["nic-parent", "macvlan", "plug0", "lan0", "02:00:00:00:00:bb", "", "bridge", "600000001"]);
  await plug(
    ["nic", "vethH", "lan1", "", "1500", ""],
    ["nic-port", "vethH", "br0", "", "", "", "isolated"],
    ["nic-address", "lan1", "10.99.0.9", "32", "10.99.0.1"],
    ["nic-address", "lan1", "2001:db8::9", "128", "dev"],
  );
  assert.match(host("bridge", "-d", "link", "show", "dev", "vethH"), /isolated on/);
  assert.match(await container.sh("ip route"), /default via 10\.99\.0\.1 dev lan1/);
  assert.match(await container.sh("ip -6 route"), /default dev lan1/);
  await container.sh("ip link set lan0 name odd");
  await assert.rejects(plug(["nic-parent", "macvlan", "plug0", "lan2", "", "", "bridge", "600000001"]), /EEXIST|EBUSY/);
  await plug(["unplug-inner", "600000001", nics("plugged")]);
  await plug(["unplug-inner", "600000001", nics("plugged")]);
  await plug(["nic-move", "plug0", "lan0", "", "", "600000001", nics("plugged")]);
  assert.throws(() => shown("plug0"));
  await plug(["unplug-inner", "600000001", nics("plugged")]);
  assert.equal(shown("plug0"), before);
  await assert.rejects(
    plug(["nic-move", "plug0", "lan0", "", "", "600000001", nics("plugged")], ["nic", "br0", "lan3", "", "", ""]),
    /EEXIST/,
  );
  assert.equal(shown("plug0"), before, "it comes back when what comes after it fails");
  await assert.rejects(plug(["nic-move", "plug0", "lan0", "", "", "600000001", nics("nosuch")]), /ENOENT.*older Bothy/);
  await assert.rejects(plug(["nic-port", "vethH", "br0", "", "5000", "", "-"]), /EINVAL.*VLANs/);
  await container.kill();
  host("ip", "link", "del", "plug0");
});
