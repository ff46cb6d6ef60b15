/** Network ACLs by real packets: between containers of a network with ACLs and a machine outside, both ways, of TCP, UDP and ICMP. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { Netns } from "../../scripts/scene/netns";
import type { NetworkAclRule } from "../../sdk/api/network-acl-rule";
import { echo } from "../support/echo";
import { buildProgram } from "../support/frames";
import { withLogOfAll } from "../support/host-switch";
import { needs } from "../support/needs";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = needs("root", "nft", "dnsmasq", "musl-gcc");
const folder = mkdtempSync(path.join(tmpdir(), "bothy-acl-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const outside = "192.0.2.2";
const outside6 = "2001:db8::2";
const ports = [5001, 5002] as const;

type Rule = Partial<NetworkAclRule>;
const rules = (...all: Rule[]) => all.map((rule) => ({ state: "enabled", action: "allow", ...rule }));

let world: Netns;

const shared = shareDaemon({ bare: false }, async (daemon) => {
  const { client } = daemon;
  world = await Netns.create();
  await daemon.run("ip", "link", "add", "vtest-up", "type", "veth", "peer", "name", "eth0", "netns", String(world.pid));
  await daemon.run("ip", "address", "add", "192.0.2.1/24", "dev", "vtest-up");
  await daemon.run("ip", "address", "add", "2001:db8::1/64", "dev", "vtest-up", "nodad");
  await daemon.run("ip", "link", "set", "dev", "vtest-up", "up");
  await world.run("ip", "address", "add", `${outside}/24`, "dev", "eth0");
  await world.run("ip", "address", "add", `${outside6}/64`, "dev", "eth0", "nodad");
  await world.run("ip", "link", "set", "dev", "eth0", "up");
  await world.run("ip", "route", "add", "default", "via", "192.0.2.1");
  await world.run("ip", "-6", "route", "add", "default", "via", "2001:db8::1");
  const endEcho = await echo(world, ports);
  await client.createNetworkAcl({ name: "judge" });
  await client.createNetwork({
    name: "acl7",
    config: { "ipv4.address": "10.99.8.1/24", "ipv6.address": "fd42:8:8:8::1/64", "security.acls": "judge" },
  });
  await client.createNetwork({ name: "plain7", config: { "ipv4.address": "10.99.9.1/24" } });
  const talk = readFileSync(buildProgram("talk", folder));
  for (const [name, network] of [
    ["web", "acl7"],
    ["db", "acl7"],
    ["other", "plain7"],
  ] as const) {
    const devices = { eth0: { type: "nic", network } };
    await (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" }, devices })).wait();
    await (await client.setInstanceState(name, { action: "start" })).wait();
    await client.putFile(name, "/bin/talk", talk, { mode: 0o755 });
    await client.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 });
  }
  return async () => {
    await endEcho();
    // Its end of the cable takes ours along.
    await world[Symbol.asyncDispose]();
  };
});

afterEach(async () => {
  if (skip) return;
  await shared.client.updateNetworkAcl("judge", {});
  const { value } = await shared.client.getNetwork("acl7");
  await shared.client.updateNetwork("acl7", { ...value, config: { ...value.config, "security.acls": "judge" } });
});

const judge = (acl: { ingress?: Rule[]; egress?: Rule[] }) =>
  shared.client.updateNetworkAcl("judge", {
    ingress: rules(...(acl.ingress ?? [])),
    egress: rules(...(acl.egress ?? [])),
  });

async function inside(name: string, script: string): Promise<string> {
  const { stdout } = await shared.client.execOutput(name, { command: ["sh", "-c", script] });
  return String(stdout).trim();
}

const addressOf = async (name: string): Promise<string> =>
  /inet (\S+)\//.exec(await inside(name, "ip -4 -o address show dev eth0"))?.[1] ?? assert.fail("it has one");

type Outcome = "reached" | "refused" | "lost";

/** What comes of a word that a container sends: given back, refused at once, or never heard of again. */
async function outcome(name: string, protocol: "tcp" | "udp", port: number, to = outside): Promise<Outcome> {
  return (await inside(name, `talk ${protocol} ${to} ${port}`)) as Outcome;
}

const ping = ["ping", "-c", "1", "-W", "1"];

const isAnswered = async (name: string, to = outside): Promise<boolean> =>
  / 1 packets received/.test(await inside(name, `${ping.join(" ")} ${to}`));

