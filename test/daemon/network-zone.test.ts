/** Network zones and their records: words and codes, who uses a zone, and what who has not the whole server sees. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("nft", hasProgram("nft"));
const shared = shareDaemon({}, async () => undefined);

const zones = "/1.0/network-zones";

test("a zone is made, listed, changed key by key, replaced and deleted", { skip }, async () => {
  const { client } = shared;
  const config = {
    "dns.nameservers": "ns1.lab.example, ns2.lab.example",
    "user.x": "y",
    "peers.a.address": "127.0.0.1",
  };
  await client.createNetworkZone({ name: "lab.example", description: "d", config });
  assert.deepEqual((await client.getNetworkZone("lab.example")).value, {
    name: "lab.example",
    description: "d",
    config,
    used_by: [],
  });
  assert.deepEqual((await shared.send("GET", zones)).json.metadata, [`${zones}/lab.example`]);
  await client.patchNetworkZone("lab.example", { config: { "user.x": "", "network.nat": "false" } });
  const { value, etag } = await client.getNetworkZone("lab.example");
  assert.deepEqual(value.config, {
    "dns.nameservers": "ns1.lab.example, ns2.lab.example",
    "network.nat": "false",
    "peers.a.address": "127.0.0.1",
  });
  await client.updateNetworkZone("lab.example", { description: "e" }, { etag });
  await assert.rejects(client.updateNetworkZone("lab.example", { description: "f" }, { etag }), /ETag doesn't match/);
  assert.deepEqual(
    (await client.listNetworkZones()).map(({ description, config: now }) => [description, now]),
    [["e", {}]],
  );
  await client.deleteNetworkZone("lab.example");
  await assert.rejects(client.getNetworkZone("lab.example"), /Network zone not found/);
});

test("records lie in their zone, with entries as zone files have them, and go with it", { skip }, async () => {
  const { client } = shared;
  await client.createNetworkZone({ name: "lab.example" });
  const entries = [
    { type: "A", value: "192.0.2.5" },
    { type: "TXT", value: "hello there", ttl: 60 },
  ];
  await client.createNetworkZoneRecord("lab.example", {
    name: "www",
    description: "d",
    config: { "user.a": "b" },
    entries,
  });
  await client.createNetworkZoneRecord("lab.example", { name: "@" });
  const records = `${zones}/lab.example/records`;
  assert.deepEqual((await shared.send("GET", records)).json.metadata, [`${records}/%40`, `${records}/www`]);
  assert.deepEqual((await client.getNetworkZoneRecord("lab.example", "www")).value, {
    name: "www",
    description: "d",
    config: { "user.a": "b" },
    entries,
  });
  await client.patchNetworkZoneRecord("lab.example", "www", { description: "q" });
  assert.deepEqual(
    (await client.listNetworkZoneRecords("lab.example")).map(({ name, description, entries: has }) => [
      name,
      description,
      has?.length,
    ]),
    [
      ["@", "", 0],
      ["www", "q", 2],
    ],
  );
  for (const entry of [
    { type: "MX", value: "10 mail" },
    { type: "SRV", value: "1 2 3 host.x." },
    { type: "CAA", value: '0 issue "x.y"' },
    { type: "CNAME", value: "host.x." },
    { type: "SSHFP", value: `4 1 ${"ab".repeat(20)}` },
    { type: "TLSA", value: `3 1 1 ${"cd".repeat(32)}` },
    { type: "NAPTR", value: '100 50 "s" "SIP+D2U" "" _sip._udp.example.' },
    { type: "DS", value: `60485 5 1 ${"ef".repeat(20)}` },
  ])
    await client.updateNetworkZoneRecord("lab.example", "www", { entries: [entry] });
  await client.deleteNetworkZoneRecord("lab.example", "@");
  await assert.rejects(client.getNetworkZoneRecord("lab.example", "@"), /Network zone record not found/);
  await client.deleteNetworkZone("lab.example");
  await client.createNetworkZone({ name: "lab.example" });
  assert.deepEqual(await client.listNetworkZoneRecords("lab.example"), []);
  await client.deleteNetworkZone("lab.example");
});

test("what cannot be is refused with the word that is wrong, and leaves all as it was", { skip }, async () => {
  const { client } = shared;
  await client.createNetworkZone({ name: "lab.example", description: "kept" });
  await client.createNetworkZoneRecord("lab.example", { name: "www", entries: [{ type: "A", value: "192.0.2.5" }] });
  const one = `${zones}/lab.example`;
  const record = `${one}/records/www`;
  const config = (key: string, value: string) => ({ config: { [key]: value } });
  const entries = (...all: object[]) => ({ entries: all });
  const refusals: [method: string, url: string, body: object, status: number, message: RegExp][] = [
    ["POST", zones, {}, 400, /name/],
    ["POST", zones, { name: "" }, 400, /Name is required/],
    ["POST", zones, { name: "a b" }, 400, /Invalid zone name "a b"/],
    ["POST", zones, { name: "lab.example." }, 400, /must not end with a dot/],
    ["POST", zones, { name: "lab.example" }, 409, /The network zone already exists/],
    ["POST", zones, { name: "Lab.Example" }, 409, /The network zone already exists/],
    ["PUT", one, config("foo", "x"), 400, /Unknown configuration key: foo/],
    ["PUT", one, config("dns.nameservers", "a b"), 400, /"dns\.nameservers": "a b" is no DNS name/],
    ["PUT", one, config("peers.a.address", "x"), 400, /"peers\.a\.address": Not an IP address "x"/],
    ["PUT", one, config("peers.a.foo", "x"), 400, /Unknown configuration key: peers\.a\.foo/],
    ["PUT", one, config("peers.a b.address", "::1"), 400, /a peer's name must be/],
    ["PUT", one, config("network.nat", "x"), 400, /"network\.nat": it must be true or false/],
    ["GET", `${zones}/none`, {}, 404, /Network zone not found/],
    ["DELETE", `${zones}/none`, {}, 404, /Network zone not found/],
    ["GET", `${zones}/none/records`, {}, 404, /Network zone not found/],
    ["POST", `${zones}/none/records`, { name: "x" }, 404, /Network zone not found/],
    ["GET", `${one}/records/none`, {}, 404, /Network zone record not found/],
    ["DELETE", `${one}/records/none`, {}, 404, /Network zone record not found/],
    ["POST", `${one}/records`, { name: "" }, 400, /Name is required/],
    ["POST", `${one}/records`, { name: "WWW" }, 409, /The network zone record already exists/],
    ["POST", `${one}/records`, { name: Array(5).fill("x".repeat(48)).join(".") }, 400, /at most 253 characters/],
    ["PATCH", record, config("foo", "x"), 400, /Unknown configuration key: foo/],
    ["PUT", record, entries({}), 400, /Bad zone record entry: dns: unknown RR type: ""/],
    ["PUT", record, entries({ type: "FOO", value: "1" }), 400, /dns: unknown RR type: "FOO"/],
    ["PUT", record, entries({ type: "A" }), 400, /Bad zone record entry: dns: bad A A: ""/],
    ["PUT", record, entries({ type: "A", value: "fd00::1" }), 400, /dns: bad A A: "fd00::1"/],
    ["PUT", record, entries({ type: "AAAA", value: "1.2.3.4" }), 400, /dns: bad AAAA AAAA: "1\.2\.3\.4"/],
    ["PUT", record, entries({ type: "TXT", value: "a\nwww IN A 1.2.3.4" }), 400, /dns: bad TXT TXT/],
    ["PUT", record, entries({ type: "A", value: "1.2.3.4", ttl: -1 }), 400, /entries\.0\.ttl/],
    [
      "PUT",
      record,
      entries({ type: "A", value: "1.2.3.4" }, { type: "A", value: "1.2.3.4" }),
      400,
      /Duplicate record for type "A" and value "1\.2\.3\.4"/,
    ],
  ];
  await shared.unchanged(async () => {
    for (const [method, url, body, status, message] of refusals) {
      const told = await shared.outcome(method, url, method === "GET" || method === "DELETE" ? undefined : body);
      assert.equal(told.status, status, `${method} ${url} ${JSON.stringify(body)}: ${JSON.stringify(told)}`);
      assert.match(told.error, message);
    }
  });
  assert.equal((await client.getNetworkZone("lab.example")).value.description, "kept");
  assert.deepEqual((await client.getNetworkZoneRecord("lab.example", "www")).value.entries, [
    { type: "A", value: "192.0.2.5" },
  ]);
  await client.deleteNetworkZone("lab.example");
});

test("a network names zones that are there, and they cannot go while it does", { skip }, async () => {
  const { client } = shared;
  const forward = { "ipv4.address": "10.80.1.1/24", "dns.zone.forward": "lab.example" };
  const post = { name: "zbr", type: "bridge", config: forward };
  const missing =
    /Invalid value for network "zbr" option "dns\.zone\.forward": Network zone "lab\.example" doesn't exist/;
  await shared.refuses("POST", "/1.0/networks", post, 400, missing);
  for (const [key, zone] of [
    ["dns.zone.reverse.ipv4", "lab.example"],
    ["dns.zone.reverse.ipv6", "2.0.192.in-addr.arpa"],
    ["dns.zone.forward", "x.ip6.arpa"],
  ] as const)
    await shared.refuses(
      "POST",
      "/1.0/networks",
      { ...post, config: { [key]: zone } },
      400,
      new RegExp(`"${key}": it must be (not )?a zone`),
    );
  await client.createNetworkZone({ name: "lab.example" });
  await client.createNetworkZone({ name: "1.80.10.in-addr.arpa" });
  await client.createNetwork(post);
  assert.deepEqual((await client.getNetworkZone("lab.example")).value.used_by, ["/1.0/networks/zbr"]);
  await shared.refuses("DELETE", `${zones}/lab.example`, undefined, 400, /Cannot delete a zone that is in use/);
  await shared.refuses("PATCH", "/1.0/networks/zbr", { config: { "dns.zone.forward": "none" } }, 400, /doesn't exist/);
  await client.patchNetwork("zbr", { config: { "dns.zone.reverse.ipv4": "1.80.10.in-addr.arpa" } });
  await client.renameNetwork("zbr", "zbr2");
  assert.deepEqual((await client.getNetworkZone("1.80.10.in-addr.arpa")).value.used_by, ["/1.0/networks/zbr2"]);
  await client.patchNetwork("zbr2", { config: { "dns.zone.reverse.ipv4": "" } });
  await client.deleteNetworkZone("1.80.10.in-addr.arpa");
  await client.deleteNetwork("zbr2");
  await client.deleteNetworkZone("lab.example");
});

test("an address that cannot be listened on is refused, and the one before stays", { skip }, async () => {
  const set = (address: string) => ({ config: { "core.dns_address": address } });
  await shared.refuses("PATCH", "/1.0", set("x:y"), 400, /"core\.dns_address"/);
  await shared.refuses("PATCH", "/1.0", set("192.0.2.77:53"), 400, /core\.dns_address "192\.0\.2\.77:53"/);
  await shared.client.patchServer({ config: { "core.dns_address": "127.0.0.1:8953" } });
  await shared.refuses("PATCH", "/1.0", set("192.0.2.77:8953"), 400, /this host has no such address/);
  const listens = async () =>
    (await shared.daemon.run("ss", "-lntuH")).split("\n").filter((line) => line.includes("127.0.0.1:8953")).length;
  assert.equal(await listens(), 2, "over UDP and TCP");
  await shared.client.patchServer({ config: { "core.dns_address": "" } });
  assert.equal(await listens(), 0);
});
