/** Reboot of the host: the state folder alone comes along, into a network namespace that knows nothing of before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Netns } from "../../scripts/scene/netns";
import { removeTraces } from "../../scripts/scene/traces";
import { TestDaemon, withDaemon } from "../support/daemon";
import { needs } from "../support/needs";

const skip = needs("root", "nft", "dnsmasq");
/** Of the daemon's default network, which has what a first start chooses, and of one with a bit of everything. */
const networks = ["bothybr0", "full1"];

/** What the network of a host is seen by: addresses of bridges, whole rules, and who answers for names and addresses. */
async function sceneOf(daemon: TestDaemon) {
  const scenes = networks.map(async (name) => {
    const address = await daemon.run("ip", "-o", "address", "show", "dev", name, "scope", "global");
    const tables = await Promise.all(
      ["inet", "bridge"].map((family) => daemon.run("nft", "list", "table", family, `bothy_${name}`)),
    );
    const servers = (await daemon.run("ss", "-Hlunp")).match(/users:\(\("dnsmasq"/g)?.length;
    const { value } = await daemon.client.getNetwork(name);
    return {
      addresses: [...address.matchAll(/inet6? (\S+)/g)].map(([, text]) => text),
      // After each start interfaces of nics have other names, the daemon answers for names at other ports, and counters begin anew.
      rules: tables.map((text) =>
        text
          .replace(/veth[0-9a-f]+/g, "veth")
          .replace(/(dnat ip6? to \S+):\d{5}$/gm, "$1")
          .replace(/packets \d+ bytes \d+/g, ""),
      ),
      servers,
      status: value.status,
      leases: (await daemon.client.getNetworkLeases(name))
        .map(({ hostname, address }) => `${hostname} ${address}`)
        .sort(),
    };
  });
  return Promise.all(scenes);
}

/** Starts an instance: this kernel has not booted, so that they do not start by themselves. @returns its address */
const start = async ({ client }: TestDaemon, name: string) => {
  await (await client.setInstanceState(name, { action: "start" })).wait();
  return (await client.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 })).network?.eth0?.addresses.find(
    ({ family }) => family === "inet",
  )?.address;
};

test("after a reboot each network is there as it was, with its rules, leases and names", { skip }, async () => {
  const options = { bare: false };
  await withDaemon(options, async (daemon) => {
    const { client } = daemon;
    const egress = [{ action: "allow", state: "enabled", destination: "192.0.2.0/24" }];
    await client.createNetworkAcl({ name: "judge", egress });
    await client.createNetwork({
      name: "full1",
      config: {
        "ipv4.address": "10.81.4.1/24",
        "ipv6.address": "fd81:4::1/64",
        "ipv4.nat": "true",
        "security.acls": "judge",
        "security.egress.allow": "192.0.2.0/24:443,*.example.com",
      },
    });
    await client.createNetworkForward("full1", {
      listen_address: "192.0.2.9",
      config: {},
      ports: [{ protocol: "tcp", listen_port: "8080", target_address: "10.81.4.77", target_port: "80" }],
    });
    const make = async (name: string, network: string, nic = {}) => {
      const devices = { eth0: { type: "nic", network, name: "eth0", "security.mac_filtering": "true", ...nic } };
      const source = { type: "image", alias: "template:busybox" };
      await (await client.createInstance({ name, source, devices })).wait();
      return start(daemon, name);
    };
    const given = [await make("web", "bothybr0"), await make("db", "full1", { "ipv4.address": "10.81.4.77" })];
    const before = await sceneOf(daemon);
    assert.equal(before[0]?.servers, before[1]?.servers);

    // All at once, as when the power goes; then the folder alone is left.
    await daemon.kill();
    await removeTraces(daemon.place);
    await using netns = await Netns.create();
    const next = new TestDaemon(daemon.dir, netns, options);
    try {
      await next.start();
      assert.deepEqual([await start(next, "web"), await start(next, "db")], given);
      assert.deepEqual(await sceneOf(next), before);
      const { stdout } = await next.client.execOutput("web", { command: ["nslookup", "web.lxd"] });
      assert.match(String(stdout), new RegExp(`Address.*${given[0]}`));
      await next.shutDown();
    } finally {
      await next.client.close();
      if (next.isRunning) await next.kill();
      await removeTraces(next.place);
    }
  });
});
