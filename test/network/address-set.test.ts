/** Network address sets: by real packets of a container whose network and whose nic have ACLs that name them, and by their API. */
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import type { Config } from "../../sdk/api/common";
import type { NetworkAclRule } from "../../sdk/api/network-acl-rule";
import { change } from "../support/database";
import { echo } from "../support/echo";
import { needs } from "../support/needs";
import { CabledScene, outside } from "./cabled-scene";

const skip = needs("root", "nft", "dnsmasq", "musl-gcc");
const nicSkip = needs("root", "nft", "dnsmasq", "musl-gcc", "bridge-connections");
const port = 5001;
/** More addresses of the machine outside. */
const other = { ipv4: "192.0.2.3", ipv6: "2001:db8::3" };
const sets = "/1.0/network-address-sets";

const ends: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ends) await end();
});

const scene = new CabledScene(async ({ client }) => {
  await scene.world.run("ip", "address", "add", `${other.ipv4}/24`, "dev", "eth0");
  await scene.world.run("ip", "address", "add", `${other.ipv6}/64`, "dev", "eth0", "nodad");
  await scene.world.run("ip", "route", "add", "default", "via", "192.0.2.1");
  await scene.world.run("ip", "-6", "route", "add", "default", "via", "2001:db8::1");
  ends.push(await echo(scene.world, [port]));
  await client.createNetworkAddressSet({ name: "friends" });
  await client.createNetworkAcl({ name: "judge" });
  await client.createNetwork({
    name: "lan7",
    config: { "ipv4.address": "10.99.8.1/24", "ipv6.address": "fd42:8:8:8::1/64" },
  });
  await scene.launch("web", "lan7");
  await scene.give("web", "talk");
  await scene.address4("web");
  await scene.address6("web");
});
const { shared } = scene;

afterEach(async () => {
  if (skip) return;
  await setNetwork("");
  await setNic("");
  await shared.client.updateNetworkAcl("judge", {});
  await shared.client.updateNetworkAddressSet("friends", {});
});

const setNetwork = (acls: string) =>
  scene.change("lan7", { "security.acls": acls, "security.acls.default.egress.action": "drop" });

async function setNic(acls: string): Promise<void> {
  const { value } = await shared.client.getInstance("web");
  const judged: Config = acls === "" ? {} : { "security.acls": acls, "security.acls.default.egress.action": "drop" };
  const devices = { eth0: { type: "nic", network: "lan7", ...judged } };
  await (await shared.client.updateInstance("web", { ...value, devices })).wait();
}

const judge = (...egress: Partial<NetworkAclRule>[]) =>
  shared.client.updateNetworkAcl("judge", {
    egress: egress.map((rule) => ({ state: "enabled", action: "allow", ...rule })),
  });

const fill = (...addresses: string[]) => shared.client.updateNetworkAddressSet("friends", { addresses });

/** Which of some addresses of the machine outside the container reaches by TCP. */
async function reached(...addresses: string[]): Promise<string[]> {
  const told = await Promise.all(addresses.map((to) => scene.inside("web", `talk tcp ${to} ${port}`)));
  return addresses.filter((_, at) => told[at] === "reached");
}

const all = [outside.ipv4, other.ipv4, outside.ipv6, other.ipv6];

for (const [place, setAcls, unable] of [
  ["a network", setNetwork, skip],
  ["a nic", setNic, nicSkip],
] as const)
  test(`rules of ${place} let pass what their sets hold, of both families, and follow them at once`, {
    skip: unable,
  }, async () => {
    await setAcls("judge");
    await judge({ destination: "$friends", protocol: "tcp" });
    assert.deepEqual(await reached(...all), []);
    await fill(outside.ipv4, other.ipv6);
    assert.deepEqual(await reached(...all), [outside.ipv4, other.ipv6]);
    await fill("192.0.2.2/31", "192.0.2.3", "2001:db8::/127");
    assert.deepEqual(await reached(...all), [outside.ipv4, other.ipv4]);
    await fill("0.0.0.0/0", "::/0");
    assert.deepEqual(await reached(...all), all);
    await fill(other.ipv6);
    assert.deepEqual(await reached(...all), [other.ipv6]);
  });

