/** Network zones as peers copy them: by dig, from a machine outside in a network namespace of its own. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Netns } from "../../scripts/scene/netns";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { ask } from "../support/talk";

const skip =
  requireFeature("root", process.getuid?.() === 0) ||
  requireFeature("nft", hasProgram("nft")) ||
  requireFeature("dig", hasProgram("dig"));

const key = randomBytes(32).toString("base64");
/** Of fd90:1::/64. */
const reverse6 = `0.0.0.0.0.0.0.0.1.0.0.0.0.9.d.f.ip6.arpa`;
let peer: Netns;
// Before the daemon ends, which shows that nothing of it is left: the cable goes with its other end.
after(async () => {
  if (!skip) await peer[Symbol.asyncDispose]();
});

const shared = shareDaemon({ bare: false }, async (daemon) => {
  if (skip) return;
  peer = await Netns.create();
  const { client } = daemon;
  const cable = ["peer", "name", "eth0", "netns", String(peer.pid)];
  await daemon.run("ip", "link", "add", "name", "vzone-up", "type", "veth", ...cable);
  await daemon.run("ip", "address", "add", "192.0.2.1/24", "dev", "vzone-up");
  await daemon.run("ip", "link", "set", "dev", "vzone-up", "up");
  for (const address of ["192.0.2.2/24", "192.0.2.3/24"])
    await peer.run("ip", "address", "add", address, "dev", "eth0");
  await peer.run("ip", "link", "set", "dev", "eth0", "up");
  await client.createNetworkZone({
    name: "lab.example",
    config: {
      "dns.nameservers": "ns1.lab.example,ns2.example.org",
      "peers.plain.address": "192.0.2.2",
      "peers.signed.key": key,
    },
  });
  for (const name of ["90.10.in-addr.arpa", reverse6])
    await client.createNetworkZone({ name, config: { "peers.plain.address": "192.0.2.2" } });
  const config = {
    "ipv4.address": "10.90.1.1/24",
    "ipv6.address": "fd90:1::1/64",
    "ipv6.dhcp.stateful": "true",
    "dns.zone.forward": "lab.example",
    "dns.zone.reverse.ipv4": "90.10.in-addr.arpa",
    "dns.zone.reverse.ipv6": reverse6,
  };
  await client.createNetwork({ name: "zbr0", type: "bridge", config });
  const source = { type: "image", alias: "template:busybox" };
  const devices = {
    eth0: { type: "nic", network: "zbr0", "ipv4.address": "10.90.1.20", "ipv6.address": "fd90:1::20" },
  };
  await (await client.createInstance({ name: "web", source, devices })).wait();
  await (await client.setInstanceState("web", { action: "start" })).wait();
  await client.patchServer({ config: { "core.dns_address": "192.0.2.1:8953" } });
});

/** What dig says, whatever its code. */
async function dig(...words: string[]): Promise<string> {
  const script = 'dig @192.0.2.1 -p 8953 +tries=1 +time=5 +norec "$@" || true';
  return peer.run("sh", "-c", script, "dig", ...words);
}

/** Records of a copy: name, type and data, sorted, without the SOA at either end. */
async function copyOf(zone: string, ...words: string[]): Promise<string[]> {
  const text = await dig(...words, "+noall", "+answer", zone, "AXFR");
  const rows = text.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
  const records = rows
    .map((line) => line.split(/\s+/))
    .map(([name, , , type, ...data]) => [name, type, ...data].join(" "));
  const isSoa = (record: string) => / SOA /.test(record);
  assert.deepEqual(
    records.flatMap((record, at) => (isSoa(record) ? [at] : [])),
    records.length === 0 ? [] : [0, records.length - 1],
    text,
  );
  return records.filter((record) => !isSoa(record)).sort();
}

const serial = async (): Promise<number> => Number((await dig("+short", "lab.example", "SOA")).split(" ")[2]);

const usual = [
  "lab.example. NS ns1.lab.example.",
  "lab.example. NS ns2.example.org.",
  "web.lab.example. A 10.90.1.20",
  "web.lab.example. AAAA fd90:1::20",
  "zbr0.gw.lab.example. A 10.90.1.1",
  "zbr0.gw.lab.example. AAAA fd90:1::1",
];

