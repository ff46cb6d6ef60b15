import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import type { Client } from "../../sdk";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { DynamicProcess } from "./support/dynamic-process";
import { tinyImage } from "./support/image";
import { lacksContainers } from "./support/lacks";

const skip = lacksContainers();

const ownerOf = (resource: string, more: Props = {}): Props => ({ project: "shop", stack: "dev", resource, ...more });

/** What a killed run leaves: an object with the stamp of its resource and the name of a maker that is dead. */
const leftBy = (kind: string, resource: string, maker = "some-boot/1/1"): Record<string, string> => ({
  "user.bothy.project": "shop",
  "user.bothy.stack": "dev",
  "user.bothy.kind": kind,
  "user.bothy.resource": resource,
  "user.bothy.pending": maker,
});

interface Kind {
  readonly kind: string;
  readonly inputs: Props;
  /** Makes an object of that name, as another program or a killed run would. */
  readonly make: (client: Client, name: string, stamp: Record<string, string>) => Promise<void>;
  /** Keys that tell whose an object is, and what tells one object from another of the same name. */
  readonly look: (client: Client, id: string) => Promise<{ config: Record<string, string>; mark: string }>;
  /** A property of the inputs that the object gets when it is taken over. */
  readonly changed: Props;
  readonly seen: (outs: Props) => unknown;
  /** Merges keys by hand; an empty value unsets one. */
  readonly edit: (client: Client, id: string, config: Record<string, string>) => Promise<void>;
  readonly remove: (client: Client, id: string) => Promise<void>;
}

const done = async (operation: Promise<{ wait(): Promise<unknown> }>) => {
  await (await operation).wait();
};

const kinds: readonly Kind[] = [
  {
    kind: "container",
    inputs: { image: "template:busybox" },
    make: (client, name, stamp) =>
      done(client.createInstance({ name, source: { type: "image", alias: "template:busybox" }, config: stamp })),
    look: async (client, id) => {
      const { value } = await client.getInstance(id);
      return { config: value.config, mark: value.config["volatile.uuid"] ?? "" };
    },
    changed: { description: "taken", config: { "user.note": "b" } },
    seen: ({ description, config }) => ({ description, config }),
    edit: (client, id, config) => client.patchInstance(id, { config }),
    remove: (client, id) => done(client.deleteInstance(id, { force: true })),
  },
  {
    kind: "profile",
    inputs: {},
    make: (client, name, config) => client.createProfile({ name, config }),
    look: async (client, id) => ({ config: (await client.getProfile(id)).value.config, mark: "" }),
    changed: { description: "taken", config: { "user.note": "b" } },
    seen: ({ description, config }) => ({ description, config }),
    edit: (client, id, config) => client.patchProfile(id, { config }),
    remove: (client, id) => client.deleteProfile(id),
  },
  {
    kind: "network",
    inputs: {},
    make: (client, name, config) => client.createNetwork({ name, config }),
    look: async (client, id) => {
      const { config } = (await client.getNetwork(id)).value;
      return { config, mark: config["ipv4.address"] ?? "" };
    },
    changed: { description: "taken", config: { "user.note": "b" } },
    seen: ({ description, config }) => ({ description, config }),
    edit: (client, id, config) => client.patchNetwork(id, { config }),
    remove: (client, id) => client.deleteNetwork(id),
  },
  {
    kind: "storage-pool",
    inputs: { driver: "dir" },
    make: (client, name, config) => client.createStoragePool({ name, driver: "dir", config }),
    look: async (client, id) => ({ config: (await client.getStoragePool(id)).value.config, mark: "" }),
    changed: { description: "taken", config: { "user.note": "b" } },
    seen: ({ description, config }) => ({ description, config }),
    edit: (client, id, config) => client.patchStoragePool(id, { config }),
    remove: (client, id) => client.deleteStoragePool(id),
  },
  {
    kind: "storage-volume",
    inputs: { pool: "default" },
    make: (client, name, config) => client.createStorageVolume("default", { name, config }),
    look: async (client, id) => {
      const { value } = await client.getStorageVolume("default", id.split("/").at(-1) ?? "");
      return { config: value.config, mark: value.created_at };
    },
    changed: { description: "taken", config: { "user.note": "b" } },
    seen: ({ description, config }) => ({ description, config }),
    edit: (client, id, config) => client.patchStorageVolume("default", id.split("/").at(-1) ?? "", { config }),
    remove: (client, id) => client.deleteStorageVolume("default", id.split("/").at(-1) ?? ""),
  },
  {
    kind: "snapshot",
    inputs: { instance: "base" },
    make: (client, name, config) => done(client.createSnapshot("base", { name, config })),
    look: async (client, id) => {
      const { value } = await client.getSnapshot("base", id.split("/").at(-1) ?? "");
      return { config: value.config, mark: value.created_at };
    },
    changed: { expiresAt: "2040-01-31T12:00:00Z" },
    seen: ({ expiresAt }) => ({ expiresAt }),
    edit: (client, id, config) =>
      done(client.updateSnapshot("base", id.split("/").at(-1) ?? "", { config, expires_at: "2040-01-31T12:00:00Z" })),
    remove: (client, id) => done(client.deleteSnapshot("base", id.split("/").at(-1) ?? "")),
  },
];