test("a set stands beside addresses and other sets, on either side of a rule, and drops as it allows", {
  skip,
}, async () => {
  const { client } = shared;
  await setNetwork("judge");
  await client.createNetworkAddressSet({ name: "more", addresses: [other.ipv6] });
  await fill(outside.ipv4);
  await judge({ destination: `$friends, ${other.ipv4},$more`, source: "0.0.0.0/0,::/0" });
  assert.deepEqual(await reached(...all), [outside.ipv4, other.ipv4, other.ipv6]);
  await judge({}, { action: "drop", destination: "$more,$friends" });
  assert.deepEqual(await reached(...all), [other.ipv4, outside.ipv6]);
  await judge({ source: "$more" });
  assert.deepEqual(await reached(...all), []);
  await client.updateNetworkAddressSet("more", { addresses: ["10.99.8.0/24"] });
  assert.deepEqual(await reached(...all), [outside.ipv4, other.ipv4]);
  await judge();
  await client.deleteNetworkAddressSet("more");
});

test("sets are there again after the daemon was killed, in one table with the rules", { skip: nicSkip }, async () => {
  await setNetwork("judge");
  await setNic("judge");
  await fill(outside.ipv4, "2001:db8::3");
  await judge({ destination: "$friends" });
  const tables = async () =>
    Promise.all(["inet", "bridge"].map((family) => shared.daemon.run("nft", "list", "table", family, "bothy_lan7")));
  const setsIn = (text: string) => text.match(/set ipv[46]_friends \{[^}]*(elements = \{[^}]*\}\s*)?\}/g);
  const before = (await tables()).map(setsIn);
  assert.deepEqual(
    before.map((found) => found?.length),
    [2, 2],
  );
  await shared.daemon.kill();
  await shared.daemon.start();
  assert.deepEqual((await tables()).map(setsIn), before);
  assert.deepEqual(await reached(...all), [outside.ipv4, other.ipv6]);
});

test("a set is made, shown, changed whole and in part, renamed and deleted, and each is told", { skip }, async () => {
  const abort = new AbortController();
  const events = shared.client.events({ types: ["lifecycle"], signal: abort.signal });
  const first = events.next();
  // It listens from here on.
  await shared.client.listNetworkAddressSets();
  const post = {
    name: "one",
    description: "first",
    config: { "user.team": "a" },
    addresses: [" 10.1.2.3", "10.1.2.0/24", "fd00::1"],
  };
  const made = await shared.send("POST", sets, post);
  assert.deepEqual([made.status, made.headers.location], [201, `${sets}/one`]);
  const shown = {
    name: "one",
    description: "first",
    config: { "user.team": "a" },
    addresses: ["10.1.2.3", "10.1.2.0/24", "fd00::1"],
    used_by: [],
    project: "default",
  };
  const { json, headers } = await shared.send("GET", `${sets}/one`);
  assert.deepEqual(json.metadata, shown);
  const stale = await shared.send("PUT", `${sets}/one`, { addresses: ["10.1.2.4"] }, { "if-match": "stale" });
  assert.equal(stale.status, 412);
  const patched = await shared.send(
    "PATCH",
    `${sets}/one`,
    { config: { "user.more": "b" } },
    { "if-match": `${headers.etag}` },
  );
  assert.equal(patched.status, 200);
  await shared.client.patchNetworkAddressSet("one", { addresses: ["10.1.2.9"] });
  await shared.client.renameNetworkAddressSet("one", "two");
  const found = await shared.send("GET", `${sets}?recursion=1&filter=name%20eq%20two`);
  assert.deepEqual(found.json.metadata, [
    { ...shown, name: "two", config: { "user.team": "a", "user.more": "b" }, addresses: ["10.1.2.9"] },
  ]);
  assert.deepEqual((await shared.send("GET", sets)).json.metadata, [`${sets}/friends`, `${sets}/two`]);
  assert.equal((await shared.send("DELETE", `${sets}/two`)).status, 200);
  await shared.refuses("GET", `${sets}/two`, undefined, 404, /^Network address set not found/);
  const told: unknown[] = [(await first).value];
  while (told.length < 5) told.push((await events.next()).value);
  abort.abort();
  assert.deepEqual(
    told.map((event) => {
      const { action, source, context } = (event as { metadata: Record<string, unknown> }).metadata;
      return [action, source, ...(context === undefined ? [] : [context])];
    }),
    [
      ["network-address-set-created", `${sets}/one`],
      ["network-address-set-updated", `${sets}/one`],
      ["network-address-set-updated", `${sets}/one`],
      ["network-address-set-renamed", `${sets}/two`, { old_name: "one" }],
      ["network-address-set-deleted", `${sets}/two`],
    ],
  );
});

