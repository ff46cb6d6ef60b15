/** Network forwards: words and codes, and what a refused one leaves. What packets do is shown in test/network/forward.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("nft", hasProgram("nft"));
const forwards = "/1.0/networks/fbr/forwards";

const shared = shareDaemon({}, async ({ client }) => {
  if (skip) return;
  await client.createNetwork({
    name: "fbr",
    type: "bridge",
    config: { "ipv4.address": "10.78.1.1/24", "ipv6.address": "none" },
  });
  await client.createNetwork({
    name: "fbr2",
    type: "bridge",
    config: { "ipv4.address": "10.79.1.1/24", "ipv6.address": "none" },
  });
});

/** The network's rules for its forwards, a line each, in the order that they are met. */
async function rules(network = "fbr"): Promise<string[]> {
  const table = await shared.daemon.run("nft", "list", "table", "inet", `bothy_${network}`);
  const lines = table.split("\n").map((line) => line.trim());
  return lines.filter((line) => line.includes("dnat ") || line.includes("ct original"));
}

test("a forward is made, listed, replaced, changed and deleted, with its rules", { skip }, async () => {
  const { client } = shared;
  const port = { protocol: "tcp", listen_port: "80,90-95", target_address: "10.78.1.10", description: " x " };
  const config = { target_address: "10.78.1.9", "user.a": "b" };
  await client.createNetworkForward("fbr", { listen_address: "192.0.2.3", description: "d", config, ports: [port] });
  assert.deepEqual((await shared.send("GET", forwards)).json.metadata, [`${forwards}/192.0.2.3`]);
  const { value, etag } = await client.getNetworkForward("fbr", "192.0.2.3");
  assert.deepEqual(value, {
    listen_address: "192.0.2.3",
    description: "d",
    config,
    ports: [{ ...port, description: "x", target_port: "" }],
    location: "none",
  });
  assert.deepEqual(await rules(), [
    "ip daddr 192.0.2.3 tcp dport { 80, 90-95 } dnat ip to 10.78.1.10",
    "ip daddr 192.0.2.3 dnat ip to 10.78.1.9",
    'oifname "fbr" ct status dnat ct original ip daddr 192.0.2.3 ip saddr 10.78.1.0/24 masquerade',
  ]);
  const ports = [
    { protocol: "tcp", listen_port: "1-5", target_port: "7", target_address: "10.78.1.9" },
    { protocol: "udp", listen_port: "10-12", target_port: "20-22", target_address: "10.78.1.9" },
  ];
  await client.updateNetworkForward("fbr", "192.0.2.3", { ports }, { etag });
  await assert.rejects(client.updateNetworkForward("fbr", "192.0.2.3", { ports }, { etag }), /ETag doesn't match/);
  await client.patchNetworkForward("fbr", "192.0.2.3", { description: "z" });
  assert.deepEqual(
    (await client.listNetworkForwards("fbr")).map(({ description, config: now, ports: has }) => [
      description,
      now,
      has?.length,
    ]),
    [["z", {}, 2]],
  );
  assert.deepEqual((await rules()).slice(0, 2), [
    "ip daddr 192.0.2.3 tcp dport 1-5 dnat ip to 10.78.1.9:7",
    "ip daddr 192.0.2.3 udp dport 10-12 dnat ip to 10.78.1.9:udp dport map { 10 : 20, 11 : 21, 12 : 22 }",
  ]);
  await client.updateNetworkForward("fbr", "192.0.2.3", {});
  assert.deepEqual(await rules(), [], "what goes nowhere has no rule");
  await client.deleteNetworkForward("fbr", "192.0.2.3");
  await assert.rejects(client.getNetworkForward("fbr", "192.0.2.3"), /Network forward not found/);
  assert.deepEqual(await rules(), []);
});

test("what cannot be is refused in LXD's words, and leaves all as it was", { skip }, async () => {
  const { client } = shared;
  const own = { protocol: "tcp", listen_port: "443", target_address: "10.78.1.10" };
  await client.createNetworkForward("fbr", { listen_address: "192.0.2.1", ports: [own] });
  const rulesBefore = await rules();
  const one = `${forwards}/192.0.2.1`;
  const listen = (listen_address: string, config: Record<string, string> = {}) => ({ listen_address, config });
  const ports = (...all: object[]) => ({ ports: all.map((port) => ({ protocol: "tcp", listen_port: "1", ...port })) });
  const to = (target_address: string, more: object = {}) => ports({ target_address, ...more });
  const refusals: [method: string, url: string, body: object | undefined, status: number, message: string][] = [
    ["GET", "/1.0/networks/none/forwards", undefined, 404, "Failed loading network: Network not found"],
    ["GET", "/1.0/networks/lo/forwards", undefined, 404, "Failed loading network: Network not found"],
    ["GET", `${forwards}/192.0.2.9`, undefined, 404, "Network forward not found"],
    ["GET", `${forwards}/none`, undefined, 404, "Network forward not found"],
    ["DELETE", `${forwards}/192.0.2.9`, undefined, 404, "Failed deleting forward: Network forward not found"],
    [
      "POST",
      forwards,
      {},
      400,
      'Failed creating forward: Failed parsing address forward listen address "": invalid CIDR address: /32',
    ],
    [
      "POST",
      forwards,
      listen("x"),
      400,
      'Failed parsing address forward listen address "x": invalid CIDR address: x/32',
    ],
    [
      "POST",
      forwards,
      listen("192.0.2.1"),
      409,
      "Failed creating forward: A forward for that listen address already exists",
    ],
    [
      "POST",
      forwards,
      listen("192.0.2.2", { target_address: "10.99.0.1" }),
      400,
      "Failed creating forward: Default target address is not within the network subnet",
    ],
    [
      "POST",
      forwards,
      listen("192.0.2.2", { target_address: "fd78::9" }),
      400,
      "Failed creating forward: Cannot mix IP versions in listen address and default target address",
    ],
    ["POST", forwards, listen("192.0.2.2", { target_address: "x" }), 400, '"target_address": Not an IP address "x"'],
    ["POST", forwards, listen("192.0.2.2", { foo: "x" }), 400, "Unknown configuration key: foo"],
    ["POST", forwards, listen("2001:db8::9"), 400, 'Failed creating forward: Network "fbr" has no IPv6 subnet'],
    [
      "POST",
      forwards,
      listen("10.79.1.1"),
      400,
      'Failed creating forward: Forward listen address "10.79.1.1/32" overlaps with another network or NIC',
    ],
    [
      "POST",
      "/1.0/networks/fbr2/forwards",
      listen("192.0.2.1"),
      400,
      'Forward listen address "192.0.2.1/32" overlaps with another network or NIC',
    ],
    [
      "PUT",
      one,
      { ports: [{}] },
      400,
      "Failed updating forward: Invalid port protocol in port specification 0, protocol must be one of: tcp, udp",
    ],
    [
      "PUT",
      one,
      ports({ protocol: "x", target_address: "10.78.1.9" }),
      400,
      "Invalid port protocol in port specification 0",
    ],
    ["PUT", one, ports({}), 400, "Failed updating forward: Invalid target address in port specification 0"],
    ["PUT", one, to("x"), 400, "Failed updating forward: Invalid target address in port specification 0"],
    [
      "PUT",
      one,
      to("10.78.1.9", { listen_port: "" }),
      400,
      "Failed updating forward: Missing listen port in port specification 0",
    ],
    [
      "PUT",
      one,
      to("10.78.1.9", { listen_port: "a" }),
      400,
      'Failed updating forward: Invalid listen port in port specification 0: strconv.ParseInt: parsing "a": invalid syntax',
    ],
    [
      "PUT",
      one,
      to("10.78.1.9", { listen_port: "70000" }),
      400,
      "Failed updating forward: Invalid listen port in port specification 0: Port 70000 is not one from 1 to 65535",
    ],
    [
      "PUT",
      one,
      to("10.78.1.9", { listen_port: "0" }),
      400,
      "Invalid listen port in port specification 0: Port 0 is not one",
    ],
    [
      "PUT",
      one,
      to("10.78.1.9", { listen_port: "9-5" }),
      400,
      "Invalid listen port in port specification 0: End port should be higher than start port",
    ],
    [
      "PUT",
      one,
      to("10.79.1.9"),
      400,
      "Failed updating forward: Target address is not within the network subnet in port specification 0",
    ],
    [
      "PUT",
      one,
      to("fd78::9"),
      400,
      "Failed updating forward: Cannot mix IP versions in listen address and port specification 0 target address",
    ],
    [
      "PUT",
      one,
      to("10.78.1.9", { listen_port: "1-5", target_port: "7-8" }),
      400,
      "Failed updating forward: Mismatch of listen port(s) and target port(s) count in port specification 0",
    ],
    [
      "PUT",
      one,
      to("10.78.1.9", { listen_port: "1,1" }),
      400,
      'Failed updating forward: Duplicate listen port 1 for protocol "tcp" in port specification 0',
    ],
    [
      "PUT",
      one,
      ports({ target_address: "10.78.1.9" }, { target_address: "10.78.1.8" }),
      400,
      'Failed updating forward: Duplicate listen port 1 for protocol "tcp" in port specification 1',
    ],
    [
      "PUT",
      one,
      to("10.78.1.9", { target_port: "x" }),
      400,
      "Failed updating forward: Invalid target port in port specification 0",
    ],
    [
      "PUT",
      "/1.0/networks/fbr",
      { config: { "ipv4.address": "10.77.1.1/24" } },
      400,
      "Its forward of 192.0.2.1 does not fit: Target address is not within the network subnet",
    ],
    [
      "POST",
      "/1.0/networks",
      { name: "fbr9", config: { "ipv4.address": "192.0.2.9/24" } },
      400,
      'Network "fbr9" cannot have a subnet with 192.0.2.1: A forward of network "fbr" listens there',
    ],
    ["GET", "/1.0/networks/fbr/load-balancers", undefined, 404, "not found"],
    ["POST", "/1.0/networks/fbr/load-balancers", listen("192.0.2.3"), 404, "not found"],
    ["GET", "/1.0/networks/fbr/peers", undefined, 400, 'Network driver "bridge" does not support peering'],
    [
      "POST",
      "/1.0/networks/fbr/peers",
      { name: "a", target_network: "fbr2" },
      400,
      'Network driver "bridge" does not support peering',
    ],
    ["GET", "/1.0/networks/none/peers", undefined, 404, "Failed loading network: Network not found"],
  ];
  await shared.unchanged(async () => {
    for (const [method, url, body, status, message] of refusals) {
      const told = await shared.outcome(method, url, body);
      assert.equal(told.status, status, `${method} ${url} ${JSON.stringify(body)}: ${JSON.stringify(told)}`);
      assert.ok(told.error.includes(message), `${told.error}\n${message}`);
    }
  });
  assert.deepEqual(await rules(), rulesBefore);
  assert.equal((await client.listNetworkForwards("fbr")).length, 1);
  await client.deleteNetworkForward("fbr", "192.0.2.1");
});

test("forwards go on under the network's new name and after the daemon's SIGKILL, and go with the network", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  const config = { target_address: "10.79.1.20" };
  for (const listen_address of ["0.0.0.0", "10.79.1.5", "127.0.0.1", "192.0.2.7"])
    await client.createNetworkForward("fbr2", { listen_address, config });
  const before = await rules("fbr2");
  assert.equal(before.length, 5);
  await daemon.kill();
  await daemon.run("nft", "flush", "ruleset");
  await daemon.start();
  assert.deepEqual(await rules("fbr2"), before);
  await client.renameNetwork("fbr2", "fbr3");
  assert.deepEqual(
    (await rules("fbr3")).map((rule) => rule.replace("fbr3", "fbr2")),
    before,
  );
  assert.equal((await client.listNetworkForwards("fbr3")).length, 4);
  await client.deleteNetwork("fbr3");
  await client.createNetwork({
    name: "fbr3",
    type: "bridge",
    config: { "ipv4.address": "10.79.1.1/24", "ipv6.address": "none" },
  });
  assert.deepEqual(await client.listNetworkForwards("fbr3"), []);
  assert.deepEqual(await rules("fbr3"), []);
  await client.deleteNetwork("fbr3");
});
