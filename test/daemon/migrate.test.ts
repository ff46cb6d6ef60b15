/** Migration: a server that sends an instance to itself, and other sides that are wrong, hostile, or gone. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { byBlock, byRsync, decodeHeader } from "../../daemon/platform/migration/messages";
import type { MigrationTarget, PendingOperation } from "../../sdk/index";
import { listenAt, makeIdentity, Network, trust } from "../support/https";
import { header, Migrating, never, type Started } from "../support/migration";
import { hasProgram } from "../support/netns";
import { oddImage } from "../support/odd-image";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("rsync", hasProgram("rsync"));

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  for (const driver of ["dir", "overlay"]) await client.createStoragePool({ name: driver, driver, config: {} });
  await client.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "overlay" } } });
  const file = path.join(daemon.dir, "odd.tar");
  writeFileSync(file, await oddImage());
  await (await client.createImageFromFile(file)).wait();
  const config = { "user.note": "yes", "user.bothy.stamp": "mine" };
  const source = { type: "image", properties: { os: "odd" } };
  await (await client.createInstance({ name: "web", source, config, description: "to keep" })).wait();
  await (await client.createSnapshot("web", { name: "s0", expires_at: "2031-01-01T00:00:00Z" })).wait();
  await inside("web", "echo one > /root/file; chown 5:6 /root/file; rm /odd/far");
  await (await client.createSnapshot("web", { name: "snap:1" })).wait();
  await inside("web", "echo two > /root/file");
  await listenAt(daemon);
});

/** Runs a script in an instance that runs for it. */
async function inside(name: string, script: string): Promise<string> {
  const { client } = shared;
  await (await client.setInstanceState(name, { action: "start" })).wait();
  const { stdout } = await client.execOutput(name, { command: ["sh", "-c", script] });
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
  return String(stdout);
}

const gone = async (...names: string[]) => {
  for (const name of names) await (await shared.client.deleteInstance(name)).wait();
};

const { start, errorOf, join, left, sendFolder } = new Migrating(shared);

const certificate = () => readFileSync(path.join(shared.daemon.dir, "server.crt"), "utf8");
const urlOf = ({ id }: Started) => `https://127.0.0.1:8443/1.0/operations/${id}`;

const pulling = (from: Started, more: object = {}) => ({
  type: "migration",
  mode: "pull",
  operation: urlOf(from),
  certificate: certificate(),
  secrets: from.secrets,
  ...more,
});

/** Copies an instance from this server to this server, as if those were two. */
async function copy(from: string, name: string, post: object = {}, sourcePost: object = {}, sourceMore: object = {}) {
  const source = await start(from, { migration: true, ...sourcePost });
  const sink = await start("/1.0/instances", { name, ...post, source: pulling(source, sourceMore) });
  assert.deepEqual([await errorOf(sink), await errorOf(source)], ["", ""]);
}

async function nothingOf(name: string): Promise<void> {
  const { client, daemon } = shared;
  assert.equal((await shared.send("GET", `/1.0/instances/${name}`)).status, 404);
  for (const pool of ["dir", "overlay"])
    assert.ok(!readdirSync(path.join(daemon.dir, "storage-pools", pool, "containers")).includes(name));
  assert.deepEqual(left(), []);
  // Its name is free, and nobody holds a lock of it.
  await (await client.createInstance({ name, source: { type: "none" } })).wait();
  await gone(name);
}

