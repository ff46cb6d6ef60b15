/** Types of nics that stand on an interface of the host, or are one: what their packets do, and what is left of them. */
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { requireFeature } from "../support/require";
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

const skip = requireFeature("root", process.getuid?.() === 0);

const scene = networkScene(["par0", "par1"], async ({ outside }) => {
  await outside.cable("par0", "out0", "192.0.2.1/24", "2001:db8::1/64");
  await outside.cable("par1", "out1", "198.51.100.1/24");
});
const { shared } = scene;
clearedAfterEach(shared);

const links = (...words: string[]) => linksOf(shared, ...words);
// Not eth0, whose addresses the DHCP client of the image takes away.
const macvlan = { type: "nic", nictype: "macvlan", name: "lan0", parent: "par0" };

test("a macvlan nic is on its parent's line, with a hardware address of its own", { skip }, async () => {
  const before = await links();
  await launch(shared, "mac", { eth0: { ...macvlan, hwaddr: "00:16:3e:00:00:21", mtu: "1400" } });
  assert.equal(
    await inside(shared, "mac", "cat /sys/class/net/lan0/address /sys/class/net/lan0/mtu"),
    "00:16:3e:00:00:21\n1400",
  );
  await inside(shared, "mac", "ip address add 192.0.2.20/24 dev lan0");
  assert.ok(await reaches(shared, "mac", "192.0.2.1"));
  assert.match(await scene.outside.run("ip", "neigh", "show", "192.0.2.20"), /00:16:3e:00:00:21/);
  const { lan0 } = (await shared.client.getInstanceState("mac")).network ?? {};
  assert.equal(lan0?.hwaddr, "00:16:3e:00:00:21");
  assert.ok(lan0.addresses.some(({ address }) => address === "192.0.2.20"));
  assert.ok(lan0.counters.packets_sent > 0);
  await stop(shared, "mac");
  assert.equal(await links(), before, "nothing is on the host, then or now");
});

test("two macvlan nics on one parent reach each other, and follow changes while they run", { skip }, async () => {
  await launch(shared, "one", { eth0: macvlan });
  await launch(shared, "two", {});
  await inside(shared, "one", "ip address add 192.0.2.21/24 dev lan0");
  await setDevices(shared, "two", { lan0: macvlan });
  await inside(shared, "two", "ip address add 192.0.2.22/24 dev lan0");
  assert.ok(await reaches(shared, "two", "192.0.2.21"));
  await inside(shared, "two", "ip link set lan0 down; ip link set lan0 name odd; ip link set odd up");
  await setDevices(shared, "two", {});
  assert.equal(await inside(shared, "two", "ls /sys/class/net"), "lo", "under whatever name");
});

const own = { type: "nic", nictype: "physical", name: "lan1", parent: "par1" };

async function untilStopped(name: string): Promise<void> {
  const isStopped = async () => (await shared.client.getInstanceState(name)).status === "Stopped";
  for (let tries = 0; tries < 400 && !(await isStopped()); tries += 1) await delay(25);
  assert.ok(await isStopped());
}

test("a physical nic is the host's interface, which comes back as it was", { skip }, async () => {
  await shared.daemon.run("ip", "link", "set", "dev", "par1", "mtu", "1450");
  const before = await links("dev", "par1");
  await launch(shared, "own", { eth0: { ...own, hwaddr: "00:16:3e:00:00:31", mtu: "1300" } });
  await assert.rejects(links("dev", "par1"));
  assert.equal(
    await inside(shared, "own", "cat /sys/class/net/lan1/address /sys/class/net/lan1/mtu"),
    "00:16:3e:00:00:31\n1300",
  );
  await inside(shared, "own", "ip address add 198.51.100.20/24 dev lan1");
  assert.ok(await reaches(shared, "own", "198.51.100.1"));
  const { value } = await shared.client.getInstance("own");
  assert.equal(value.config["volatile.eth0.host_name"], "par1");
  await stop(shared, "own");
  assert.equal(await links("dev", "par1"), before);
  await start(shared, "own");
  const upset =
    "ip link set lan1 down; ip link set lan1 name par0; ip link set par0 mtu 900; ip link set par0 address 00:16:3e:00:00:99";
  await inside(shared, "own", `${upset}; (sleep 0.2; poweroff -f) >/dev/null &`);
  await untilStopped("own");
  assert.equal(await links("dev", "par1"), before, "whatever its name was inside, of a guest that ends by itself");
});

test("a physical nic comes and goes while the container runs, and ends with it all the same", { skip }, async () => {
  const before = await links("dev", "par1");
  await launch(shared, "own", {});
  await setDevices(shared, "own", { lan0: own });
  assert.equal(await inside(shared, "own", "ls /sys/class/net"), "lan1\nlo");
  await setDevices(shared, "own", { lan0: { ...own, mtu: "1400" } });
  assert.equal(await inside(shared, "own", "cat /sys/class/net/lan1/mtu"), "1400");
  await setDevices(shared, "own", {});
  assert.equal(await links("dev", "par1"), before);
  assert.equal(await inside(shared, "own", "ls /sys/class/net"), "lo");
  await setDevices(shared, "own", { lan0: own });
  await (await shared.client.setInstanceState("own", { action: "restart", force: true })).wait();
  assert.equal(await inside(shared, "own", "ls /sys/class/net"), "lan1\nlo");
  await stop(shared, "own");
  assert.equal(await links("dev", "par1"), before);
});