test("a peer copies the names of instances, both ways, over TCP and asks for the SOA over either", {
  skip,
}, async () => {
  assert.deepEqual(await copyOf("lab.example"), usual);
  assert.deepEqual(await copyOf("LAB.example"), usual);
  assert.deepEqual(await copyOf("90.10.in-addr.arpa"), [
    "1.1.90.10.in-addr.arpa. PTR zbr0.gw.lab.example.",
    "20.1.90.10.in-addr.arpa. PTR web.lab.example.",
  ]);
  const zeros = Array(14).fill("0").join(".");
  assert.deepEqual(await copyOf(reverse6), [
    `0.2.${zeros}.${reverse6}. PTR web.lab.example.`,
    `1.0.${zeros}.${reverse6}. PTR zbr0.gw.lab.example.`,
  ]);
  for (const protocol of ["+notcp", "+tcp"])
    assert.match(
      await dig(protocol, "+short", "lab.example", "SOA"),
      /^ns1\.lab\.example\. lab\.example\. \d+ 120 60 86400 30$/m,
    );
});

test("a peer with a key copies by it, and nobody by a wrong one, a wrong name or none", { skip }, async () => {
  const from = ["-b", "192.0.2.3"];
  const by = (name: string, secret: string) => [...from, "-y", `hmac-sha256:${name}:${secret}`];
  assert.deepEqual(await copyOf("lab.example", ...by("lab.example_signed", key)), usual);
  for (const words of [
    from,
    by("lab.example_signed", randomBytes(32).toString("base64")),
    by("lab.example_other", key),
  ]) {
    assert.deepEqual(await copyOf("lab.example", ...words), []);
    const soa = await dig("+notcp", ...words, "lab.example", "SOA");
    assert.match(soa, /status: REFUSED/, soa);
  }
  assert.match(await dig("+notcp", ...by("lab.example_signed", key), "lab.example", "SOA"), /status: NOERROR/);
});

test("what is no zone, no question of a peer's and no message of DNS is refused", { skip }, async () => {
  for (const words of [
    ["none.example", "SOA"],
    ["web.lab.example", "A"],
    ["lab.example", "A"],
    ["lab.example", "SOA", "-c", "CH"],
  ])
    assert.match(await dig("+notcp", ...words), /status: REFUSED/, words.join(" "));
  assert.match(await dig("+notcp", "+opcode=NOTIFY", "lab.example", "SOA"), /status: NOTIMP/);
  const odd = [randomBytes(40), Buffer.from("\0\x05hello"), Buffer.alloc(12), Buffer.alloc(300, 0xff)];
  const ways = odd.flatMap((bytes) => (["udp", "tcp"] as const).map((protocol) => ({ bytes, protocol })));
  await Promise.all(ways.map(({ bytes, protocol }) => ask(peer.pid, protocol, "192.0.2.1", 8953, { bytes })));
  assert.deepEqual(await copyOf("lab.example"), usual);
});

test("the serial grows when the zone says something else, and stays while it does not", { skip }, async () => {
  const { client } = shared;
  const first = await serial();
  await delay(1100);
  assert.equal(await serial(), first);
  await client.createNetworkZoneRecord("lab.example", {
    name: "www",
    entries: [
      { type: "CNAME", value: "web" },
      { type: "TXT", value: '"two words" \\059 more', ttl: 60 },
    ],
  });
  await client.createNetworkZoneRecord("lab.example", {
    name: "@",
    entries: [{ type: "MX", value: "10 mail.example.org." }],
  });
  assert.ok((await serial()) > first);
  assert.deepEqual(
    (await copyOf("lab.example")).filter((record) => !usual.includes(record)),
    [
      "lab.example. MX 10 mail.example.org.",
      "www.lab.example. CNAME web.lab.example.",
      'www.lab.example. TXT "two words" ";" "more"',
    ],
  );
});

test("a zone of many records is copied whole, signed message by message", { skip }, async () => {
  const { client } = shared;
  const entries = Array.from({ length: 1500 }, (_, at) => ({ type: "TXT", value: `"${at}-${"x".repeat(40)}"` }));
  await client.createNetworkZoneRecord("lab.example", { name: "many", entries });
  const signed = ["-y", `hmac-sha256:lab.example_signed:${key}`, "-b", "192.0.2.3"];
  for (const words of [[], signed]) {
    const records = await copyOf("lab.example", ...words);
    assert.equal(records.filter((record) => record.startsWith("many.lab.example. TXT")).length, entries.length);
  }
  await client.deleteNetworkZoneRecord("lab.example", "many");
});

test("without addresses behind NAT a zone has none of such a network; a daemon that was killed serves on", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  await client.patchNetworkZone("lab.example", { config: { "network.nat": "false" } });
  await client.patchNetwork("zbr0", { config: { "ipv4.nat": "true" } });
  const left = await copyOf("lab.example");
  assert.ok(!left.some((record) => record.includes("10.90.1.20")));
  assert.ok(left.includes("web.lab.example. AAAA fd90:1::20"), "the other family is not hidden");
  await client.patchNetworkZone("lab.example", { config: { "network.nat": "" } });
  await daemon.kill();
  await daemon.start();
  assert.ok((await copyOf("lab.example")).includes("web.lab.example. A 10.90.1.20"));
});
