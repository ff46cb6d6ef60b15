/** ACLs of nics by real packets: what a container sends and gets, from outside and from its neighbours on the bridge, both ways and of both families. */
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import type { Config } from "../../sdk/api/common";
import type { NetworkAclRule } from "../../sdk/api/network-acl-rule";
import { echo } from "../support/echo";
import { withLogOfAll } from "../support/host-switch";
import { needs } from "../support/needs";
import { CabledScene, outside } from "./cabled-scene";

const skip = needs("root", "nft", "dnsmasq", "musl-gcc", "bridge-connections");
const ports = [5001, 5002] as const;
const subnet6 = "fd42:8:8:8::1/64";

const ends: (() => Promise<void>)[] = [];
// They would keep the namespaces that they are in.
after(async () => {
  for (const end of ends) await end();
});

const scene = new CabledScene(async ({ client }) => {
  await scene.world.run("ip", "route", "add", "default", "via", "192.0.2.1");
  ends.push(await echo(scene.world, ports));
  await client.createNetworkAcl({ name: "judge" });
  await client.createNetwork({ name: "lan7", config: { "ipv4.address": "10.99.8.1/24", "ipv6.address": subnet6 } });
  for (const name of ["web", "db"]) {
    await scene.launch(name, "lan7");
    await scene.give(name, "talk");
    await scene.address4(name);
    await scene.address6(name);
    const { pid } = await client.getInstanceState(name);
    ends.push(await echo({ pid }, ports));
  }
});
const { shared } = scene;

/** Where the kernel cannot answer a sender on the bridge, both are the same. */
const dropping = { "security.acls.default.egress.action": "drop" };

afterEach(async () => {
  if (skip) return;
  await setNic("web", {});
  await judge({});
});

const nic = (options: Config) => ({ eth0: { type: "nic", network: "lan7", ...options } });

async function setNic(name: string, options: Config): Promise<void> {
  const { value } = await shared.client.getInstance(name);
  await (await shared.client.updateInstance(name, { ...value, devices: nic(options) })).wait();
}

type Rule = Partial<NetworkAclRule>;

async function judge(acl: { ingress?: Rule[]; egress?: Rule[] }): Promise<void> {
  const rules = (all: Rule[] = []) => all.map((rule) => ({ state: "enabled", action: "allow", ...rule }));
  await shared.client.updateNetworkAcl("judge", { ingress: rules(acl.ingress), egress: rules(acl.egress) });
}

/** What comes of a word that a container sends: "reached", "refused" or "lost". */
const outcome = (name: string, protocol: "tcp" | "udp", port: number, to: string = outside.ipv4): Promise<string> =>
  scene.inside(name, `talk ${protocol} ${to} ${port}`);

const isAnswered = async (name: string, to: string): Promise<boolean> =>
  / 1 packets received/.test(await scene.inside(name, `ping -c 1 -W 1 ${to}`));

const table = (family: "bridge" | "inet") => shared.daemon.run("nft", "list", "table", family, "bothy_lan7");

test("without a rule a nic sends and hears nothing but names, leases and neighbours, and others are as before", {
  skip,
}, async () => {
  const [web, db] = [await scene.address4("web"), await scene.address4("db")];
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  await setNic("web", { "security.acls": "judge", ...dropping });
  assert.deepEqual(
    await Promise.all([
      outcome("web", "tcp", 5001),
      outcome("web", "udp", 5001, db),
      isAnswered("web", db),
      isAnswered("web", "10.99.8.1"),
      outcome("db", "tcp", 5001, web),
      isAnswered("db", web),
    ]),
    ["lost", "lost", false, false, "lost", false],
    "neighbours and the host are no exception",
  );
  assert.equal(await scene.resolve("web", "db.lxd", "a", "10.99.8.1"), db);
  assert.match(await scene.inside("web", "udhcpc -n -q -i eth0 -s /bin/true 2>&1"), /lease of/);
  assert.equal(await outcome("db", "tcp", 5001), "reached");
  assert.equal(await isAnswered("db", "10.99.8.1"), true);
});