test("a priority of the instance is no matter of an interface that is wholly its own", { skip }, async () => {
  await make(shared, "own", { eth0: own, eth1: macvlan });
  const { value } = await shared.client.getInstance("own");
  const config = { ...value.config, "limits.network.priority": "5" };
  await (await shared.client.updateInstance("own", { ...value, config })).wait();
  await start(shared, "own");
  await stop(shared, "own");
});

test("an interface comes back from a start that fails after it was handed on", { skip }, async () => {
  const before = await links();
  const devices = { eth0: own, eth1: { type: "nic", nictype: "p2p", host_name: "par0" } };
  await make(shared, "own", devices);
  await assert.rejects(start(shared, "own"), /par0.*EEXIST|EEXIST.*par0/);
  assert.equal(await links(), before);
  await setDevices(shared, "own", { eth1: { type: "nic", nictype: "p2p" } });
  await start(shared, "own");
  await assert.rejects(
    setDevices(shared, "own", {
      ...devices,
      eth0: own,
      eth1: { type: "nic", nictype: "p2p" },
      eth2: { ...macvlan, mtu: "9000" },
    }),
    /mtu|EINVAL/i,
  );
  assert.equal(
    await links("dev", "par1"),
    before
      .split("\n")
      .map((line) => `${line}\n`)
      .find((line) => line.includes("par1")),
  );
  assert.equal(await inside(shared, "own", "ls /sys/class/net"), "eth0\nlo");
});

test("an interface is one container's at a time", { skip }, async () => {
  await launch(shared, "own", { eth0: own });
  await make(shared, "late", {});
  for (const nic of [own, { ...macvlan, parent: "par1" }]) {
    await setDevices(shared, "late", { eth0: nic });
    await refusesStart(shared, "late", /"eth0".*Parent device "par1" doesn't exist/);
  }
  await stop(shared, "own");
  await start(shared, "late");
  await refusesStart(shared, "own", /"eth0".*"parent": "par1" is in use by the running instance "late"/);
});

test("the host has its interface back whichever daemon sees the container off", { skip }, async () => {
  const before = await links("dev", "par1");
  await launch(shared, "own", { eth0: own, eth1: macvlan });
  await shared.daemon.kill();
  await shared.daemon.start();
  assert.equal((await shared.client.getInstanceState("own")).status, "Running");
  await setDevices(shared, "own", { eth0: own });
  assert.equal(await inside(shared, "own", "ls /sys/class/net"), "lan1\nlo");
  await shared.daemon.kill();
  await inside(shared, "own", "true").catch(() => undefined);
  await shared.daemon.start();
  await stop(shared, "own");
  assert.equal(await links("dev", "par1"), before);
});

test("a hardware address is one nic's on a parent", { skip }, async () => {
  const nic = { ...macvlan, hwaddr: "00:16:3e:00:00:41" };
  await launch(shared, "one", { eth0: nic });
  await make(shared, "two", { eth0: { ...nic, hwaddr: "00:16:3E:00:00:41" } });
  await refusesStart(shared, "two", /"eth0".*"hwaddr": MAC address .* already defined on another NIC: instance "one"/);
  await setDevices(shared, "two", { eth0: { ...nic, parent: "par1" } });
  await start(shared, "two");
});

test("a card without virtual functions has none for a nic", { skip }, async () => {
  await make(shared, "own", { eth0: { type: "nic", nictype: "sriov", parent: "par0" } });
  await refusesStart(shared, "own", /"eth0".*"parent": Parent device "par0" doesn't support SR-IOV/);
});

test("a parent that is not there is named, at a start and while the container runs", { skip }, async () => {
  await launch(shared, "late", {});
  for (const nictype of ["macvlan", "ipvlan", "routed", "physical", "sriov"]) {
    const eth0 = { type: "nic", nictype, parent: "nosuch" };
    await leavesNothing(shared, () =>
      assert.rejects(setDevices(shared, "late", { eth0 }), {
        code: "BAD_REQUEST",
        message: /"eth0".*Parent device "nosuch" doesn't exist.*"parent"/,
      }),
    );
  }
  assert.equal(await inside(shared, "late", "ls /sys/class/net"), "lo");
  await setDevices(shared, "late", {});
  await stop(shared, "late");
  await setDevices(shared, "late", { eth0: { ...macvlan, parent: "nosuch" } });
  await refusesStart(shared, "late", /"eth0".*Parent device "nosuch" doesn't exist/);
});
