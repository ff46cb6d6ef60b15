/** A dry run says what the request itself would say, and makes nothing (extension bothy_dry_run). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { profileKind } from "../../sdk/api/profile";
import { packageRoot } from "../../sdk/host/package";
import { preparePool } from "../support/daemon";
import { needs } from "../support/needs";
import { shareDaemon } from "../support/shared-daemon";

const skip = needs("root");

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "overlay");
  for (const [name, subnet] of [
    ["net1", "10.181.8.1/24"],
    ["net2", "10.181.9.1/24"],
  ] as const)
    await client.createNetwork({ name, config: { "ipv4.address": subnet, "ipv4.nat": "false" } });
  await client.createNetworkZone({ name: "lab.example" });
  await client.createProject({ name: "small", config: { "limits.disk": "1GiB", "limits.containers": "0" } });
  await (await client.createInstance({ name: "plain", source: { type: "none" } })).wait();
  await client.createStorageVolume("default", { name: "data" });
});

interface Case {
  /** As docs/openapi.json has it. */
  readonly route: string;
  readonly at?: string;
  /** What can be made, and cannot be made twice. */
  readonly right: object;
  /** The name may be taken: the question is about one that comes in its place. */
  readonly replaces?: true;
  /** What is refused, each perhaps at another path. */
  readonly wrong: readonly (readonly [body: object, message: RegExp, at?: string])[];
}

const root = { type: "disk", path: "/", pool: "default" };

const cases: readonly Case[] = [
  {
    route: "/1.0/profiles",
    right: { name: "p" },
    wrong: [
      [{ name: "default" }, /already exists/],
      [{ name: "p2", config: { "limits.memory": "lots" } }, /limits\.memory/],
      [{ name: "p2", devices: { a: { type: "nic", network: "net1", "security.acls": "no" } } }, /ACL "no"/i],
    ],
  },
  {
    route: "/1.0/projects",
    right: { name: "lab" },
    wrong: [
      [{ name: "small" }, /already exists/],
      [{ name: "lab2", config: { "limits.cpu": "many" } }, /limits\.cpu/],
    ],
  },
  {
    route: "/1.0/networks",
    right: { name: "net3", config: { "ipv4.address": "10.181.10.1/24" } },
    wrong: [
      [{ name: "net1" }, /already exists/],
      [{ name: "net4", config: { "ipv4.address": "10.181.9.129/25" } }, /net2|10\.181\.9/],
      [{ name: "net4", config: { "security.acls": "none" } }, /ACL "none" does not exist/],
      [{ name: "net4", config: { "dns.zone.forward": "nowhere.example" } }, /zone/i],
      [{ name: "net4", type: "macvlan", config: { parent: "nosuch0" } }, /Parent interface "nosuch0" not found/],
    ],
  },
  {
    route: "/1.0/networks/{network}/forwards",
    at: "/1.0/networks/net1/forwards",
    right: { listen_address: "192.0.2.10" },
    wrong: [
      [{ listen_address: "10.181.9.7" }, /overlaps with another network/],
      [{ listen_address: "192.0.2.11", config: { target_address: "10.9.9.9" } }, /target/i],
      [{ listen_address: "192.0.2.12" }, /Network not found/, "/1.0/networks/nowhere/forwards"],
    ],
  },
  {
    route: "/1.0/network-acls",
    right: { name: "web" },
    wrong: [
      [
        { name: "web2", ingress: [{ action: "allow", state: "enabled", source: "$none" }] },
        /set "none" does not exist/,
      ],
    ],
  },
  {
    route: "/1.0/network-address-sets",
    right: { name: "offices", addresses: ["192.0.2.1"] },
    wrong: [[{ name: "homes", addresses: ["192.0.2.0/33"] }, /192\.0\.2\.0\/33/]],
  },
  {
    route: "/1.0/network-zones",
    right: { name: "new.example" },
    wrong: [[{ name: "LAB.example" }, /already exists/]],
  },
  {
    route: "/1.0/network-zones/{zone}/records",
    at: "/1.0/network-zones/lab.example/records",
    right: { name: "mail", entries: [{ type: "A", value: "192.0.2.1" }] },
    wrong: [
      [{ name: "a", entries: [{ type: "A", value: "nowhere" }] }, /nowhere/],
      [{ name: "a" }, /zone not found/i, "/1.0/network-zones/nowhere.example/records"],
    ],
  },
  {
    route: "/1.0/storage-pools",
    right: { name: "pool1", driver: "dir" },
    wrong: [
      [{ name: "default", driver: "dir" }, /already exists/],
      [{ name: "pool2", driver: "floppy" }, /unknown driver "floppy"/],
    ],
  },
  {
    route: "/1.0/storage-pools/{pool}/volumes",
    at: "/1.0/storage-pools/default/volumes",
    right: { name: "v1", type: "custom" },
    wrong: [[{ name: "v2", type: "custom" }, /pool not found/i, "/1.0/storage-pools/nowhere/volumes"]],
  },
  {
    route: "/1.0/storage-pools/{pool}/volumes/{type}",
    at: "/1.0/storage-pools/default/volumes/custom",
    right: { name: "v3", source: { type: "copy", pool: "default", name: "data" } },
    wrong: [
      [{ name: "data" }, /already exists/],
      [{ name: "v4", source: { type: "copy", pool: "default", name: "nosuch" } }, /not found/],
      [
        { name: "v4", config: { size: "2GiB" } },
        /limits\.disk/,
        "/1.0/storage-pools/default/volumes/custom?project=small",
      ],
    ],
  },
  {
    route: "/1.0/storage-pools/{pool}/volumes/{type}/{volume}/snapshots",
    at: "/1.0/storage-pools/default/volumes/custom/data/snapshots",
    right: { name: "s1" },
    wrong: [[{ name: "s1" }, /not found/, "/1.0/storage-pools/default/volumes/custom/nosuch/snapshots"]],
  },
  {
    route: "/1.0/instances",
    right: { name: "web", source: { type: "none" } },
    replaces: true,
    wrong: [
      [{ name: "web", source: { type: "image", alias: "nosuch" } }, /not found/i],
      [{ name: "web", source: { type: "none" }, devices: { root } }, /maximum/i, "/1.0/instances?project=small"],
    ],
  },
  {
    route: "/1.0/instances/{instance}/snapshots",
    at: "/1.0/instances/plain/snapshots",
    right: { name: "s1" },
    wrong: [[{ name: "s1" }, /not found/, "/1.0/instances/nosuch/snapshots"]],
  },
  {
    route: "/1.0/images",
    right: { source: { type: "template", template: "busybox" }, aliases: [{ name: "box" }] },
    wrong: [[{ source: { type: "template", template: "nosuch" } }, /nosuch/]],
  },
];

