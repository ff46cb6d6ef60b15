/** A network's values hold whatever joins its bridge, and what joins takes them over. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Device } from "../../sdk/api/common";
import type { TestDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({ bare: false }, async () => undefined);
afterEach(async () => {
  const { client } = shared;
  for (const { name } of await client.listInstances())
    await (await client.deleteInstance(name, { force: true })).wait();
  for (const { name, managed } of await client.listNetworks())
    if (managed && name !== "bothybr0") await client.deleteNetwork(name);
});

async function inside({ client }: TestDaemon, command: string): Promise<string> {
  const { stdout } = await client.execOutput("web", { command: ["sh", "-c", command] });
  return String(stdout).trim();
}

const mtuInside = (daemon: TestDaemon, nic = "eth0") => inside(daemon, `cat /sys/class/net/${nic}/mtu`);

async function link(daemon: TestDaemon, name: string) {
  return JSON.parse(await daemon.run("ip", "-d", "-j", "link", "show", "dev", name))[0];
}

async function hostMtu(daemon: TestDaemon, nic = "eth0"): Promise<number> {
  const { config } = (await daemon.client.getInstance("web")).value;
  return (await link(daemon, config[`volatile.${nic}.host_name`] ?? "")).mtu;
}

async function launch({ client }: TestDaemon, eth0: Device) {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "web", source, devices: { eth0 } })).wait();
  await (await client.setInstanceState("web", { action: "start" })).wait();
}

async function setDevices({ client }: TestDaemon, devices: Record<string, Device>) {
  const { value } = await client.getInstance("web");
  await (await client.updateInstance("web", { ...value, devices })).wait();
}

for (const mtu of ["1400", "9000"])
  test(`a network of MTU ${mtu} keeps it, and its nics have it, from the start, plugged later, and under the next daemon`, {
    skip,
  }, async () => {
    const { daemon } = shared;
    await daemon.client.createNetwork({ name: "net8", config: { "bridge.mtu": mtu } });
    const on8 = { type: "nic", network: "net8" };
    await launch(daemon, on8);
    assert.equal(await mtuInside(daemon), mtu);
    await setDevices(daemon, { eth0: on8, eth1: { type: "nic", nictype: "bridged", parent: "net8" } });
    assert.equal(await mtuInside(daemon, "eth1"), mtu);
    for (const nic of ["eth0", "eth1"]) assert.equal(await hostMtu(daemon, nic), Number(mtu));
    // An interface of the admin's own, with another.
    await daemon.run("ip", "link", "add", "vtest-a", "mtu", "1300", "type", "veth", "peer", "name", "vtest-b");
    await daemon.run("ip", "link", "set", "vtest-a", "master", "net8", "up");
    assert.equal((await link(daemon, "net8")).mtu, Number(mtu));
    await daemon.run("ip", "link", "delete", "vtest-a");
    await daemon.stop();
    await daemon.start();
    await setDevices(daemon, { eth0: on8, eth2: { ...on8, name: "eth2" } });
    assert.equal(await mtuInside(daemon, "eth2"), mtu);
    assert.equal((await daemon.client.getNetworkState("net8")).mtu, Number(mtu));
    assert.equal((await daemon.client.getInstanceState("web")).network?.eth0?.mtu, Number(mtu));
  });

test("a nic's own MTU is its own: neither bridge nor neighbours feel it", { skip }, async () => {
  const { daemon } = shared;
  const nic = { type: "nic", network: "bothybr0" };
  await launch(daemon, { ...nic, mtu: "1280" });
  assert.deepEqual([await mtuInside(daemon), (await link(daemon, "bothybr0")).mtu], ["1280", 1500]);
  await setDevices(daemon, { eth0: { ...nic, mtu: "1280" }, eth1: nic, eth2: { ...nic, mtu: "9000" } });
  assert.deepEqual([await mtuInside(daemon, "eth1"), await mtuInside(daemon, "eth2")], ["1500", "9000"]);
  assert.equal((await link(daemon, "bothybr0")).mtu, 1500);
  for (const name of ["eth0", "eth1", "eth2"]) assert.equal(await hostMtu(daemon, name), 1500);
});

test("DHCP tells the network's MTU to nics that have none of their own", { skip }, async () => {
  const { daemon } = shared;
  await daemon.client.createNetwork({ name: "net8", config: { "bridge.mtu": "1400" } });
  await launch(daemon, { type: "nic", network: "net8" });
  await setDevices(daemon, {
    eth0: { type: "nic", network: "net8" },
    eth1: { type: "nic", network: "net8", mtu: "1300" },
  });
  const told = (nic: string) =>
    inside(
      daemon,
      `printf '#!/bin/sh\necho "$1 mtu=$mtu" >> /root/told-${nic}\n' > /root/${nic}.sh; chmod 755 /root/${nic}.sh
         udhcpc -i ${nic} -q -n -f -O mtu -s /root/${nic}.sh >/dev/null 2>&1; grep bound /root/told-${nic}`,
    );
  assert.equal(await told("eth0"), "bound mtu=1400");
  assert.equal(await told("eth1"), "bound mtu=");
});

test("a nic on a bridge of the host takes over that bridge's MTU and leaves it as it is", { skip }, async () => {
  const { daemon } = shared;
  await daemon.run("ip", "link", "add", "hostbr", "mtu", "1420", "type", "bridge");
  await daemon.run("ip", "link", "set", "hostbr", "up");
  await launch(daemon, { type: "nic", nictype: "bridged", parent: "hostbr" });
  assert.deepEqual([await mtuInside(daemon), (await link(daemon, "hostbr")).mtu], ["1420", 1420]);
  assert.doesNotMatch(await daemon.run("nft", "list", "ruleset"), /hostbr/);
  await (await daemon.client.setInstanceState("web", { action: "stop", force: true })).wait();
  await daemon.run("ip", "link", "delete", "hostbr");
});

test("a changed MTU is the bridge's at once and a nic's from its next start on", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, { type: "nic", network: "bothybr0" });
  const set = (mtu: string) => daemon.client.patchNetwork("bothybr0", { config: { "bridge.mtu": mtu } });
  await set("1400");
  assert.deepEqual([await mtuInside(daemon), (await link(daemon, "bothybr0")).mtu], ["1500", 1400]);
  await (await daemon.client.setInstanceState("web", { action: "restart", force: true })).wait();
  assert.deepEqual([await mtuInside(daemon), (await link(daemon, "bothybr0")).mtu], ["1400", 1400]);
  await set("");
  assert.equal((await link(daemon, "bothybr0")).mtu, 1500);
});

test("a bridge has its own hardware address, spanning tree, forwarding and IPv6 settings whatever joins", {
  skip,
}, async () => {
  const { daemon } = shared;
  const settings = async () => {
    const { address, mtu, linkinfo } = await link(daemon, "bothybr0");
    const { stp_state, forward_delay, no_linklocal_learn, ageing_time, vlan_filtering, mcast_snooping, priority } =
      linkinfo.info_data;
    const at = "/proc/sys/net";
    const switches = await daemon.run(
      "cat",
      `${at}/ipv4/conf/bothybr0/forwarding`,
      `${at}/ipv4/ip_forward`,
      `${at}/ipv6/conf/bothybr0/disable_ipv6`,
    );
    return {
      address,
      mtu,
      stp_state,
      forward_delay,
      no_linklocal_learn,
      ageing_time,
      vlan_filtering,
      mcast_snooping,
      priority,
      switches,
    };
  };
  const before = await settings();
  assert.equal(before.address, (await daemon.client.getNetwork("bothybr0")).value.config["volatile.bridge.hwaddr"]);
  // Lower than any that we give: a bridge without an address of its own would take it.
  await daemon.run(
    "ip",
    "link",
    "add",
    "vtest-a",
    "address",
    "00:00:00:00:00:02",
    "type",
    "veth",
    "peer",
    "name",
    "vtest-b",
  );
  await daemon.run("ip", "link", "set", "vtest-a", "master", "bothybr0", "up");
  await launch(daemon, { type: "nic", network: "bothybr0", hwaddr: "00:00:00:00:00:04" });
  assert.deepEqual(await settings(), before);
  await daemon.stop();
  await daemon.start();
  assert.deepEqual(await settings(), before);
  await daemon.run("ip", "link", "delete", "vtest-a");
  assert.deepEqual(await settings(), before);
});