test("egress rules let pass what they name, answers come back, and a change of the ACL counts at once", {
  skip,
}, async () => {
  const db = await scene.address4("db");
  await setNic("web", { "security.acls": "judge", ...dropping });
  await judge({ egress: [{ protocol: "tcp", destination: `${outside.ipv4}/32,${db}`, destination_port: "5001" }] });
  assert.deepEqual(
    await Promise.all([
      outcome("web", "tcp", 5001),
      outcome("web", "tcp", 5001, db),
      outcome("web", "tcp", 5002),
      outcome("web", "udp", 5001, db),
    ]),
    ["reached", "reached", "lost", "lost"],
  );
  await judge({
    egress: [
      { protocol: "udp", destination_port: "5002" },
      { protocol: "icmp4", icmp_type: "8" },
      { action: "drop", destination: db },
    ],
  });
  assert.deepEqual(
    await Promise.all([
      outcome("web", "udp", 5002),
      isAnswered("web", outside.ipv4),
      isAnswered("web", db),
      outcome("web", "tcp", 5001),
    ]),
    ["reached", true, false, "lost"],
    "of what several rules say the stricter counts",
  );
});

test("rules of IPv6 count between neighbours, who find each other all the same", { skip }, async () => {
  const db = await scene.address6("db");
  await setNic("web", { "security.acls": "judge", ...dropping });
  assert.equal(await outcome("web", "tcp", 5001, db), "lost");
  await judge({ egress: [{ protocol: "tcp", destination: "fd42:8:8:8::/64", destination_port: "5001" }] });
  assert.equal(await outcome("web", "tcp", 5001, db), "reached");
  assert.equal(await outcome("web", "udp", 5001, db), "lost");
  await judge({ egress: [{ protocol: "icmp6", icmp_type: "128" }] });
  assert.equal(await isAnswered("web", db), true);
  assert.equal(await isAnswered("web", await scene.address4("db")), false);
});

test("ingress rules judge what neighbours and the host send, and answers to them pass", { skip }, async () => {
  const [web, db] = [await scene.address4("web"), await scene.address4("db")];
  await setNic("web", { "security.acls": "judge", ...dropping });
  const isHeard = () =>
    shared.daemon.run("busybox", "ping", "-c", "1", "-W", "1", web).then(
      () => true,
      () => false,
    );
  assert.equal(await isHeard(), false);
  await judge({
    ingress: [
      { protocol: "tcp", source: db, destination_port: "5001" },
      { protocol: "icmp4", source: "10.99.8.1" },
    ],
  });
  assert.equal(await isHeard(), true);
  assert.equal(await outcome("db", "tcp", 5001, web), "reached");
  assert.equal(await outcome("db", "tcp", 5002, web), "lost");
  assert.equal(await isAnswered("db", web), false);
  assert.equal(await outcome("web", "tcp", 5001, db), "lost", "what leaves is judged by itself");
});

test("defaults of the nic count for what no rule is about, and a change takes no interface away", {
  skip,
}, async () => {
  const web = await scene.address4("web");
  const index = () => scene.inside("web", "cat /sys/class/net/eth0/ifindex /sys/class/net/eth0/iflink");
  const before = await index();
  const allowing = { "security.acls": "judge", "security.acls.default.egress.action": "allow" };
  await setNic("web", allowing);
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  assert.equal(await isAnswered("db", web), false);
  await setNic("web", { ...allowing, "security.acls.default.ingress.action": "allow" });
  assert.equal(await isAnswered("db", web), true);
  await setNic("web", { "security.acls": "judge", ...dropping });
  assert.equal(await outcome("web", "tcp", 5001), "lost");
  await setNic("web", {});
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  assert.equal(await isAnswered("db", web), true);
  assert.equal(await index(), before);
  assert.doesNotMatch(await table("bridge"), /chain (in|e)gress_/);
});

test("an egress rule that rejects tells the sender at once, where bridges can", {
  skip: skip || needs("bridge-reject"),
}, async () => {
  const db = await scene.address4("db");
  await setNic("web", { "security.acls": "judge" });
  assert.equal(await outcome("web", "tcp", 5001), "refused");
  assert.equal(await outcome("web", "tcp", 5001, db), "refused");
  assert.equal(await outcome("web", "udp", 5001), "refused");
  await judge({ egress: [{}, { action: "reject", protocol: "tcp", destination_port: "5002" }] });
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  assert.equal(await outcome("web", "tcp", 5002), "refused");
});