const asked = (at: string) => `${at}${at.includes("?") ? "&" : "?"}dry-run=1`;

for (const { route, at = route, right, replaces, wrong } of cases)
  test(`POST ${route}`, { skip }, async () => {
    for (const [body, message, where = at] of wrong) {
      const dry = await shared.send("POST", asked(where), body);
      const real = await shared.send("POST", where, body);
      assert.match(String(dry.json.error), message, JSON.stringify(body));
      assert.deepEqual([dry.status, dry.json.error], [real.status, real.json.error], "as the request itself");
    }
    const list = async () => (await shared.send("GET", at)).json.metadata;
    const before = await list();
    const free = await shared.unchanged(() => shared.send("POST", asked(at), right));
    assert.deepEqual([free.status, free.json.metadata], [200, {}], JSON.stringify(free.json));
    assert.deepEqual(await list(), before, "nothing is made");
    const made = await shared.outcome("POST", at, right);
    assert.ok(made.status < 300, JSON.stringify(made));
    const again = await shared.send("POST", asked(at), right);
    if (replaces) assert.equal(again.status, 200);
    else assert.equal(again.json.error, (await shared.send("POST", at, right)).json.error);
  });

test("an alias of an image, which must be there", { skip }, async () => {
  const target = "00".repeat(32);
  const { json } = await shared.send("POST", "/1.0/images/aliases?dry-run=1", { name: "a", target });
  assert.match(String(json.error), /not found/i);
});

test("the client asks by its own calls", { skip }, async () => {
  const { client } = shared;
  await client.checkSnapshot("plain", { name: "s9" });
  await client.checkImage({ source: { type: "template", template: "busybox" } });
  await client.checkInstance({ name: "plain", source: { type: "none" }, devices: { root } });
  await assert.rejects(client.checkSnapshot("nosuch", { name: "s9" }), { code: "NOT_FOUND" });
  await client.of(profileKind).check({ name: "p9" });
  await assert.rejects(client.of(profileKind).check({ name: "default" }), /already exists/);
});

test("every route that says it has a dry run is tried here", () => {
  const openapi = JSON.parse(readFileSync(path.join(packageRoot, "docs/openapi.json"), "utf8")) as {
    paths: Record<string, { post?: { parameters?: readonly { readonly name?: string }[] } }>;
  };
  const said = Object.entries(openapi.paths)
    .filter(([, { post }]) => post?.parameters?.some(({ name }) => name === "dry-run"))
    .map(([where]) => where);
  const plain = (where: string) => where.replace(/\{\w+\}/g, "{}");
  const tried = [...cases.map(({ route }) => route), "/1.0/images/aliases"].map(plain);
  assert.deepEqual(
    said
      .map(plain)
      .filter((where) => !/containers|virtual-machines/.test(where))
      .sort(),
    tried.sort(),
  );
});

test("what has no dry run refuses to be asked, and does nothing", { skip }, async () => {
  for (const [method, where, body] of [
    ["POST", "/1.0/certificates", { type: "client", token: true, name: "a" }],
    ["POST", "/1.0/profiles/default", { name: "b" }],
    ["PUT", "/1.0/profiles/default", { description: "b" }],
    ["DELETE", "/1.0/storage-pools/default/volumes/custom/data", undefined],
    ["POST", "/1.0/images", "no JSON"],
    ["POST", "/1.0/images", { source: { type: "image", mode: "push", fingerprint: "00".repeat(32) } }],
  ] as const) {
    const { status, json } = await shared.send(method, asked(where), body);
    assert.equal(status, 400, `${method} ${where}`);
    assert.match(String(json.error), /Cannot make a dry run/);
  }
  const { value } = await shared.client.getProfile("default");
  assert.notEqual(value.description, "b");
  await shared.client.getStorageVolume("default", "data");
});
