/** Nics on bridges: who hears whom, and from which addresses. */
import assert from "node:assert/strict";
import test from "node:test";
import { needs } from "../support/needs";
import { clearedAfterEach } from "../support/shared-daemon";
import { inside, launch, make, networkScene, reaches, refusesStart, setDevices } from "./scene";

const skip = needs("root");
const vlanSkip = needs("root", "vlan");

/** Of the daemon, and of its host. */
const bridges = ["net7", "hbr0"] as const;

const scene = networkScene(["hbr0"], async ({ shared: { daemon } }) => {
  await daemon.run(
    "ip",
    "link",
    "add",
    "name",
    "hbr0",
    "address",
    "00:16:3e:00:00:70",
    "type",
    "bridge",
    "forward_delay",
    "0",
  );
  await daemon.run("ip", "link", "set", "dev", "hbr0", "up");
  await daemon.client.createNetwork({ name: "net7", type: "bridge", config: { "ipv4.address": "10.99.7.1/24" } });
});
const { shared } = scene;
clearedAfterEach(shared);

// Not eth0, whose addresses the DHCP client of the image takes away.
const nicOn = (bridge: string, more = {}) => ({
  type: "nic",
  name: "lan0",
  ...(bridge === "net7" ? { network: bridge } : { nictype: "bridged", parent: bridge }),
  ...more,
});

const address = (number: number) => `10.99.7.${number}`;

async function join(name: string, number: number, nic: Record<string, string>): Promise<void> {
  await launch(shared, name, { eth0: nic });
  await inside(shared, name, `ip address add ${address(number)}/24 dev lan0`);
}

for (const bridge of bridges)
  test(`isolated nics on ${bridge} reach others, and not each other`, { skip }, async () => {
    const isolated = nicOn(bridge, { "security.port_isolation": "true" });
    await join("one", 21, isolated);
    await join("two", 22, isolated);
    await join("free", 23, nicOn(bridge));
    assert.ok(await reaches(shared, "one", address(23)));
    assert.ok(await reaches(shared, "free", address(22)));
    assert.ok(!(await reaches(shared, "one", address(22))));
    await setDevices(shared, "two", { eth0: nicOn(bridge) });
    await inside(shared, "two", `ip address add ${address(22)}/24 dev lan0`);
    assert.ok(await reaches(shared, "one", address(22)));
  });

for (const bridge of bridges)
  test(`what comes from another hardware or IPv4 address on ${bridge} is dropped`, { skip }, async () => {
    const filtered = { "security.ipv4_filtering": "true", "ipv4.address": address(21) };
    await join("one", 21, nicOn(bridge, filtered));
    await join("free", 23, nicOn(bridge));
    assert.ok(await reaches(shared, "one", address(23)));
    await inside(shared, "one", `ip address add ${address(24)}/24 dev lan0`);
    const ping = `ping -c 1 -W 1 -I ${address(24)} ${address(23)} >/dev/null && echo yes`;
    assert.equal(await inside(shared, "one", ping), "", "another IPv4 address");
    await inside(shared, "one", "ip link set lan0 address 00:16:3e:00:00:77");
    assert.ok(!(await reaches(shared, "one", address(23))), "another hardware address");
    await setDevices(shared, "one", { eth0: nicOn(bridge) });
    await inside(
      shared,
      "one",
      `ip address add ${address(24)}/24 dev lan0; ip link set lan0 address 00:16:3e:00:00:77`,
    );
    assert.ok(await reaches(shared, "one", address(23)), "without a filter");
    await setDevices(shared, "one", { eth0: nicOn(bridge, { "security.mac_filtering": "true" }) });
    await inside(shared, "one", `ip address add ${address(24)}/24 dev lan0`);
    assert.ok(await reaches(shared, "one", address(23)));
    await inside(shared, "one", "ip link set lan0 address 00:16:3e:00:00:77");
    assert.ok(!(await reaches(shared, "one", address(23))), "the hardware address alone");
  });

test("filters of nics are there after the daemon was killed", { skip }, async () => {
  for (const bridge of bridges) await join(bridge, 21, nicOn(bridge, { "security.mac_filtering": "true" }));
  await shared.daemon.kill();
  await shared.daemon.run("nft", "flush", "ruleset");
  await shared.daemon.start();
  await join("free", 23, nicOn("net7"));
  assert.ok(await reaches(shared, "net7", address(23)));
  await inside(shared, "net7", "ip link set lan0 address 00:16:3e:00:00:77");
  assert.ok(!(await reaches(shared, "net7", address(23))));
  assert.match(await shared.daemon.run("nft", "list", "ruleset", "bridge"), /table bridge bothy_nic_/);
});