test("without a rule nothing leaves or enters but names and leases, and between its instances all goes on", {
  skip,
}, async () => {
  assert.equal(await outcome("web", "tcp", 5001), "refused");
  assert.equal(await outcome("web", "udp", 5001), "refused");
  assert.equal(await isAnswered("web"), false);
  assert.equal(await isAnswered("web", "10.99.8.1"), false, "the host is outside too");
  assert.equal(await isAnswered("web", await addressOf("db")), true);
  assert.match(await inside("web", "busybox nslookup db.lxd 10.99.8.1"), new RegExp(await addressOf("db")));
  await inside("web", "udhcpc -n -q -i eth0 -s /bin/true");
  assert.equal(await isAnswered("other"), true, "a network without ACLs is as before");
  assert.equal(await isAnswered("other", await addressOf("web")), false);
});

test("egress rules let pass what they name by protocol, port and address, and nothing else", { skip }, async () => {
  await judge({ egress: [{ protocol: "tcp", destination: `${outside}/32`, destination_port: "5000-5001" }] });
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  assert.equal(await outcome("web", "tcp", 5002), "refused");
  assert.equal(await outcome("web", "udp", 5001), "refused");
  assert.equal(await isAnswered("web"), false);
  await judge({
    egress: [
      { protocol: "udp", destination_port: "5002" },
      { protocol: "icmp4", icmp_type: "8" },
    ],
  });
  assert.equal(await outcome("web", "udp", 5002), "reached");
  assert.equal(await isAnswered("web"), true);
  assert.equal(await outcome("web", "tcp", 5001), "refused");
  const web = await addressOf("web");
  await judge({ egress: [{ source: `${web}-${web}`, protocol: "tcp" }] });
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  assert.equal(await outcome("db", "tcp", 5001), "refused");
});

test("rules of both families count for IPv6 as for IPv4, and neighbours and routers are always heard", {
  skip,
}, async () => {
  await until(async () =>
    / fd42:8:8:8:/.test(await inside("web", "ip -6 -o address show scope global | grep -v tentative")),
  );
  assert.match(await inside("web", "ip -6 route"), /^default via fe80::/m);
  assert.equal(await outcome("web", "tcp", 5001, outside6), "refused");
  await judge({ egress: [{ protocol: "tcp", destination: `${outside6},192.0.2.0/30`, destination_port: "5001" }] });
  assert.equal(await outcome("web", "tcp", 5001, outside6), "reached");
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  assert.equal(await outcome("web", "udp", 5001, outside6), "refused");
  assert.equal(await isAnswered("web", outside6), false);
  await judge({
    egress: [
      { protocol: "icmp6", icmp_type: "128" },
      { protocol: "udp", destination: "2001:db8::1-2001:db8::9" },
    ],
  });
  assert.equal(await isAnswered("web", outside6), true);
  assert.equal(await isAnswered("web"), false);
  assert.equal(await outcome("web", "udp", 5001, outside6), "reached");
  assert.equal(await outcome("web", "udp", 5001), "refused");
  await judge({ egress: [{ destination: "192.0.2.0/24" }] });
  assert.equal(
    await outcome("web", "tcp", 5001, outside6),
    "refused",
    "a rule of one family says nothing of the other",
  );
});

test("of what several rules say the stricter counts: drop before reject, reject before allow", { skip }, async () => {
  await judge({ egress: [{}, { action: "reject", protocol: "tcp", destination_port: "5001" }] });
  assert.equal(await outcome("web", "tcp", 5001), "refused");
  assert.equal(await outcome("web", "tcp", 5002), "reached");
  await judge({
    egress: [{}, { action: "reject", protocol: "tcp" }, { action: "drop", protocol: "tcp", destination_port: "5001" }],
  });
  assert.equal(await outcome("web", "tcp", 5001), "lost");
  assert.equal(await outcome("web", "tcp", 5002), "refused");
  await judge({ egress: [{}, { action: "drop", protocol: "tcp", state: "disabled" }] });
  assert.equal(await outcome("web", "tcp", 5001), "reached", "a rule that is disabled says nothing");
});

test("ingress rules judge what comes from outside, and answers to what is allowed pass", { skip }, async () => {
  const [web, db] = [await addressOf("web"), await addressOf("db")];
  const pings = async (to: string) =>
    world.run("busybox", ...ping, to).then(
      () => true,
      () => false,
    );
  assert.equal(await pings(web), false);
  await judge({ ingress: [{ protocol: "icmp4", destination: web, source: "192.0.2.0/24" }] });
  assert.equal(await pings(web), true);
  assert.equal(await pings(db), false);
  assert.equal(await isAnswered("web"), false, "what leaves is judged by itself");
  await judge({ ingress: [{ protocol: "icmp4", source: "192.0.2.3-192.0.2.9" }] });
  assert.equal(await pings(web), false);
});

