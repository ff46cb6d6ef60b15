import assert from "node:assert/strict";
import { test } from "node:test";
import type { PendingOperation } from "../../sdk";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

const done = async (operation: Promise<PendingOperation>) => {
  await (await operation).wait();
};

const idOf = async ({ client }: { client: { getServer(): Promise<{ value: { environment: object } }> } }) =>
  ((await client.getServer()).value.environment as { server_uuid?: string }).server_uuid;

test("a server keeps its own id over restarts, and two servers have two", { skip }, () =>
  withDaemon({ bare: true }, async (one) => {
    const id = await idOf(one);
    assert.match(id ?? "", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(await idOf(one), id);
    await one.kill();
    await one.start();
    assert.equal(await idOf(one), id);
    await withDaemon({ bare: true }, async (other) => {
      assert.notEqual(await idOf(other), id);
    });
  }),
);

test("the stamp of an object stays with it: copies lack it, and a restore leaves it as it is", { skip }, () =>
  withDaemon({ bare: false }, async ({ client }) => {
    const stamp = { "user.bothy.stack": "dev", "user.bothy.resource": "web" };
    const source = { type: "image", alias: "template:busybox" };
    await done(client.createInstance({ name: "web", source, config: { ...stamp, "user.note": "mine" } }));
    await done(client.createSnapshot("web", { name: "before", config: { "user.bothy.resource": "before" } }));
    const { value: snapshot } = await client.getSnapshot("web", "before");
    assert.equal(snapshot.config["user.bothy.resource"], "before");
    assert.equal(snapshot.config["user.bothy.stack"], undefined, "that of the instance is not the snapshot's");
    assert.equal(snapshot.config["user.note"], "mine");

    await done(client.createInstance({ name: "copy", source: { type: "copy", source: "web" } }));
    // What lxc copy does: it sends the configuration that it read.
    const { value: read } = await client.getInstance("web");
    await done(client.createInstance({ name: "copy2", config: read.config, source: { type: "copy", source: "web" } }));
    const own = { ...stamp, "user.bothy.resource": "copy3" };
    await done(client.createInstance({ name: "copy3", config: own, source: { type: "copy", source: "web/before" } }));
    const stampsOf = async (name: string) => {
      const { config } = (await client.getInstance(name)).value;
      return Object.fromEntries(Object.entries(config).filter(([key]) => key.startsWith("user.")));
    };
    assert.deepEqual(await stampsOf("copy"), { "user.note": "mine" });
    assert.deepEqual(await stampsOf("copy2"), { "user.note": "mine" });
    assert.deepEqual(await stampsOf("copy3"), { "user.note": "mine", ...own });
    assert.equal((await client.getSnapshot("copy", "before")).value.config["user.bothy.resource"], undefined);

    await client.patchInstance("web", { config: { "user.bothy.stack": "prod", "user.note": "other" } });
    const { value } = await client.getInstance("web");
    const { architecture, config, devices, description, ephemeral } = value;
    const put = { architecture, config, devices, description, ephemeral, profiles: value.profiles ?? [] };
    await done(client.updateInstance("web", { ...put, restore: "before" }));
    assert.deepEqual(await stampsOf("web"), { ...stamp, "user.bothy.stack": "prod", "user.note": "mine" });

    await done(client.updateSnapshot("web", "before", { config: { "user.bothy.resource": "", "user.bothy.x": "1" } }));
    const { config: changed } = (await client.getSnapshot("web", "before")).value;
    assert.deepEqual([changed["user.bothy.resource"], changed["user.bothy.x"]], [undefined, "1"]);
    await assert.rejects(
      done(client.createSnapshot("web", { name: "s", config: { "limits.cpu": "1" } })),
      /keys of a stamp only/,
    );
    for (const name of ["web", "copy", "copy2", "copy3"]) await done(client.deleteInstance(name));
  }),
);

test("the stamp of an image does not reach the containers made of it", { skip }, () =>
  withDaemon({ bare: false }, async ({ client }) => {
    const source = { type: "image", alias: "template:busybox" };
    await done(client.createInstance({ name: "first", source }));
    const [image] = await client.listImages();
    await client.patchImage(image!.fingerprint, { properties: { "user.bothy.stack": "dev", note: "a" } });
    await done(client.createInstance({ name: "web", source }));
    const { config } = (await client.getInstance("web")).value;
    assert.equal(config["image.note"], "a");
    assert.deepEqual(
      Object.keys(config).filter((key) => key.includes("bothy")),
      [],
    );
    for (const name of ["first", "web"]) await done(client.deleteInstance(name));
  }),
);

test("a change of a network's user keys leaves its bridge and DHCP alone", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    const { client } = daemon;
    await client.createNetwork({ name: "net1", config: { "ipv4.address": "10.96.1.1/24" } });
    const servers = async () => (await daemon.run("pgrep", "-f", `dnsmasq.*${daemon.dir}`)).trim();
    const before = await servers();
    await client.patchNetwork("net1", { config: { "user.note": "a" } });
    assert.equal((await client.getNetwork("net1")).value.config["user.note"], "a");
    assert.equal(await servers(), before);
    await client.patchNetwork("net1", { config: { "user.note": "" } });
    assert.equal((await client.getNetwork("net1")).value.config["user.note"], undefined);
    await client.deleteNetwork("net1");
  }),
);