test("a nic with no IPv4 sends none", { skip }, async () => {
  await join("none", 21, nicOn("hbr0", { "security.ipv4_filtering": "true", "ipv4.address": "none" }));
  await join("free", 23, nicOn("hbr0"));
  assert.ok(!(await reaches(shared, "none", address(23))));
  const none = { "security.ipv4_filtering": "true", "ipv4.address": "none" };
  await setDevices(shared, "free", { eth0: nicOn("hbr0", none) });
  await setDevices(shared, "free", { eth0: nicOn("net7", none) });
  await shared.client.updateNetwork("net7", {
    description: "",
    config: { "ipv4.address": "10.99.7.1/24", "ipv4.dhcp.expiry": "2h" },
  });
});

test("the host has routes to subnets behind a nic, for as long as it is there", { skip }, async () => {
  const routes = async () =>
    (await shared.daemon.run("ip", "route")).split("\n").filter((line) => line.includes("203.0.113"));
  await launch(shared, "one", { eth0: nicOn("net7", { "ipv4.routes": "203.0.113.0/26,203.0.113.64/26" }) });
  assert.equal((await routes()).length, 2);
  await setDevices(shared, "one", { eth0: nicOn("net7", { "ipv4.routes": "203.0.113.0/26" }) });
  assert.deepEqual(
    (await routes()).map((line) => line.split(" ")[0]),
    ["203.0.113.0/26"],
  );
  await (await shared.client.setInstanceState("one", { action: "stop", force: true })).wait();
  assert.deepEqual(await routes(), []);
});

test("a route that the host has stays, and is told of; a restricted project has none to give", { skip }, async () => {
  await shared.daemon.run("ip", "route", "add", "203.0.113.0/26", "dev", "hbr0");
  await make(shared, "one", { eth0: nicOn("net7", { "ipv4.routes": "203.0.113.0/26" }) });
  await refusesStart(shared, "one", /"ipv4.routes".*203\.0\.113\.0\/26 dev hbr0/);
  await shared.daemon.run("ip", "route", "del", "203.0.113.0/26");
  await shared.client.createProject({ name: "shut", config: { restricted: "true", "features.profiles": "false" } });
  const devices = { eth0: nicOn("net7", { "ipv4.routes": "203.0.113.0/26" }) };
  const body = { name: "one", source: { type: "image", alias: "template:busybox" }, devices };
  const told = await shared.outcome("POST", "/1.0/instances?project=shut", body);
  assert.deepEqual(
    [told.status, /Routes of the host are forbidden/.test(told.error)],
    [400, true],
    JSON.stringify(told),
  );
  await shared.client.deleteProject("shut");
});

test("VLANs on a bridge of the host want that to look at them", { skip }, async () => {
  await make(shared, "one", { eth0: nicOn("hbr0", { vlan: "10" }) });
  await refusesStart(shared, "one", /"eth0".*"vlan": VLAN filtering is not enabled in parent bridge "hbr0"/);
});

for (const bridge of bridges)
  test(`nics in VLANs of ${bridge} hear their VLAN alone`, { skip: vlanSkip }, async () => {
    if (bridge === "hbr0")
      await shared.daemon.run("ip", "link", "set", bridge, "type", "bridge", "vlan_filtering", "1");
    await join("ten", 21, nicOn(bridge, { vlan: "10" }));
    await join("also", 22, nicOn(bridge, { vlan: "10" }));
    await join("other", 23, nicOn(bridge));
    assert.ok(await reaches(shared, "ten", address(22)));
    assert.ok(!(await reaches(shared, "ten", address(23))));
    await launch(shared, "trunk", { eth0: nicOn(bridge, { vlan: "none", "vlan.tagged": "10,30-39" }) });
    await inside(shared, "trunk", "ip link add link lan0 name lan0.10 type vlan id 10; ip link set lan0.10 up");
    await inside(shared, "trunk", `ip address add ${address(24)}/24 dev lan0.10`);
    assert.ok(await reaches(shared, "trunk", address(21)));
    assert.ok(!(await reaches(shared, "trunk", address(23))));
    await setDevices(shared, "other", { eth0: nicOn(bridge, { vlan: "10" }) });
    await inside(shared, "other", `ip address add ${address(23)}/24 dev lan0`);
    assert.ok(await reaches(shared, "ten", address(23)), "while it runs");
  });