test("what is no address, no name or no set is refused, and a set that a rule names stays", { skip }, async () => {
  for (const [addresses, reason] of [
    [["10.0.0.300"], /^Invalid addresses: Unsupported address format "10\.0\.0\.300" at index 0/],
    [["10.0.0.1", "10.0.0.0/33"], /^Invalid addresses: .* at index 1/],
    [["10.0.0.1-10.0.0.9"], /^Invalid addresses: Unsupported/],
    [["fe80::1%eth0"], /^Invalid addresses: Unsupported/],
    [["00:16:3e:00:00:01"], /^Invalid addresses: Unsupported/],
    [["10.0.0.1; flush ruleset"], /^Invalid addresses: Unsupported/],
    [["10.0.0.1", " 10.0.0.1"], /^Invalid addresses: Duplicate address "10\.0\.0\.1" found at index 1/],
    ["10.0.0.1", /addresses/],
  ] as const) {
    await shared.refuses("POST", sets, { name: "bad", addresses }, 400, reason);
    await shared.refuses("PATCH", `${sets}/friends`, { addresses }, 400, reason);
  }
  for (const name of ["", "$x", "@x", "a b", "1a", "a".repeat(64), "a-"])
    await shared.refuses("POST", sets, { name }, 400, /name: Name /);
  await shared.refuses("POST", sets, { name: "bad", config: { foo: "x" } }, 400, /foo/);
  await shared.refuses("POST", sets, { name: "friends" }, 409, /^The network address set already exists/);
  const acl = "/1.0/network-acls/judge";
  const rule = { action: "allow", state: "enabled", source: "10.0.0.1,$nosuch" };
  const missing = /^Invalid ingress rule 0: Invalid Source: Network address set "nosuch" does not exist/;
  await shared.refuses("PUT", acl, { ingress: [rule] }, 400, missing);
  await shared.refuses("POST", "/1.0/network-acls", { name: "acl8", ingress: [rule] }, 400, missing);
  const unclear = { ...rule, source: "$", destination: "" };
  await shared.refuses(
    "PUT",
    acl,
    { ingress: [unclear] },
    400,
    /^Invalid ingress rule 0: Invalid Source: Invalid subject/,
  );
  await judge({ destination: "$friends" });
  const { value } = await shared.client.getNetworkAddressSet("friends");
  assert.deepEqual(value.used_by, [acl]);
  const inUse = /^Cannot \w+ address set that is in use: rules of "judge" name it/;
  await shared.refuses("DELETE", `${sets}/friends`, undefined, 400, inUse);
  await shared.refuses("POST", `${sets}/friends`, { name: "foes" }, 400, inUse);
});

test("an ACL or a set that was damaged lets nothing pass, until it is made anew", { skip }, async () => {
  const { client, daemon } = shared;
  const damage = async (sql: string) => {
    await daemon.stop();
    change(daemon, sql);
    await daemon.start();
  };
  await setNetwork("judge");
  await fill(outside.ipv4);
  await judge({}, { action: "drop", destination: "$friends" });
  assert.deepEqual(await reached(...all), all.slice(1));
  await damage("UPDATE network_address_sets SET addresses = '{' WHERE name = 'friends'");
  assert.deepEqual(await reached(...all), []);
  await client.createNetworkAddressSet({ name: "friends", addresses: [other.ipv4] });
  assert.deepEqual(await reached(...all), [outside.ipv4, outside.ipv6, other.ipv6]);
  await damage("UPDATE network_acls SET egress = '{' WHERE name = 'judge'");
  assert.deepEqual(await reached(...all), []);
  await client.createNetworkAcl({ name: "judge", egress: [{ action: "allow", state: "enabled" }] });
  assert.deepEqual(await reached(...all), all);
});