const stampIn = (config: Record<string, string>) =>
  Object.fromEntries(Object.entries(config).filter(([key]) => key.startsWith("user.bothy.")));

async function checkKind(t: TestContext, { client }: TestDaemon, provider: DynamicProcess, one: Kind): Promise<void> {
  const { kind } = one;
  const create = async (props: Props) => provider.create(kind, await provider.checked(kind, props));
  const given = (name: string, more: Props = {}) => ({
    ...one.inputs,
    ...one.changed,
    name,
    __owner: ownerOf(name),
    ...more,
  });

  await t.test("carries the stamp of its resource, which the program does not see", async () => {
    const { id, outs } = await create(given("plain"));
    const { config } = await one.look(client, id);
    const { "user.bothy.pending": _, ...expected } = leftBy(kind, "plain");
    assert.deepEqual(stampIn(config), { ...expected, "user.bothy.name": "plain" });
    assert.deepEqual(one.seen(outs), one.seen(one.changed));
    const read = await provider.read(kind, id, outs);
    assert.deepEqual(one.seen(read.outs), one.seen(one.changed));
    const news = await provider.checked(kind, given("plain"));
    assert.equal((await provider.diff(kind, id, read.outs, news)).changes, false);
    await provider.delete(kind, id, outs);
  });

  await t.test("is nobody's fight when people edit its stamp by hand", async () => {
    const { id, outs } = await create(given("plain"));
    await one.edit(client, id, { "user.bothy.stack": "", "user.bothy.resource": "mine", "user.bothy.more": "x" });
    const { config } = await one.look(client, id);
    const read = await provider.read(kind, id, outs);
    assert.deepEqual(read.outs, outs);
    assert.equal(
      (await provider.diff(kind, id, read.outs, await provider.checked(kind, given("plain")))).changes,
      false,
    );
    assert.deepEqual((await one.look(client, id)).config, config);
    await provider.delete(kind, id, read.outs);
  });

  await t.test("that was copied by hand from a half-made one stays what it is", async () => {
    const stamp = { ...leftBy(kind, "copied"), "user.bothy.name": "origin" };
    await one.make(client, "copied", stamp);
    const before = await one.look(client, "copied");
    await assert.rejects(create(given("copied")), (error: Error) => {
      assert.match(error.message, /already exists.*"adopt: true"/);
      assert.doesNotMatch(error.message, /belongs to|made for this/);
      return true;
    });
    assert.deepEqual(await one.look(client, "copied"), before);
    await one.remove(client, "copied");
  });

  await t.test("that a killed run of the same resource left is taken over and made whole", async () => {
    await one.make(client, "left", leftBy(kind, "left"));
    const { mark } = await one.look(client, "left");
    const { id, outs } = await create(given("left"));
    const after = await one.look(client, id);
    assert.equal(after.mark, mark, "the same object");
    assert.equal(after.config["user.bothy.pending"], undefined);
    assert.deepEqual(one.seen(outs), one.seen(one.changed));
    if (kind === "container") assert.equal(outs.status, "Running");
    await provider.delete(kind, id, outs);
  });

  await t.test("without a name of its own is found again by its stamp, in preview already", async () => {
    // What was copied from it by hand comes first in every list.
    await one.make(client, "found-0", { ...leftBy(kind, "found"), "user.bothy.name": "found-1a2b3c4" });
    await one.make(client, "found-1a2b3c4", leftBy(kind, "found"));
    const nameless = { ...one.inputs, ...one.changed, __logicalName: "found", __owner: ownerOf("found") };
    const inputs = await provider.checked(kind, nameless);
    assert.equal(inputs.name, "found-1a2b3c4");
    const { id, outs } = await provider.create(kind, inputs);
    assert.equal(outs.name, "found-1a2b3c4");
    const other = await provider.checked(kind, { ...nameless, __owner: ownerOf("found", { parents: "my:Part" }) });
    assert.notEqual(other.name, "found-1a2b3c4", "that of another parent is another one");
    const again = await provider.checked(kind, nameless);
    assert.match(
      String(again.name),
      /^found-[0-9a-f]{7}$/,
      "one that its engine knows is not found: this is how it is replaced",
    );
    assert.notEqual(again.name, "found-1a2b3c4");
    await one.remove(client, "found-0");
    await provider.delete(kind, id, outs);
  });

  const strangers: Record<string, [stamp: Record<string, string>, says: RegExp]> = {
    "nobody's": [{}, /already exists.*"adopt: true"/],
    "that of another stack": [
      { ...leftBy(kind, "taken"), "user.bothy.stack": "prod" },
      /belongs to resource "taken" of stack "prod" of project "shop"/,
    ],
    "that of another organization": [
      { ...leftBy(kind, "taken"), "user.bothy.organization": "acme" },
      /belongs to resource "taken" of stack "dev" of project "shop" of organization "acme"/,
    ],
    "a finished one of this very resource": [
      Object.fromEntries(Object.entries(leftBy(kind, "taken")).filter(([key]) => key !== "user.bothy.pending")),
      /made for this very resource, and the state does not know it.*"adopt: true"/,
    ],
  };
  for (const [whose, [stamp, says]] of Object.entries(strangers))
    await t.test(`${whose} stays what it is, unless it is adopted`, async () => {
      await one.make(client, "taken", stamp);
      const before = await one.look(client, "taken");
      await assert.rejects(create(given("taken")), (error: Error) => {
        assert.match(error.message, says);
        assert.match(error.message, /name: /);
        return true;
      });
      assert.deepEqual(await one.look(client, "taken"), before);
      const { id, outs } = await create(given("taken", { adopt: true }));
      const after = await one.look(client, id);
      assert.equal(after.mark, before.mark);
      assert.equal(after.config["user.bothy.stack"], "dev");
      assert.deepEqual(one.seen(outs), one.seen(one.changed));
      const news = await provider.checked(kind, given("taken"));
      assert.equal((await provider.diff(kind, id, outs, news)).changes, false, "adopt may go");
      await provider.delete(kind, id, outs);
    });

  await t.test("that is being made this moment is not taken", async () => {
    const { readFileSync } = await import("node:fs");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const started = readFileSync(`/proc/${process.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19];
    await one.make(client, "busy", leftBy(kind, "busy", `${boot}/${process.pid}/${started}`));
    await assert.rejects(create(given("busy")), /is being made this moment, by process \d+/);
    await one.remove(client, "busy");
  });

  await t.test("is adopted only by its name, and keys of the stamp are not for programs", async () => {
    const { failures } = await provider.check(kind, {}, { ...one.inputs, adopt: true, __logicalName: "x" });
    assert.match(failures.adopt ?? "", /needs "name"/);
    if (kind === "snapshot") return;
    const { failures: reserved } = await provider.check(kind, {}, given("x", { config: { "user.bothy.stack": "x" } }));
    assert.match(reserved['config["user.bothy.stack"]'] ?? "", /belongs to Bothy/);
  });
}

test("an object is known again by its stamp", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
    await done(daemon.client.createInstance({ name: "base", source: { type: "image", alias: "template:busybox" } }));
    for (const one of kinds) await t.test(`a ${one.kind}`, (t) => checkKind(t, daemon, provider, one));
    await done(daemon.client.deleteInstance("base"));
  }),
);

test("what was renamed by hand is adopted by its new name, with what is in it", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
    const { client } = daemon;
    const created = async (kind: string, props: Props) =>
      provider.create(kind, await provider.checked(kind, { ...props, __owner: ownerOf("kept") }));
    const web = { image: "template:busybox", running: false };
    await created("container", { ...web, name: "old" });
    await created("storage-volume", { pool: "default", name: "old" });
    const { created_at: madeAt } = (await client.getStorageVolume("default", "old")).value;
    const { config } = (await client.getInstance("old")).value;
    await done(client.renameInstance("old", "new"));
    await client.renameStorageVolume("default", "old", "new");
    const container = await created("container", { ...web, name: "new", adopt: true });
    const volume = await created("storage-volume", { pool: "default", name: "new", adopt: true });
    assert.deepEqual([container.id, volume.id], ["new", "default/new"]);
    assert.equal((await client.getInstance("new")).value.config["volatile.uuid"], config["volatile.uuid"]);
    assert.equal((await client.getStorageVolume("default", "new")).value.created_at, madeAt);
    await provider.delete("container", container.id, container.outs);
    await provider.delete("storage-volume", volume.id, volume.outs);
  }),
);

test("what only another object could have is not adopted", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
    const adopt = async (kind: string, props: Props) =>
      provider.create(kind, await provider.checked(kind, { ...props, adopt: true, __owner: ownerOf("x") }));
    const file = path.join(path.dirname(daemon.dir), "tiny.tar");
    writeFileSync(file, await tinyImage({ description: "tiny" }));
    const tiny = await provider.create(
      "image",
      await provider.checked("image", { sourceFile: file, aliases: ["tiny"] }),
    );
    await done(client.createInstance({ name: "web", source: { type: "image", alias: "template:busybox" } }));
    await done(client.setInstanceState("web", { action: "start" }));
    const { pid } = await client.getInstanceState("web");
    await assert.rejects(
      adopt("container", { name: "web", image: "tiny" }),
      /image: .*was made from the image .*"adopt"/,
    );
    await assert.rejects(adopt("container", { name: "web", image: tiny.id }), /image: .*was made from the image/);
    await assert.rejects(
      adopt("container", { name: "web", image: "template:busybox", ephemeral: true }),
      /ephemeral: .*is not ephemeral/,
    );
    assert.equal((await client.getInstanceState("web")).pid, pid, "it runs on");
    await client.createStoragePool({ name: "pool", driver: "dir", config: {} });
    await assert.rejects(adopt("storage-pool", { name: "pool", driver: "overlay" }), /driver: .*has "dir"/);
    await done(client.deleteInstance("web", { force: true }));
    await client.deleteStoragePool("pool");
    await provider.delete("image", tiny.id, tiny.outs);
  }),
);

test("an image is known again, shared with others, and deleted by its own stack", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
    const create = async (props: Props) => provider.create("image", await provider.checked("image", props));
    const file = path.join(path.dirname(daemon.dir), "tiny.tar");
    writeFileSync(file, await tinyImage({ description: "tiny" }));
    await done(client.createImageFromFile(file, { properties: leftBy("image", "tiny") }));
    const { id, outs } = await create({ sourceFile: file, aliases: ["tiny"], __owner: ownerOf("tiny") });
    const { value } = await client.getImage(id);
    assert.equal(value.properties["user.bothy.pending"], undefined);
    assert.deepEqual(outs.properties, {});
    await assert.rejects(
      create({ sourceFile: file, __owner: ownerOf("other") }),
      /sourceFile: .*same fingerprint already exists.*resource "tiny" of stack "dev"/,
    );
    const adopted = await create({ sourceFile: file, aliases: ["tiny"], adopt: true, __owner: ownerOf("other") });
    await provider.delete("image", id, outs);
    assert.equal((await client.getImage(id)).value.properties["user.bothy.resource"], "other", "not the first one's");
    await provider.delete("image", adopted.id, adopted.outs);

    const made = await create({ sourceFile: file, aliases: ["old"], __owner: ownerOf("old") });
    const renamed = await provider.checked("image", { sourceFile: file, aliases: ["new"], __owner: ownerOf("new") });
    const updated = await provider.update("image", made.id, made.outs, renamed);
    assert.deepEqual(updated.aliases, ["new"]);
    assert.equal((await client.getImage(id)).value.properties["user.bothy.resource"], "new", "it goes on under it");
    await provider.delete("image", made.id, updated);
    assert.deepEqual(await client.listImages(), []);

    const first = await create({ template: "busybox", aliases: ["one"], __owner: ownerOf("a") });
    const second = await create({ template: "busybox", aliases: ["two"], __owner: ownerOf("b", { stack: "prod" }) });
    assert.equal(first.id, second.id);
    assert.deepEqual([first.outs.aliases, second.outs.aliases], [["one"], ["two"]]);
    const aliases = async () => (await client.getImage(first.id)).value.aliases.map(({ name }) => name).sort();
    assert.deepEqual(await aliases(), ["one", "two"]);
    await provider.delete("image", second.id, second.outs);
    assert.deepEqual(await aliases(), ["one"], "it stays, since it belongs to the other stack");
    await provider.delete("image", first.id, first.outs);
    assert.deepEqual(await client.listImages(), []);
  }),
);