test("a copy has all that the source had: files, owners, attributes, settings, templates and snapshots", {
  skip,
}, async () => {
  const { client } = shared;
  const { value: was } = await client.getInstance("web");
  const { config, devices, description, profiles } = was;
  for (const pool of ["dir", "overlay"]) {
    const root = { root: { type: "disk", path: "/", pool } };
    const base = { "base-image": config["volatile.base_image"] };
    await copy(
      "/1.0/instances/web",
      "copy",
      { config, devices: { ...devices, ...root }, description, profiles },
      {},
      base,
    );
    const { value: is } = await client.getInstance("copy");
    for (const key of ["description", "profiles", "architecture", "ephemeral"] as const)
      assert.deepEqual(is[key], was[key], key);
    assert.equal(is.config["user.note"], "yes");
    assert.equal(is.config["user.bothy.stamp"], undefined, "a stamp belongs to one object");
    assert.notEqual(is.config["volatile.uuid"], was.config["volatile.uuid"]);
    const about = async (name: string) =>
      (await client.listSnapshots(name)).map((one) => [
        one.name,
        one.expires_at.slice(0, 19),
        one.created_at.slice(0, 19),
      ]);
    assert.deepEqual(await about("copy"), await about("web"));
    const see =
      "cat /root/file; cd /odd; stat -c '%n %F %a %u:%g' * | sort; readlink link; getfattr -d noted; getcap capable; hostname";
    assert.equal((await inside("copy", see)).replace("copy\n", ""), (await inside("web", see)).replace("web\n", ""));
    await (await client.restoreSnapshot("copy", "snap:1")).wait();
    assert.equal(await inside("copy", "cat /root/file; ls /odd/far 2>/dev/null"), "one\n");
    await (await client.restoreSnapshot("copy", "s0")).wait();
    assert.equal(await inside("copy", "cat /root/file 2>/dev/null; stat -c %u:%g /odd/far"), "65533:65532\n");
    await gone("copy");
    assert.deepEqual(left(), []);
  }
});

test("a snapshot is copied as an instance, and with instance_only none come along", { skip }, async () => {
  const { client } = shared;
  await copy("/1.0/instances/web/snapshots/snap:1", "copy", {}, { name: "" });
  assert.equal(await inside("copy", "cat /root/file"), "one\n");
  assert.deepEqual(await client.listSnapshots("copy"), []);
  await gone("copy");
  await copy("/1.0/instances/web", "copy", {}, { instance_only: true }, { instance_only: true });
  assert.deepEqual(await client.listSnapshots("copy"), []);
  assert.equal(await inside("copy", "cat /root/file"), "two\n");
  await gone("copy");
});

test("a source that pushes connects to the target's operation", { skip }, async () => {
  const { client } = shared;
  const push = async (send: (target: MigrationTarget) => Promise<PendingOperation>, content: string) => {
    const sink = await start("/1.0/instances", { name: "copy", source: { type: "migration", mode: "push" } });
    const sent = await send({ operation: urlOf(sink), certificate: certificate(), secrets: sink.secrets });
    await sent.wait();
    assert.equal(await errorOf(sink), "");
    assert.equal(await inside("copy", "cat /root/file"), content);
    await gone("copy");
  };
  await push((target) => client.migrateInstance("web", { target }), "two\n");
  await push((target) => client.migrateSnapshot("web", "snap:1", { target }), "one\n");
});

test("a refresh brings root and snapshots to what the source's are now, and what the source has no more goes", {
  skip,
}, async () => {
  const { client } = shared;
  await copy("/1.0/instances/web", "copy");
  await inside("copy", "echo own > /root/own; echo mine > /root/file");
  await (await client.createSnapshot("copy", { name: "own" })).wait();
  await (await client.deleteSnapshot("copy", "s0")).wait();
  await copy("/1.0/instances/web", "copy", {}, {}, { refresh: true });
  assert.deepEqual((await client.listSnapshots("copy")).map(({ name }) => name).sort(), ["s0", "snap:1"]);
  assert.equal(await inside("copy", "cat /root/file; ls /root"), "two\nfile\n");
  // A running one is refused, and left as it is.
  await (await client.setInstanceState("copy", { action: "start" })).wait();
  const source = await start("/1.0/instances/web", { migration: true });
  const body = { name: "copy", source: pulling(source, { refresh: true }) };
  await shared.refuses("POST", "/1.0/instances", body, 400, /Instance is running/);
  await shared.send("DELETE", `/1.0/operations/${source.id}`);
  await (await client.setInstanceState("copy", { action: "stop", force: true })).wait();
  await gone("copy");
});