test("defaults of the network count for what no rule is about, and follow at once", { skip }, async () => {
  const { value } = await shared.client.getNetwork("acl7");
  const set = (config: Record<string, string>) =>
    shared.client.updateNetwork("acl7", { ...value, config: { ...value.config, ...config } });
  await set({ "security.acls.default.egress.action": "allow", "security.acls.default.egress.logged": "true" });
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  await set({ "security.acls.default.egress.action": "drop" });
  assert.equal(await outcome("web", "tcp", 5001), "lost");
  const pinged = async () => isAnswered("other", await addressOf("web"));
  assert.equal(await pinged(), false);
  await set({ "security.acls.default.ingress.action": "allow", "security.acls.default.ingress.logged": "true" });
  assert.equal(await pinged(), true);
  await set({ "security.acls": "" });
  assert.equal(await outcome("web", "tcp", 5001), "reached", "without an ACL the defaults say nothing");
});

test("an ACL is listed, renamed, changed in part and deleted while no network has it", { skip }, async () => {
  const { client } = shared;
  const ingress = rules({
    protocol: "tcp",
    destination_port: " 80, 443 ",
    source: "10.0.0.0/8 ,fd00::/8",
    description: " web ",
  });
  await client.createNetworkAcl({ name: "first", description: "one", config: { "user.team": "a" }, ingress });
  await client.patchNetworkAcl("first", { description: "two" });
  await client.renameNetworkAcl("first", "second");
  const shown = (await client.listNetworkAcls()).find(({ name }) => name === "second");
  assert.deepEqual(shown, {
    name: "second",
    description: "two",
    config: { "user.team": "a" },
    egress: [],
    ingress: [
      {
        action: "allow",
        state: "enabled",
        protocol: "tcp",
        destination_port: "80,443",
        source: "10.0.0.0/8,fd00::/8",
        description: "web",
      },
    ],
    used_by: [],
  });
  await client.deleteNetworkAcl("second");
  await assert.rejects(client.getNetworkAcl("second"), { status: 404 });
});

test("rules that are logged tell whom they refused", { skip }, () =>
  withLogOfAll(async () => {
    // Another test has the switch on at times: what was refused before this one may stand there.
    const before = (await shared.client.getNetworkAclLog("judge")).length;
    await judge({ egress: [{}, { action: "drop", state: "logged", protocol: "udp", destination_port: "4000-4999" }] });
    assert.equal(await outcome("web", "udp", 4242), "lost");
    const log = await shared.client.getNetworkAclLog("judge");
    const told = log.slice(before);
    assert.deepEqual(
      told.map(({ time: _time, src_port: _port, ...entry }) => entry),
      [{ proto: "udp", src: await addressOf("web"), dst: outside, dst_port: "4242", action: "drop" }],
    );
  }),
);

test("rules are there again after the daemon was killed, each once", { skip }, async () => {
  await judge({ egress: [{ protocol: "tcp", destination_port: "5001" }] });
  const table = () => shared.daemon.run("nft", "list", "table", "inet", "bothy_acl7");
  const before = await table();
  await shared.daemon.kill();
  await shared.daemon.start();
  assert.equal(await table(), before);
  assert.equal(await outcome("web", "tcp", 5001), "reached");
  assert.equal(await outcome("web", "tcp", 5002), "refused");
});

test("an ACL that is not there, or is in use, is refused with its name, and nothing changes", { skip }, async () => {
  const acl = "/1.0/network-acls";
  const made = { name: "n8", config: { "ipv4.address": "none", "security.acls": "judge,nosuch" } };
  await shared.refuses("POST", "/1.0/networks", made, 400, /security\.acls.*network ACL "nosuch" does not exist/);
  await shared.refuses(
    "PATCH",
    "/1.0/networks/acl7",
    { config: { "security.acls": "nosuch" } },
    400,
    /"nosuch" does not exist/,
  );
  const no = { config: { "security.acls.default.egress.action": "no" } };
  await shared.refuses("PATCH", "/1.0/networks/acl7", no, 400, /security\.acls\.default\.egress\.action/);
  await shared.refuses("DELETE", `${acl}/judge`, undefined, 400, /^Cannot delete an ACL that is in use/);
  await shared.refuses("POST", `${acl}/judge`, { name: "other" }, 400, /^Cannot rename an ACL that is in use/);
  await shared.refuses("POST", acl, { name: "judge" }, 409, /^The network ACL already exists/);
  await shared.refuses("GET", `${acl}/nosuch`, undefined, 404, /^Network ACL not found/);
  await shared.refuses(
    "PUT",
    `${acl}/judge`,
    { ingress: [{ action: "allow" }] },
    400,
    /^Invalid ingress rule 0: State must/,
  );
  await shared.refuses("PUT", `${acl}/judge`, { config: { foo: "x" } }, 400, /foo/);
  const { value } = await shared.client.getNetworkAcl("judge");
  assert.deepEqual([value.ingress, value.egress, value.used_by], [[], [], ["/1.0/networks/acl7"]]);
});
