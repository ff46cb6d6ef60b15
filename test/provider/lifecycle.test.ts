import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import type { Client } from "../../sdk";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { DynamicProcess, unknown } from "./support/dynamic-process";
import { tinyImage } from "./support/image";
import { lacksContainers } from "./support/lacks";
import { Managed } from "./support/managed";
import { PluginProcess } from "./support/plugin-process";
import type { ProviderProcess } from "./support/provider-process";

interface Lifecycle {
  readonly kind: string;
  /** Makes what the object stands on; run once before the others. */
  readonly prepare?: (client: Client) => Promise<void>;
  readonly inputs: () => Props;
  /** Changes that the object takes in place. */
  readonly update: Props;
  /** Changes that need another object. */
  readonly replace: () => Props;
  /** Those of the inputs whose change needs another object. */
  readonly replacing: readonly string[];
  /** What somebody else does to the object. */
  readonly drift: (client: Client, id: string) => Promise<void>;
  /** Removes the object behind the provider's back. */
  readonly remove: (client: Client, id: string) => Promise<void>;
  readonly isThere: (client: Client, id: string) => Promise<boolean>;
  /** An output that the server adds. */
  readonly output: string;
  /** Inputs that pass check and fail on the server, and what the error says. */
  readonly refused: { readonly inputs: () => Props; readonly error: RegExp };
}

const done = async (operation: Promise<{ wait(): Promise<unknown> }>) => {
  await (await operation).wait();
};
const found = async (look: Promise<unknown>): Promise<boolean> => {
  try {
    await look;
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, "NOT_FOUND");
    return false;
  }
};

