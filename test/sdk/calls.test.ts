/** Calls of the typed client, each shown by another call to have done its work in a real daemon. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { Client, type Operation, type PendingOperation, progressOf } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const source = { type: "image", alias: "template:busybox" };
const noNetwork =
  requireFeature("dnsmasq", hasProgram("dnsmasq")) ||
  requireFeature("nft", hasProgram("nft")) ||
  requireFeature("busybox", hasProgram("busybox"));

// In place of the host's own: a build with them goes on until it is cancelled, and asks no network.
const programs = mkdtempSync(path.join(tmpdir(), "bothy-programs-"));
for (const [name, script] of Object.entries({
  mmdebstrap: "echo 'I: running apt-get update...' >&2\nexec sleep inf",
  "apt-config": "exit 0",
})) {
  writeFileSync(path.join(programs, name), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(programs, name), 0o755);
}
after(() => rmSync(programs, { recursive: true, force: true }));

const shared = shareDaemon({ env: { PATH: `${programs}:${process.env.PATH}` } }, async (daemon) => {
  await preparePool(daemon, "dir");
  mkdirSync(path.join(daemon.dir, "templates"), { recursive: true });
  writeFileSync(
    path.join(daemon.dir, "templates", "endless.yaml"),
    "kind: mmdebstrap\nsuite: endless\nmirror: http://127.0.0.1:9/\n",
  );
  await (await daemon.client.createImage({ source: { type: "template", template: "busybox" } })).wait();
});

const done = async (operation: Promise<PendingOperation>) => (await operation).wait();
const make = (name: string, more: object = {}) => done(shared.client.createInstance({ name, source, ...more }));
const remove = (name: string) => done(shared.client.deleteInstance(name));
const start = (name: string) => done(shared.client.setInstanceState(name, { action: "start" }));
const stop = (name: string) => done(shared.client.setInstanceState(name, { action: "stop", force: true }));
const isMissing = { code: "NOT_FOUND" };

/** Two images: the shipped one, and the same again with a file of its own. @returns their fingerprints */
async function twoImages(): Promise<[string, string]> {
  const file = path.join(shared.daemon.dir, "templates", "another.yaml");
  writeFileSync(file, "extends: busybox\nfiles:\n  - path: /etc/another\n    content: yes\n");
  await done(shared.client.createImage({ source: { type: "template", template: "another" } }));
  const images = await shared.client.listImages();
  const of = (template: string) => images.find(({ properties }) => properties.template === template)!.fingerprint;
  return [of("busybox"), of("another")];
}

test("a renamed instance is found under its new name with its files and snapshots, and not under the old", async () => {
  const { client } = shared;
  await make("before", { config: { "user.note": "kept" } });
  await client.putFile("before", "/root/mark", "here");
  await done(client.createSnapshot("before", { name: "snap" }));
  await done(client.renameInstance("before", "after"));
  await assert.rejects(client.getInstance("before"), isMissing);
  const { value } = await client.getInstanceFull("after");
  assert.equal(value.name, "after");
  assert.equal(value.config["user.note"], "kept");
  assert.deepEqual(
    value.snapshots?.map(({ name }) => name),
    ["snap"],
  );
  assert.equal((await client.getFileInfo("after", "/root/mark")).type, "file");
  await start("after");
  assert.equal(String((await client.execOutput("after", { command: ["hostname"] })).stdout), "after\n");
  await assert.rejects(done(client.renameInstance("after", "again")), { code: "BAD_REQUEST", message: /running/ });
  await stop("after");
  await remove("after");
});

test("an instance is not renamed to a name that is taken, and both stay as they are", async () => {
  const { client } = shared;
  await make("one", { config: { "user.note": "one" } });
  await make("two", { config: { "user.note": "two" } });
  await assert.rejects(done(client.renameInstance("one", "two")), {
    code: "CONFLICT",
    message: /"two" already in use/,
  });
  for (const name of ["one", "two"]) {
    assert.equal((await client.getInstance(name)).value.config["user.note"], name);
    await remove(name);
  }
});

test("a renamed snapshot is found and restored under its new name, and not found under the old", async () => {
  const { client } = shared;
  await make("web");
  await client.putFile("web", "/root/mark", "first");
  await done(client.createSnapshot("web", { name: "old" }));
  await done(client.createSnapshot("web", { name: "other" }));
  const { value: before } = await client.getSnapshot("web", "old");
  await done(client.renameSnapshot("web", "old", "new"));
  await assert.rejects(client.getSnapshot("web", "old"), isMissing);
  assert.equal((await client.getSnapshot("web", "new")).value.created_at, before.created_at);
  await assert.rejects(done(client.renameSnapshot("web", "new", "other")), {
    code: "CONFLICT",
    message: /"web\/other" already exists/,
  });
  await client.putFile("web", "/root/mark", "second");
  await done(client.restoreSnapshot("web", "new"));
  await start("web");
  assert.equal(String((await client.execOutput("web", { command: ["cat", "/root/mark"] })).stdout), "first");
  await stop("web");
  await remove("web");
});