test("a running instance is sent as it is at that moment, and goes on; a live migration is refused as LXD refuses it", {
  skip,
}, async () => {
  const { client } = shared;
  await (await client.setInstanceState("web", { action: "start" })).wait();
  await copy("/1.0/instances/web", "copy");
  assert.equal((await client.getInstance("web")).value.status, "Running");
  await shared.refuses(
    "POST",
    "/1.0/instances/web",
    { migration: true, live: true },
    400,
    /CRIU isn't installed on the source server/,
  );
  await (await client.setInstanceState("web", { action: "stop", force: true })).wait();
  const live = { name: "b", source: { type: "migration", mode: "push", live: true } };
  await shared.refuses("POST", "/1.0/instances", live, 400, /CRIU isn't installed on the destination server/);
  await gone("copy");
});

test("what a request says of the other server is judged before anything is made", { skip }, async () => {
  const far = {
    type: "migration",
    mode: "pull",
    operation: "https://127.0.0.1:8443/1.0/operations/8a2f1b8e-0000-4000-8000-000000000000",
    secrets: { control: "a", fs: "b" },
  };
  const cases: readonly [source: object, message: RegExp][] = [
    [{ ...far, mode: "sideways" }, /Mode "sideways" not implemented/],
    [
      { ...far, operation: "http://127.0.0.1/1.0/operations/8a2f1b8e-0000-4000-8000-000000000000" },
      /is no operation of a server/,
    ],
    [{ ...far, operation: "https://127.0.0.1:8443/1.0/../admin" }, /is no operation of a server/],
    [{ ...far, operation: "" }, /is no operation of a server/],
    [{ ...far, certificate: "none" }, /the certificate of the other server is none/],
    [{ ...far, secrets: { control: "a" } }, /Missing fs secret/],
    [{ ...far, secrets: null }, /Missing control secret/],
  ];
  for (const [source, message] of cases)
    await shared.refuses("POST", "/1.0/instances", { name: "b", source }, 400, message);
  // Nobody else's server learns the secrets.
  const { cert } = makeIdentity("another server");
  const wrong = await start("/1.0/instances", { name: "b", source: { ...far, certificate: cert } });
  assert.match(await errorOf(wrong), /its certificate is not the one that was given/);
  const unknown = await start("/1.0/instances", { name: "b", source: { ...far, certificate: certificate() } });
  assert.match(
    await errorOf(unknown),
    /Cannot connect to the other server at "https:\/\/127.0.0.1:8443": it answers 404/,
  );
  await nothingOf("b");
});

test("a secret opens one websocket, once; who leaves ends the operation and holds no lock", { skip }, async () => {
  const { client } = shared;
  const source = await start("/1.0/instances/web", { migration: true });
  await assert.rejects(join({ ...source, secrets: { control: "wrong" } }, "control"), /403/);
  const control = await join(source, "control");
  await assert.rejects(join(source, "control"), /400/);
  // The instance is free while nobody is there.
  await client.patchInstance("web", { config: { "user.free": "1" } });
  const fs = await join(source, "fs");
  const offer = decodeHeader((await control.next(never)).data);
  assert.deepEqual([offer.snapshotNames, offer.fs, offer.idmap], [["s0", "snap:1"], byRsync, []]);
  assert.equal(offer.snapshots[0]?.localConfig["user.note"], "yes");
  control.close();
  fs.close();
  assert.match(await errorOf(source), /connection to the other server of the migration was lost/);
  await client.patchInstance("web", { config: { "user.free": "2" } });
  assert.deepEqual(left(), []);
});

test("a migration in the middle can be cancelled, and a crash of the daemon leaves nothing of it", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  const begin = async () => {
    const sink = await start("/1.0/instances", { name: "b", source: { type: "migration", mode: "push" } });
    const control = await join(sink, "control");
    const fs = await join(sink, "fs");
    await control.send(header(), never);
    await control.next(never);
    // The root is there, and rsync waits for what comes.
    await fs.next(never);
    return sink;
  };
  const cancelled = await begin();
  assert.equal((await shared.send("DELETE", `/1.0/operations/${cancelled.id}`)).status, 200);
  assert.match(await errorOf(cancelled), /cancelled/);
  await nothingOf("b");
  await begin();
  // A source that runs is sent as a copy, which goes as well.
  await (await client.setInstanceState("web", { action: "start" })).wait();
  const source = await start("/1.0/instances/web", { migration: true, instance_only: true });
  const [control, fs] = [await join(source, "control"), await join(source, "fs")];
  decodeHeader((await control.next(never)).data);
  await control.send(header(), never);
  await fs.next(never);
  const copies = () => readdirSync(path.join(daemon.dir, "storage-pools", "overlay", "containers-snapshots", "web"));
  assert.equal(copies().length, 3);
  await daemon.kill();
  await daemon.start();
  assert.deepEqual(copies().sort(), ["s0", "snap%3A1"]);
  await nothingOf("b");
  await (await client.setInstanceState("web", { action: "stop", force: true })).wait();
});