const lifecyclesIn = (folder: string): Lifecycle[] => [
  {
    kind: "profile",
    inputs: () => ({ name: "small", config: { "limits.memory": "64MiB" }, devices: { gone: { type: "none" } } }),
    update: { config: { "limits.memory": "128MiB", "user.note": "x" } },
    replace: () => ({ name: "smaller" }),
    replacing: ["name"],
    drift: (client, id) => client.patchProfile(id, { config: { "limits.memory": "1GiB", "user.by": "hand" } }),
    remove: (client, id) => client.deleteProfile(id),
    isThere: (client, id) => found(client.getProfile(id)),
    output: "name",
    refused: { inputs: () => ({ name: "small" }), error: /Cannot create profile "small": name: .*already exists/i },
  },
  {
    kind: "project",
    inputs: () => ({ name: "lab", config: { "limits.instances": 4, "features.images": false } }),
    update: { description: "for trials", config: { "limits.instances": 8, "features.images": false } },
    replace: () => ({ name: "lab2" }),
    replacing: ["name"],
    drift: (client, id) => client.patchProject(id, { config: { "limits.instances": "2" } }),
    remove: (client, id) => client.deleteProject(id),
    isThere: (client, id) => found(client.getProject(id)),
    output: "name",
    refused: { inputs: () => ({ name: "lab" }), error: /Cannot create project "lab": name: .*already exists/i },
  },
  {
    kind: "storage-pool",
    inputs: () => ({ name: "pool1", driver: "dir", description: "one" }),
    update: { description: "two", config: { "user.note": "x" } },
    replace: () => ({ name: "pool2" }),
    replacing: ["name", "driver"],
    drift: (client, id) => client.patchStoragePool(id, { description: "by hand" }),
    remove: (client, id) => client.deleteStoragePool(id),
    isThere: (client, id) => found(client.getStoragePool(id)),
    output: "status",
    refused: {
      inputs: () => ({ name: "pool1", driver: "dir" }),
      error: /Cannot create storage pool "pool1": name: .*exists/i,
    },
  },
  {
    kind: "storage-volume",
    inputs: () => ({ pool: "default", name: "vol1", description: "one", config: { size: "1GiB" } }),
    update: { description: "two", config: { size: "2GiB", "user.note": "x" } },
    replace: () => ({ name: "vol2" }),
    replacing: ["pool", "name", "contentType"],
    drift: (client, id) => client.patchStorageVolume("default", lastOf(id), { description: "by hand" }),
    remove: (client, id) => client.deleteStorageVolume("default", lastOf(id)),
    isThere: (client, id) => found(client.getStorageVolume("default", lastOf(id))),
    output: "createdAt",
    refused: {
      inputs: () => ({ pool: "nowhere", name: "vol1" }),
      error: /Cannot create storage volume "vol1": pool: .*not found/i,
    },
  },
  {
    kind: "network",
    inputs: () => ({ name: "net1", config: { "ipv4.address": "10.99.1.1/24" } }),
    update: { config: { "ipv4.address": "10.99.1.1/24", "ipv4.dhcp.expiry": "2h" } },
    replace: () => ({ name: "net2" }),
    replacing: ["name"],
    drift: (client, id) => client.patchNetwork(id, { config: { "ipv4.address": "10.99.7.1/24" } }),
    remove: (client, id) => client.deleteNetwork(id),
    isThere: (client, id) => found(client.getNetwork(id)),
    output: "ipv4Address",
    refused: { inputs: () => ({ name: "net1" }), error: /Cannot create network "net1": name: .*exists/i },
  },
  {
    kind: "network-acl",
    inputs: () => ({
      name: "web",
      ingress: [
        { action: "allow", protocol: "tcp", destinationPort: "80, 443", source: "10.0.0.0/8, 192.0.2.1" },
        { action: "reject", state: "logged" },
      ],
      config: { "user.note": "a" },
    }),
    update: {
      ingress: [{ action: "allow", state: "enabled", protocol: "tcp", destinationPort: 22, source: "" }],
      egress: [{ action: "drop", destination: "192.0.2.0/24", description: "not there" }],
      description: "two",
    },
    replace: () => ({ name: "web2" }),
    replacing: ["name"],
    drift: async (client, id) => {
      const { value } = await client.getNetworkAcl(id);
      await client.updateNetworkAcl(id, { config: value.config, description: "by hand" });
    },
    remove: (client, id) => client.deleteNetworkAcl(id),
    isThere: (client, id) => found(client.getNetworkAcl(id)),
    output: "name",
    refused: { inputs: () => ({ name: "web" }), error: /Cannot create network acl "web": name: .*already exists/i },
  },
  {
    kind: "network-forward",
    prepare: (client) => client.createNetwork({ name: "fwd0", config: { "ipv4.address": "10.99.2.1/24" } }),
    inputs: () => ({
      network: "fwd0",
      listenAddress: "192.0.2.10",
      ports: [
        { listenPort: "80, 443", targetAddress: "10.99.2.20", targetPort: "8080, 8443" },
        { listenPort: 53, targetAddress: "10.99.2.20", protocol: "udp", description: "names" },
      ],
    }),
    update: {
      ports: [{ listenPort: "90-95", targetAddress: "10.99.2.21", protocol: "tcp" }],
      config: { target_address: "10.99.2.22", "user.note": "x" },
      description: "two",
    },
    replace: () => ({ listenAddress: "192.0.2.11" }),
    replacing: ["network", "listenAddress"],
    drift: (client, id) => client.patchNetworkForward("fwd0", lastOf(id), { description: "by hand", ports: [] }),
    remove: (client, id) => client.deleteNetworkForward("fwd0", lastOf(id)),
    isThere: (client, id) => found(client.getNetworkForward("fwd0", lastOf(id))),
    output: "listenAddress",
    refused: {
      inputs: () => ({
        network: "fwd0",
        listenAddress: "192.0.2.12",
        ports: [{ listenPort: "80", targetAddress: "10.98.0.1" }],
      }),
      error:
        /Cannot create network forward "192\.0\.2\.12": ports\[0\]\.targetAddress: .*not within the network subnet/,
    },
  },
  {
    kind: "network-zone",
    inputs: () => ({ name: "lab.example", config: { "dns.nameservers": "ns1.example.org" } }),
    update: {
      description: "two",
      config: {
        "network.nat": false,
        "peers.one.address": "192.0.2.53",
        "peers.one.key": "c2VjcmV0",
        "user.note": "x",
      },
    },
    replace: () => ({ name: "lab2.example" }),
    replacing: ["name"],
    drift: (client, id) => client.patchNetworkZone(id, { config: { "dns.nameservers": "ns2.example.org" } }),
    remove: (client, id) => client.deleteNetworkZone(id),
    isThere: (client, id) => found(client.getNetworkZone(id)),
    output: "name",
    refused: {
      inputs: () => ({ name: "lab.example" }),
      error: /Cannot create network zone "lab\.example": name: .*already exists/i,
    },
  },
  {
    kind: "network-zone-record",
    prepare: (client) => client.createNetworkZone({ name: "0/25.2.0.192.in-addr.arpa" }),
    inputs: () => ({
      zone: "0/25.2.0.192.in-addr.arpa",
      name: "1",
      entries: [
        { type: "PTR", value: "web.lab.example.", ttl: 0 },
        { type: "TXT", value: "one two", ttl: 60 },
      ],
    }),
    update: {
      entries: [{ type: "PTR", value: "web.lab.example.", ttl: 3600 }],
      description: "two",
      config: { "user.note": "x" },
    },
    replace: () => ({ name: "@" }),
    replacing: ["zone", "name"],
    drift: (client, id) => client.patchNetworkZoneRecord("0/25.2.0.192.in-addr.arpa", lastOf(id), { entries: [] }),
    remove: (client, id) => client.deleteNetworkZoneRecord("0/25.2.0.192.in-addr.arpa", lastOf(id)),
    isThere: (client, id) => found(client.getNetworkZoneRecord("0/25.2.0.192.in-addr.arpa", lastOf(id))),
    output: "zone",
    refused: {
      inputs: () => ({ zone: "nowhere.example", name: "www" }),
      error: /Cannot create network zone record "www": zone: .*not found/i,
    },
  },
  {
    kind: "image",
    prepare: async () => {
      for (const name of ["one", "two"])
        writeFileSync(path.join(folder, `${name}.tar`), await tinyImage({ description: name }));
    },
    inputs: () => ({ sourceFile: path.join(folder, "one.tar"), aliases: ["tiny"], properties: { note: "a" } }),
    update: { aliases: ["tiny", "tiny/1"], properties: { note: "b" }, public: true },
    replace: () => ({ sourceFile: path.join(folder, "two.tar") }),
    replacing: ["sourceFile"],
    drift: (client, id) => client.patchImage(id, { public: true, properties: { note: "by hand" } }),
    remove: (client, id) => done(client.deleteImage(id)),
    isThere: (client, id) => found(client.getImage(id)),
    output: "fingerprint",
    refused: {
      inputs: () => ({ sourceFile: path.join(folder, "one.tar") }),
      error: /sourceFile: .*same fingerprint already exists/,
    },
  },
  {
    kind: "container",
    inputs: () => ({
      name: "web",
      image: "template:busybox",
      config: { "user.note": "a" },
      files: { "/srv/www/index.html": { content: "hello" } },
    }),
    update: {
      config: { "limits.memory": "64MiB" },
      description: "changed",
      files: { "/srv/www/index.html": { content: "bye" } },
    },
    replace: () => ({ name: "web2" }),
    replacing: ["name", "image"],
    drift: (client, id) => done(client.setInstanceState(id, { action: "stop", force: true })),
    remove: async (client, id) => {
      await done(client.setInstanceState(id, { action: "stop", force: true }));
      await done(client.deleteInstance(id));
    },
    isThere: (client, id) => found(client.getInstance(id)),
    output: "ipv4Address",
    refused: {
      inputs: () => ({ name: "other", image: "no-such-image" }),
      error: /Cannot create container "other": image: .*not found/i,
    },
  },
  {
    kind: "snapshot",
    prepare: (client) =>
      done(client.createInstance({ name: "base", source: { type: "image", alias: "template:busybox" } })),
    inputs: () => ({ instance: "base", name: "before" }),
    update: { expiresAt: "2040-01-31T12:00:00Z" },
    replace: () => ({ name: "later" }),
    replacing: ["instance", "name"],
    drift: (client, id) => {
      const [instance = "", name = ""] = id.split("/");
      return done(client.updateSnapshot(instance, name, { expires_at: "2041-01-01T00:00:00Z" }));
    },
    remove: (client, id) => {
      const [instance = "", name = ""] = id.split("/");
      return done(client.deleteSnapshot(instance, name));
    },
    isThere: (client, id) => {
      const [instance = "", name = ""] = id.split("/");
      return found(client.getSnapshot(instance, name));
    },
    output: "createdAt",
    refused: {
      inputs: () => ({ instance: "nobody", name: "s" }),
      error: /Cannot create snapshot "s": instance: .*not found/i,
    },
  },
];