test("a renamed image alias is found under its new name, and instances are made from it", async () => {
  const { client } = shared;
  const [target] = await twoImages();
  await client.createImageAlias({ name: "old/name", target, description: "Small" });
  await client.createImageAlias({ name: "taken", target });
  await client.renameImageAlias("old/name", "new/name");
  await assert.rejects(client.getImageAlias("old/name"), isMissing);
  const { value } = await client.getImageAlias("new/name");
  assert.deepEqual([value.name, value.target, value.description], ["new/name", target, "Small"]);
  await assert.rejects(client.renameImageAlias("new/name", "taken"), { code: "CONFLICT" });
  await done(client.createInstance({ name: "made", source: { type: "image", alias: "new/name" } }));
  assert.equal((await client.getInstance("made")).value.config["volatile.base_image"], target);
  await remove("made");
  for (const name of ["new/name", "taken"]) await client.deleteImageAlias(name);
});

test("an updated image alias points at another image, unless it changed since it was read", async () => {
  const { client } = shared;
  const [first, second] = await twoImages();
  await client.createImageAlias({ name: "moving", target: first, description: "First" });
  const { etag } = await client.getImageAlias("moving");
  await client.updateImageAlias("moving", { target: second, description: "Second" }, { etag });
  const { value } = await client.getImageAlias("moving");
  assert.deepEqual([value.target, value.description], [second, "Second"]);
  const aliasesOf = async (image: string) => (await client.getImage(image)).value.aliases.map(({ name }) => name);
  assert.deepEqual([await aliasesOf(first), await aliasesOf(second)], [[], ["moving"]]);
  await assert.rejects(client.updateImageAlias("moving", { target: first }, { etag }), { code: "PRECONDITION_FAILED" });
  await assert.rejects(client.updateImageAlias("moving", { target: "0".repeat(64) }), isMissing);
  await client.patchImageAlias("moving", { description: "Patched" });
  const { value: after } = await client.getImageAlias("moving");
  assert.deepEqual([after.target, after.description], [second, "Patched"]);
  await client.deleteImageAlias("moving");
});

test("an updated image has the properties that were sent and no others", async () => {
  const { client } = shared;
  const [, image] = await twoImages();
  await client.patchImage(image, { properties: { release: "one", note: "gone after" } });
  await client.updateImage(image, { public: true, properties: { release: "two" } });
  const { value } = await client.getImage(image);
  assert.deepEqual([value.public, value.properties], [true, { release: "two" }]);
  await done(client.deleteImage(image));
});

test("a network tells its state and the leases of its guests, and has them under its new name when it is renamed", {
  skip: noNetwork,
}, async () => {
  const { client } = shared;
  await client.createNetwork({
    name: "net0",
    config: { "ipv4.address": "10.99.7.1/24", "ipv4.nat": "false", "ipv6.address": "none" },
  });
  const devices = { eth0: { type: "nic", network: "net0", name: "eth0" } };
  await make("web", { devices });
  await start("web");
  const { network } = await client.waitInstance("web", { for: "ipv4", timeoutSeconds: 60 });
  const nic = network?.eth0;
  const address = nic?.addresses.find(({ family, scope }) => family === "inet" && scope === "global")?.address;
  const leases = await client.getNetworkLeases("net0");
  const lease = leases.find(({ hostname }) => hostname === "web");
  assert.deepEqual([lease?.address, lease?.hwaddr, lease?.type], [address, nic?.hwaddr, "dynamic"]);
  assert.equal(leases.find(({ type }) => type === "gateway")?.address, "10.99.7.1");
  const state = await client.getNetworkState("net0");
  assert.deepEqual([state.state, state.type, state.mtu], ["up", "broadcast", 1500]);
  const gateway = state.addresses.find(({ family }) => family === "inet");
  assert.deepEqual([gateway?.address, gateway?.netmask], ["10.99.7.1", "24"]);
  assert.ok(state.counters.bytes_received > 0, "the guest asked for its address");

  await stop("web");
  await assert.rejects(client.renameNetwork("net0", "net1"), { code: "BAD_REQUEST", message: /use/ });
  await remove("web");
  await client.renameNetwork("net0", "net1");
  for (const call of [client.getNetwork, client.getNetworkState, client.getNetworkLeases])
    await assert.rejects(call("net0"), isMissing);
  assert.equal((await client.getNetwork("net1")).value.config["ipv4.address"], "10.99.7.1/24");
  assert.equal((await client.getNetworkState("net1")).addresses[0]?.address, "10.99.7.1");
  assert.deepEqual(
    (await client.getNetworkLeases("net1")).map(({ type }) => type),
    ["gateway"],
  );
  await client.deleteNetwork("net1");
});

test("the state of an interface that no network of ours made is told too", async () => {
  assert.equal((await shared.client.getNetworkState("lo")).type, "loopback");
});

