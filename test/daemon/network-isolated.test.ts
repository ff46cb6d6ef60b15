/** Isolated networks: several have one subnet, each with its own gateway, DHCP and DNS, and the host has no part in them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await (await daemon.client.createImage({ source: { type: "template", template: "busybox" } })).wait();
});

const subnet = { "ipv4.address": "10.77.0.1/24", "ipv6.address": "none" };
const isolated = { ...subnet, "bridge.isolated": "true" };

async function launch(name: string, network: string): Promise<void> {
  const { client } = shared;
  const devices = { eth0: { type: "nic", network, "ipv4.address": "10.77.0.20" } };
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, devices, start: true })).wait();
  await client.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 });
}

const pings = async (name: string, address: string) =>
  (await shared.client.execOutput(name, { command: ["ping", "-c", "1", "-W", "1", address] })).code === 0;

test("isolated networks have the subnet of another one, and each its own gateway, through restarts", async () => {
  const { client, daemon } = shared;
  await client.createNetwork({ name: "routed", type: "bridge", config: subnet });
  for (const name of ["iso1", "iso2"]) await client.createNetwork({ name, type: "bridge", config: isolated });
  assert.equal((await client.getNetwork("iso1")).value.config["ipv4.nat"], undefined);
  await Promise.all([launch("a", "routed"), launch("b", "iso1"), launch("c", "iso2")]);
  for (const name of ["a", "b", "c"]) assert.ok(await pings(name, "10.77.0.1"), name);
  assert.match(await daemon.run("ip", "route", "show", "10.77.0.0/24"), /^[^\n]*dev routed[^\n]*\n$/);
  assert.equal(await daemon.run("ip", "-4", "-o", "address", "show", "dev", "iso1"), "");
  assert.deepEqual(
    (await client.getNetworkLeases("iso1")).map(({ hostname, address }) => [hostname, address]),
    [
      ["iso1.gw", "10.77.0.1"],
      ["b", "10.77.0.20"],
    ],
  );
  await daemon.run("ip", "address", "add", "192.0.2.7/32", "dev", "lo");
  assert.ok(await pings("a", "192.0.2.7"));
  // By its own bridge's hardware address, too.
  const bridge = (await client.getNetwork("iso1")).value.config["volatile.bridge.hwaddr"] ?? "";
  const { pid } = await client.getInstanceState("b");
  const neighbour = ["neigh", "replace", "10.77.0.1", "lladdr", bridge, "dev", "eth0", "nud", "permanent"];
  await daemon.run("nsenter", "--target", String(pid), "--net", "ip", ...neighbour);
  assert.ok(!(await pings("b", "192.0.2.7")));
  await daemon.kill();
  await daemon.start();
  assert.ok(await pings("c", "10.77.0.1"), "the gateway outlives the daemon");
  // And it comes again when it was killed.
  process.kill(Number(readFileSync(path.join(daemon.dir, "networks/iso2/dnsmasq.pid"), "utf8")), "SIGKILL");
  await until(() => pings("c", "10.77.0.1"));
  for (const name of ["a", "b", "c"]) await (await client.deleteInstance(name, { force: true })).wait();
  for (const name of ["routed", "iso1", "iso2"]) await client.deleteNetwork(name);
});

test("what needs the host is refused for an isolated network, and it stays what it is", async () => {
  const create = (config: Record<string, string>) =>
    ["POST", "/1.0/networks", { name: "odd", type: "bridge", config }] as const;
  for (const [config, why] of [
    [{ ...isolated, "ipv4.nat": "true" }, /"ipv4.nat": the host has no part in an isolated network/],
    [{ ...isolated, "ipv6.address": "auto" }, /"ipv6.address": an isolated network has none/],
    [{ "bridge.isolated": "true", "ipv4.address": "none" }, /"ipv4.address": an isolated network needs one/],
    [{ ...isolated, "security.egress.allow": "example.com" }, /"security.egress.allow": the host has no part/],
  ] as const)
    await shared.refusesAtOnce(...create(config), 400, why);
  await shared.client.createNetwork({ name: "iso", type: "bridge", config: isolated });
  const { config } = (await shared.client.getNetwork("iso")).value;
  await shared.refusesAtOnce(
    "PUT",
    "/1.0/networks/iso",
    { config: { ...config, "bridge.isolated": "" } },
    400,
    /"bridge.isolated": it cannot be changed/,
  );
  await shared.refusesAtOnce(
    "POST",
    "/1.0/networks/iso/forwards",
    { listen_address: "192.0.2.9" },
    400,
    /"iso" is isolated: the host forwards nothing/,
  );
  const devices = {
    eth0: { type: "nic", network: "iso", "ipv4.address": "10.77.0.20" },
    web: { type: "proxy", nat: "true", listen: "tcp:192.0.2.9:80", connect: "tcp:10.77.0.20:80" },
  };
  const source = { type: "image", alias: "template:busybox" };
  await (await shared.client.createInstance({ name: "n", source, devices })).wait();
  await assert.rejects(
    shared.client.setInstanceState("n", { action: "start" }).then((operation) => operation.wait()),
    /network "iso" is isolated: the host forwards nothing to it. Leave "nat" out/,
  );
  await (await shared.client.deleteInstance("n")).wait();
  await shared.client.deleteNetwork("iso");
});