const lastOf = (id: string): string => id.split("/").at(-1) ?? "";

/** Ids of objects that are not there, of what lies in another one with its name. */
const missingIds: Readonly<Record<string, string>> = {
  "network-forward": "fwd0/192.0.2.99",
  "network-zone-record": "nowhere.example/none",
  snapshot: "base/none",
  "storage-volume": "default/none",
};

test("the kinds live on a real daemon, through both doors", { skip: lacksContainers() }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    const options = { env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } };
    await using dynamic = await DynamicProcess.start(options);
    await using plugin = await PluginProcess.start(options);
    for (const one of lifecyclesIn(path.dirname(daemon.dir)))
      await t.test(`a ${one.kind}`, async (t) => {
        await one.prepare?.(daemon.client);
        await t.test("through the dynamic door", (t) => live(t, daemon, dynamic, one));
        await t.test("through the plugin", async (t) => {
          await live(t, daemon, plugin, one);
          await imports(t, plugin, one);
        });
      });
  }),
);

/** What only the plugin can: an object that nobody's state knows becomes a resource, and its program plans nothing. */
async function imports(t: TestContext, plugin: PluginProcess, one: Lifecycle): Promise<void> {
  await t.test("is imported by its id, and the program that made it finds nothing to do", async () => {
    const made = new Managed(plugin, one.kind);
    const { files: _, ...given } = one.inputs();
    await made.up(given);
    const imported = new Managed(plugin, one.kind);
    await imported.import(made.id);
    assert.equal(imported.id, made.id);
    assert.equal(await imported.up(given), "same");
    assert.ok(await imported.refresh());
    assert.equal(await imported.up(given), "same", "after a refresh");
    assert.equal(await imported.up({ ...given, ...one.replace() }), "replace", "the program's words count from now on");
    await imported.destroy();
  });
}