test("an update of the server replaces its keys, a patch merges them, and a stale one is refused", async () => {
  const { client } = shared;
  const config = async () => (await client.getServer()).value.config;
  await client.updateServer({ config: { "user.owner": "ann", "user.place": "attic" } });
  assert.deepEqual(await config(), { "user.owner": "ann", "user.place": "attic" });
  const { etag } = await client.getServer();
  await client.patchServer({ config: { "user.place": "cellar", "user.rack": "4" } }, { etag });
  assert.deepEqual(await config(), { "user.owner": "ann", "user.place": "cellar", "user.rack": "4" });
  await assert.rejects(client.patchServer({ config: {} }, { etag }), { code: "PRECONDITION_FAILED" });
  await assert.rejects(client.updateServer({ config: {} }, { etag }), { code: "PRECONDITION_FAILED" });
  await assert.rejects(client.updateServer({ config: { "core.nonsense": "1" } }), {
    code: "BAD_REQUEST",
    message: /core\.nonsense/,
  });
  await client.patchServer({ config: { "user.rack": "" } });
  assert.deepEqual(await config(), { "user.owner": "ann", "user.place": "cellar" });
  await shared.daemon.stop();
  await shared.daemon.start();
  assert.deepEqual(await config(), { "user.owner": "ann", "user.place": "cellar" }, "it outlives the daemon");
  await client.updateServer({ config: {} });
  assert.deepEqual(await config(), {});
});

const buildEndless = () =>
  shared.client.createImage({ source: { type: "template", template: "endless" }, aliases: [{ name: "endless" }] });

test("what one client began another follows, with its progress, and cancels", async () => {
  const { client } = shared;
  const images = await client.listImages();
  const building = await buildEndless();
  assert.equal((await client.getOperation(building.id)).may_cancel, true);
  await using other = new Client({ endpoint: shared.daemon.socket });
  const listed = (await other.listOperations()).find(({ id }) => id === building.id);
  assert.equal(listed?.description, "Building image");
  const followed = await other.followOperation(building.id);
  assert.equal(followed.id, building.id);
  await new Promise<void>((begun, ended) => {
    const onProgress = (operation: Operation) => {
      if (progressOf(operation)?.text.includes("apt-get update")) begun();
    };
    followed.wait({ onProgress }).catch(ended);
  });
  await other.cancelOperation(building.id);
  for (const operation of [followed, building]) await assert.rejects(operation.wait(), /cancelled/);
  const { status, err } = await client.getOperation(building.id);
  assert.deepEqual([status, err], ["Cancelled", "Operation cancelled"]);
  assert.deepEqual(await client.listImages(), images);
  await assert.rejects(client.getImageAlias("endless"), isMissing);
  await assert.rejects(client.cancelOperation(building.id), { code: "BAD_REQUEST", message: /can't be cancelled/ });
});

test("a followed operation is cancelled as one's own is", async () => {
  const building = await buildEndless();
  const followed = await shared.client.followOperation(building.id);
  await followed.cancel();
  await assert.rejects(building.wait(), /cancelled/);
  assert.equal((await shared.client.getOperation(building.id)).status, "Cancelled");
});

test("an operation that may not be cancelled goes on, and the refusal says so", async () => {
  const { client } = shared;
  await make("busy");
  await start("busy");
  const session = await client.execInstance("busy", { command: ["cat"] });
  const running = (await client.listOperations()).find(
    ({ class: kind, status }) => kind === "websocket" && status === "Running",
  )!;
  assert.equal(running.may_cancel, false);
  await assert.rejects(client.cancelOperation(running.id), { code: "BAD_REQUEST", message: /can't be cancelled/ });
  assert.equal((await client.getOperation(running.id)).status, "Running");
  const followed = await client.followOperation(running.id);
  session.stdout.resume();
  session.stderr.resume();
  session.stdin.end();
  assert.equal(await session.exit, 0);
  assert.equal((await followed.wait()).metadata?.return, 0);
  await stop("busy");
  await remove("busy");
});

test("an operation that there is not is told as not found", async () => {
  const { client } = shared;
  const id = "00000000-0000-4000-8000-000000000000";
  for (const call of [client.getOperation, client.followOperation, client.cancelOperation])
    await assert.rejects(call(id), { code: "NOT_FOUND", message: "Operation not found" });
});

test("the log files that an instance lists are read one by one, and follow it to its new name", async () => {
  const { client } = shared;
  await make("talker");
  await start("talker");
  await client.execOutput("talker", { command: ["sh", "-c", "echo a word >/dev/console"] });
  await stop("talker");
  await done(client.renameInstance("talker", "speaker"));
  const names = await client.listInstanceLogs("speaker");
  assert.ok(names.includes("console.log"), names.join());
  const texts = await Promise.all(names.map((name) => client.getInstanceLog("speaker", name)));
  assert.match(texts[names.indexOf("console.log")]!, /a word/);
  await assert.rejects(client.listInstanceLogs("talker"), isMissing);
  await assert.rejects(client.getInstanceLog("speaker", "../conf"), { code: "BAD_REQUEST" });
  await remove("speaker");
});