test("a volume that does not come to be leaves nothing, and a refresh that fails the volume as it was", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  const volumes = "/1.0/storage-pools/dir/volumes/custom";
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-volume-"));
  try {
    writeFileSync(path.join(folder, "file"), "came");
    const push = (more: object = {}) =>
      start(volumes, { name: "vol", source: { type: "migration", mode: "push", ...more } });
    const lost = async (more: object) => {
      const sink = await push(more);
      const control = await join(sink, "control");
      const fs = await join(sink, "fs");
      await control.send(header(), never);
      await control.next(never);
      await fs.next(never);
      fs.close();
      assert.match(await errorOf(sink), /lost/);
      assert.deepEqual(left(), []);
    };
    await lost({});
    assert.equal((await shared.send("GET", `${volumes}/vol`)).status, 404);
    assert.deepEqual(readdirSync(path.join(daemon.dir, "storage-pools", "dir", "custom")), []);
    const whole = await push();
    await sendFolder(whole, folder);
    assert.equal(await errorOf(whole), "");
    const file = path.join(daemon.dir, "storage-pools", "dir", "custom", "default_vol", "rootfs", "file");
    assert.equal(readFileSync(file, "utf8"), "came");
    await lost({ refresh: true });
    assert.equal(readFileSync(file, "utf8"), "came");
    assert.deepEqual(await client.listStorageVolumeSnapshots("dir", "vol"), []);
    // A disk has as many bytes as it shall have, or it does not come.
    const disk = await start(volumes, {
      name: "disk",
      content_type: "block",
      config: { size: "1MiB" },
      source: { type: "migration", mode: "push" },
    });
    const control = await join(disk, "control");
    const fs = await join(disk, "fs");
    await control.send(header({ fs: byBlock }), never);
    assert.equal(decodeHeader((await control.next(never)).data).fs, byBlock);
    for (let at = 0; at < 5; at += 1) await fs.send(Buffer.alloc(256 * 1024, "x"), never);
    assert.match(await errorOf(disk), /sends more than its "size" \(1048576 bytes\)/);
    const files = await start(volumes, { name: "disk", source: { type: "migration", mode: "push" } });
    await (await join(files, "control")).send(header({ fs: byBlock }), never);
    await join(files, "fs");
    assert.match(await errorOf(files), /the other server sends the bytes of a disk/);
    assert.equal((await shared.send("GET", `${volumes}/disk`)).status, 404);
    // To itself, by a source that connects.
    const sink = await start(volumes, { name: "copy", source: { type: "migration", mode: "push" } });
    const target = { operation: urlOf(sink), certificate: certificate(), secrets: sink.secrets };
    await (await client.migrateStorageVolume("dir", "vol", { target })).wait();
    assert.equal(await errorOf(sink), "");
    for (const name of ["vol", "copy"]) await client.deleteStorageVolume("dir", name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a restricted client copies within its project alone", { skip }, async () => {
  const { client, daemon } = shared;
  await client.createProject({ name: "lab", config: { "features.images": "false" } });
  const lab = makeIdentity("lab");
  await trust(daemon, lab, { restricted: true, projects: ["lab"] });
  await using network = await Network.to(daemon);
  const ask = (url: string, body: object) => network.send(lab, "POST", url, body);
  assert.equal((await ask("/1.0/instances/web", { migration: true })).status, 403);
  assert.equal((await ask("/1.0/instances/web?project=lab", { migration: true })).status, 404);
  assert.equal((await ask("/1.0/instances", { name: "b", source: { type: "migration", mode: "push" } })).status, 403);
  await await client.deleteProject("lab");
});