async function live(t: TestContext, daemon: TestDaemon, provider: ProviderProcess, one: Lifecycle): Promise<void> {
  const given = () => one.inputs();
  await t.test("is created, stays the same, is changed in place, is replaced and destroyed", async () => {
    const resource = new Managed(provider, one.kind);
    assert.equal(await resource.up(given()), "create");
    const { id, outs } = resource;
    assert.ok(outs[one.output], `${one.output} in ${JSON.stringify(outs)}`);
    assert.equal(await resource.up(given()), "same");
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(given()), "same", "after a refresh");

    const changed = { ...given(), ...one.update };
    assert.equal(await resource.up(changed), "update");
    assert.equal(resource.id, id);
    assert.equal(await resource.up(changed), "same");
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(changed), "same", "after a refresh");
    assert.equal(await resource.up(given()), "update", "back again");
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(given()), "same", "after going back");

    assert.equal(await resource.up({ ...given(), ...one.replace() }), "replace");
    assert.notEqual(resource.id, id);
    assert.equal(await one.isThere(daemon.client, id), false);
    assert.equal(await resource.up({ ...given(), ...one.replace() }), "same");

    await resource.destroy();
    assert.equal(await one.isThere(daemon.client, resource.id), false);
    await resource.destroy();
  });

  await t.test("shows what somebody else changed after a refresh, and the next up puts it back", async () => {
    const resource = new Managed(provider, one.kind);
    await resource.up(given());
    await one.drift(daemon.client, resource.id);
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(given()), "update");
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(given()), "same");
    await resource.destroy();
  });

  await t.test("that somebody else deleted is gone after a refresh, and deleting it succeeds", async () => {
    const resource = new Managed(provider, one.kind);
    await resource.up(given());
    await one.remove(daemon.client, resource.id);
    await resource.destroy();
    assert.equal(await resource.refresh(), false);
  });

  await t.test("is read by its id alone, as Resource.get does", async () => {
    const resource = new Managed(provider, one.kind);
    await resource.up(given());
    const read = await provider.read(one.kind, resource.id, undefined, {});
    assert.equal(read.id, resource.id);
    assert.deepEqual(read.outs[one.output], resource.outs[one.output]);
    const missing = await provider.read(one.kind, missingIds[one.kind] ?? "none", undefined, {});
    assert.equal(missing.id, "");
    await resource.destroy();
  });

  await t.test(
    "is shown as replaced for an input that is not known yet only where its value could ask for it",
    async () => {
      const resource = new Managed(provider, one.kind);
      await resource.up(given());
      for (const property of Object.keys(given())) {
        const news = await provider.checked(one.kind, { ...given(), [property]: unknown });
        const { replaces } = await provider.diff(one.kind, resource.id, resource.outs, news);
        assert.deepEqual(replaces, one.replacing.includes(property) ? [property] : [], property);
      }
      await resource.destroy();
    },
  );

  await t.test("that the server refuses leaves nothing behind, and the error says which and why", async () => {
    const resource = new Managed(provider, one.kind);
    await resource.up(given());
    const inputs = await provider.checked(one.kind, one.refused.inputs());
    await assert.rejects(provider.create(one.kind, inputs), one.refused.error);
    assert.ok(await resource.refresh(), "what was there before is untouched");
    await resource.destroy();
  });
}