test("ACLs of a profile's nic count, are there again after the daemon was killed, and go with the nic", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  await client.createProfile({ name: "judged", devices: nic({ "security.acls": "judge", ...dropping }) });
  await judge({ egress: [{ protocol: "tcp", destination_port: "5001" }] });
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "third", profiles: ["default", "judged"], source })).wait();
  await (await client.setInstanceState("third", { action: "start" })).wait();
  await scene.give("third", "talk");
  await scene.address4("third");
  const { value } = await client.getNetworkAcl("judge");
  assert.deepEqual(value.used_by, ["/1.0/instances/third", "/1.0/profiles/judged"]);
  const before = [await table("bridge"), await table("inet")];
  await daemon.kill();
  await daemon.start();
  // Chains stand in the order in which their ports came. Sets of hardware addresses count down.
  const lasting = (text: string) =>
    text
      .replace(/\n\s+elements = \{ [\da-f]{2}:[^}]*\}/g, "")
      .split("\n")
      .sort();
  assert.deepEqual([await table("bridge"), await table("inet")].map(lasting), before.map(lasting));
  assert.equal(await outcome("third", "tcp", 5001), "reached");
  assert.equal(await outcome("third", "tcp", 5002), "lost");
  await client.updateProfile("judged", {
    devices: nic({ "security.acls": "judge", "security.acls.default.egress.action": "allow" }),
  });
  assert.equal(await outcome("third", "tcp", 5002), "reached");
  await (await client.setInstanceState("third", { action: "stop", force: true })).wait();
  await (await client.deleteInstance("third")).wait();
  assert.doesNotMatch(await table("bridge"), /chain (in|e)gress_/);
  await client.deleteProfile("judged");
});

test("rules that are logged tell what they refused of a neighbour", { skip }, () =>
  withLogOfAll(async () => {
    const linesNow = async () =>
      (await shared.send("GET", "/1.0/network-acls/judge/log")).text.split("\n").filter(Boolean);
    const before = (await linesNow()).length;
    await setNic("web", { "security.acls": "judge" });
    await judge({ egress: [{ action: "drop", state: "logged", protocol: "udp", destination_port: "4000-4999" }] });
    assert.equal(await outcome("web", "udp", 4242, await scene.address4("db")), "lost");
    const told = (await linesNow()).slice(before).map((line) => JSON.parse(line) as Record<string, string>);
    assert.deepEqual(
      told.map(({ dst, dst_port, action }) => ({ dst, dst_port, action })),
      [{ dst: await scene.address4("db"), dst_port: "4242", action: "drop" }],
    );
  }),
);

test("a nic gets no ACLs where its bridge follows no connections", {
  skip: skip || needs("br-netfilter-alone"),
}, async () => {
  const key = "net.bridge.bridge-nf-call-iptables";
  const devices = nic({ "security.acls": "judge" });
  await shared.daemon.run("sysctl", "-q", "-w", `${key}=0`);
  try {
    await shared.refuses("PATCH", "/1.0/instances/web", { devices }, 400, /"security\.acls".*follows no connections/);
    assert.equal(await outcome("web", "tcp", 5001), "reached");
  } finally {
    await shared.daemon.run("sysctl", "-q", "-w", `${key}=1`);
  }
});

test("an ACL that is not there, or that nobody would apply, is refused by its key, and one in use stays", {
  skip,
}, async () => {
  const missing = /security\.acls.*Network ACL "nosuch" does not exist/;
  const devices = nic({ "security.acls": "judge,nosuch" });
  const made = { name: "n8", source: { type: "none" }, devices };
  await shared.refuses("POST", "/1.0/instances", made, 400, missing);
  await shared.refuses("PATCH", "/1.0/instances/web", { devices }, 400, missing);
  await shared.refuses("POST", "/1.0/profiles", { name: "p8", devices }, 400, missing);
  await shared.refuses("PATCH", "/1.0/profiles/default", { devices }, 400, missing);
  const apart = (options: Config) => ({ devices: { eth1: { type: "nic", "security.acls": "judge", ...options } } });
  const bridge = apart({ nictype: "bridged", parent: "br9" });
  await shared.refuses("PATCH", "/1.0/instances/web", bridge, 400, /security\.acls.*networks of the server/);
  await shared.refuses("PATCH", "/1.0/instances/web", apart({ nictype: "p2p" }), 400, /security\.acls/);
  const action = nic({ "security.acls.default.ingress.action": "no" });
  await shared.refuses("PATCH", "/1.0/instances/web", { devices: action }, 400, /security\.acls\.default\.ingress/);
  await setNic("web", { "security.acls": "judge" });
  const acl = "/1.0/network-acls/judge";
  await shared.refuses("DELETE", acl, undefined, 400, /^Cannot delete an ACL that is in use: instance "web" has it/);
  await shared.refuses("POST", acl, { name: "other" }, 400, /^Cannot rename an ACL that is in use/);
  assert.deepEqual((await shared.client.getNetworkAcl("judge")).value.used_by, ["/1.0/instances/web"]);
});
