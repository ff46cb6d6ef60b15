/** Migration: other sides that are hostile, or gone. Nothing of what they do stays, and nobody waits for them. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { decodeVerdict } from "../../daemon/platform/migration/messages";
import { header, Migrating, never, type Started, snapshotMessage } from "../support/migration";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("rsync", hasProgram("rsync"));

const shared = shareDaemon({}, async ({ client }) => {
  for (const driver of ["dir", "overlay"]) await client.createStoragePool({ name: driver, driver, config: {} });
  await client.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "dir" } } });
  await (await client.createInstance({ name: "large", source: { type: "none" } })).wait();
});

const { start, push, errorOf, join, socket, left, sendFolder } = new Migrating(shared);

const gone = async (name: string) => (await shared.client.deleteInstance(name)).wait();

/** Processes that work for a migration of this daemon. */
const working = () =>
  readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path.join(shared.daemon.dir, "tmp", "migrate-"));
    } catch {
      return false;
    }
  });

const descriptors = () => readdirSync(`/proc/${shared.daemon.pid}/fd`).length;

async function nothingOf(name: string): Promise<void> {
  const { client, daemon } = shared;
  assert.equal((await shared.send("GET", `/1.0/instances/${name}`)).status, 404);
  assert.ok(!readdirSync(path.join(daemon.dir, "storage-pools", "dir", "containers")).includes(name));
  assert.deepEqual([left(), working()], [[], []]);
  // Its name is free, and nobody holds a lock of it.
  await (await client.createInstance({ name, source: { type: "none" } })).wait();
  await gone(name);
}

test("what a hostile server sends stays in the root, or fails and leaves nothing", { skip }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-hostile-"));

  try {
    symlinkSync("/etc", path.join(folder, "rootfs"));
    const linked = await push("b");
    await sendFolder(linked, folder);
    assert.match(await errorOf(linked), /Cannot copy the files between the servers/);
    await nothingOf("b");
    rmSync(path.join(folder, "rootfs"));
    mkdirSync(path.join(folder, "rootfs", "etc"), { recursive: true });
    symlinkSync("/etc/passwd", path.join(folder, "metadata.yaml"));
    symlinkSync("/etc", path.join(folder, "templates"));
    symlinkSync("/etc/shadow", path.join(folder, "rootfs", "etc", "link"));
    // Ids of a range of the other server's are the container's own here.
    const range = { hostid: 300_000, nsid: 0, maprange: 65_536 };
    const idmap = [
      { ...range, isuid: true, isgid: false },
      { ...range, isuid: false, isgid: true },
    ];
    writeFileSync(path.join(folder, "rootfs", "etc", "own"), "x");
    spawn("chown", ["-R", "300005:300006", path.join(folder, "rootfs")]);
    await until(async () => readdirSync(folder).length === 3);
    const shifted = await push("b");
    await sendFolder(shifted, folder, header({ idmap }));
    assert.equal(await errorOf(shifted), "");
    const { text } = await shared.send("GET", "/1.0/instances/b/metadata");
    assert.doesNotMatch(text, /root:x/);
    const own = await shared.send("GET", "/1.0/instances/b/files?path=/etc/own");
    assert.deepEqual([own.headers["x-lxd-uid"], own.headers["x-lxd-gid"]], ["5", "6"]);
    await gone("b");
    // What lies beside the root has no size of its own, and shall not fill the host's disk.
    writeFileSync(path.join(folder, "large"), Buffer.alloc(66 * 1024 * 1024, "noise"));
    const large = await push("b");
    await sendFolder(large, folder);
    assert.match(await errorOf(large), /beside the root is larger than 64 MiB/);
    rmSync(path.join(folder, "large"));
    // Nor use up its inodes.
    mkdirSync(path.join(folder, "many"));
    execFileSync("sh", ["-c", "seq 4100 | xargs touch"], { cwd: path.join(folder, "many") });
    const many = await push("b");
    await sendFolder(many, folder);
    assert.match(await errorOf(many), /beside the root has more than 4000 files/);
    await nothingOf("b");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("headers that are none, or that lie, are refused and leave nothing", { skip }, async () => {
  const snapshot = snapshotMessage("s");
  const cases: readonly [Buffer, RegExp][] = [
    [Buffer.from("no header at all"), /no message of a migration|Cannot take what the other server offers/],
    [header({ snapshotNames: ["s", "s"], snapshots: [snapshot, snapshot] }), /list of snapshots is not right/],
    [header({ snapshotNames: ["s"] }), /list of snapshots is not right/],
    [header({ snapshotNames: ["../x"], snapshots: [snapshotMessage("../x")] }), /snapshot "..\/x" of the other server/],
    [Buffer.alloc(4 * 1024 * 1024, Buffer.from([0x2a, 0])), /more than 200000 values/],
    [header({ rsyncFeatures: undefined }), /older than LXD 3.8/],
  ];
  for (const [bytes, message] of cases) {
    const sink = await push("b");
    const control = await join(sink, "control");
    await join(sink, "fs");
    await control.send(bytes, never);
    assert.match(await errorOf(sink), message);
    assert.match(decodeVerdict((await control.next(never)).data).message, message);
  }
  // A message of two gigabytes, of which not a byte is waited for.
  const sink = await push("b");
  const [control, raw] = [await join(sink, "control"), connect(shared.daemon.socket)];
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
  raw.write(
    `GET /1.0/operations/${sink.id}/websocket?secret=${sink.secrets.fs} HTTP/1.1\r\nHost: bothy\r\n${upgrade}\r\n\r\n`,
  );
  await once(raw, "data");
  await control.send(header(), never);
  await control.next(never);
  raw.write(Buffer.from("82ff000000008000000001020304", "hex"));
  assert.match(await errorOf(sink), /connection to the other server of the migration was lost/);
  raw.destroy();
  control.close();
  await nothingOf("b");
});

test("one that takes nothing can be left, and the instance is free then", { skip }, async () => {
  const file = path.join(shared.daemon.dir, "storage-pools", "dir", "containers", "large", "rootfs", "noise");
  writeFileSync(file, randomBytes(16 * 1024 * 1024));
  const before = descriptors();
  const source = await start("/1.0/instances/large", { migration: true });
  const [control, fs] = [await join(source, "control"), await socket(source, "fs")];
  await control.next(never);
  await control.send(header(), never);
  await until(async () => working().length > 0);
  // Nothing is read of what it sends, so that it stands still in the middle of the file.
  const cancelled = await shared.send("DELETE", `/1.0/operations/${source.id}`);
  assert.equal(cancelled.status, 200);
  assert.match(await errorOf(source), /cancelled/);
  assert.deepEqual([left(), working()], [[], []]);
  await shared.client.patchInstance("large", { config: { "user.free": "1" } });
  control.close();
  fs.terminate();
  await until(async () => descriptors() <= before);
});

test("so many copies go at once, and the others of a project wait for their turn and say so", { skip }, async () => {
  const waiting = async () => {
    const sink = await push(`turn${Math.random().toString(36).slice(2)}`);
    const [control, fs] = [await join(sink, "control"), await join(sink, "fs")];
    await control.send(header(), never);
    return { sink, control, fs };
  };
  const told = async ({ id }: Started) => {
    const { json } = await shared.send("GET", `/1.0/operations/${id}`);
    return (json.metadata as { metadata: { fs_progress?: string } }).metadata.fs_progress;
  };
  const first = [];
  for (let at = 0; at < 4; at += 1) {
    const one = await waiting();
    await one.control.next(never);
    first.push(one);
  }
  const [fifth, sixth] = [await waiting(), await waiting()];
  await until(async () => /^Waits for its turn: 4 other copies/.test((await told(sixth.sink)) ?? ""));
  await assert.rejects(fifth.control.next(never, 300), /says nothing any more/);
  // One that waits can be left, and the next one has its turn.
  await shared.send("DELETE", `/1.0/operations/${sixth.sink.id}`);
  assert.match(await errorOf(sixth.sink), /cancelled/);
  await shared.send("DELETE", `/1.0/operations/${first[0]?.sink.id}`);
  await fifth.control.next(never);
  assert.equal(await told(fifth.sink), "Begins");
  for (const { sink } of [...first, fifth]) await shared.send("DELETE", `/1.0/operations/${sink.id}`);
  for (const { sink } of [...first, fifth]) assert.match(await errorOf(sink), /cancelled/);
  for (const { control, fs } of [...first, fifth, sixth]) for (const channel of [control, fs]) channel.close();
  assert.deepEqual([left(), working()], [[], []]);
});

/** A refresh whose source leaves before it has sent anything, or says something wrong. */
async function failedRefresh(offer: Buffer, message: RegExp): Promise<void> {
  const sink = await push("kept", { refresh: true });
  const [control, fs] = [await join(sink, "control"), await join(sink, "fs")];
  await control.send(offer, never);
  await control.next(never);
  for (const channel of [control, fs]) channel.close();
  assert.match(await errorOf(sink), message);
}

test("a refresh that fails takes no snapshot away", { skip }, async () => {
  const { client } = shared;
  await (await client.createInstance({ name: "kept", source: { type: "none" } })).wait();
  await (await client.createSnapshot("kept", { name: "own" })).wait();
  await failedRefresh(header({ snapshotNames: ["a/b"], snapshots: [snapshotMessage("a/b")] }), /it is no name/);
  await failedRefresh(header({ snapshotNames: ["new"], snapshots: [snapshotMessage("new")] }), /lost/);
  const text = '[{"Isuid":true,"Isgid":true,"Hostid":5,"Nsid":7,"Maprange":1}]';
  const odd = snapshotMessage("new", { localConfig: { "volatile.last_state.idmap": text } });
  await failedRefresh(header({ snapshotNames: ["new"], snapshots: [odd] }), /more than one range/);
  assert.deepEqual(
    (await client.listSnapshots("kept")).map(({ name }) => name),
    ["own"],
  );
  assert.deepEqual([left(), working()], [[], []]);
  await gone("kept");
});

test("device nodes of a source are left out of an unprivileged container, and told", { skip }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-nodes-"));
  const dev = path.join(folder, "rootfs", "dev");
  const warnings = async ({ id }: Started) => {
    const { json } = await shared.send("GET", `/1.0/operations/${id}`);
    return (json.metadata as { metadata: { warnings?: string[] } }).metadata.warnings ?? [];
  };
  try {
    mkdirSync(dev, { recursive: true });
    for (const [name, kind, major, minor] of [
      ["console", "c", "5", "1"],
      ["null", "c", "1", "3"],
      ["sda", "b", "8", "0"],
      ["zero", "c", "1", "5"],
    ] as const)
      execFileSync("mknod", [path.join(dev, name), kind, major, minor]);
    execFileSync("mkfifo", [path.join(dev, "pipe")]);
    const ids = { hostid: 300_000, nsid: 0, maprange: 65_536 };
    const idmap = [
      { ...ids, isuid: true, isgid: false },
      { ...ids, isuid: false, isgid: true },
    ];
    for (const [pool, offer] of [
      ["dir", header()],
      ["overlay", header({ idmap })],
    ] as const) {
      const sink = await push("b", {}, { devices: { root: { type: "disk", path: "/", pool } } });
      if (pool === "overlay") execFileSync("chown", ["-R", "300000:300000", path.join(folder, "rootfs")]);
      await sendFolder(sink, folder, offer);
      assert.equal(await errorOf(sink), "");
      assert.deepEqual(await warnings(sink), [
        "4 device nodes left out: an unprivileged container cannot have any (dev/console, dev/null, dev/sda, ...).",
      ]);
      const { json } = await shared.send("GET", "/1.0/instances/b/files?path=/dev");
      assert.deepEqual(json.metadata, ["pipe"]);
      await gone("b");
    }
    // A privileged one may have them.
    execFileSync("chown", ["-R", "0:0", path.join(folder, "rootfs")]);
    const sink = await push("b", {}, { config: { "security.privileged": "true" } });
    await sendFolder(sink, folder);
    assert.deepEqual([await errorOf(sink), await warnings(sink)], ["", []]);
    const own = path.join(shared.daemon.dir, "storage-pools", "dir", "containers", "b", "rootfs", "dev", "null");
    assert.equal(lstatSync(own).rdev, lstatSync(path.join(dev, "null")).rdev);
    await gone("b");
    assert.deepEqual([left(), working()], [[], []]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("settings of a snapshot that no instance can have are refused when somebody goes back to them", {
  skip,
}, async () => {
  const { client } = shared;
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-odd-"));
  const restricted = { restricted: "true", "features.images": "false", "features.profiles": "false" };
  await client.createProject({ name: "lab", config: restricted });
  try {
    mkdirSync(path.join(folder, "rootfs"));
    const snapshots = [
      snapshotMessage("value", { localConfig: { "limits.memory": "plenty" } }),
      snapshotMessage("device", { localDevices: [{ name: "x", config: { type: "no such type" } }] }),
      snapshotMessage("profile", { profiles: ["no such profile"] }),
      snapshotMessage("forbidden", { localConfig: { "security.privileged": "yes" } }),
    ];
    const offer = header({ snapshotNames: snapshots.map(({ name }) => name), snapshots });
    for (const project of ["default", "lab"]) {
      const sink = await start(`/1.0/instances?project=${project}`, {
        name: "b",
        source: { type: "migration", mode: "push" },
      });
      await sendFolder(sink, folder, offer, [], snapshots.length + 1);
      assert.equal(await errorOf(sink), "");
    }
    const refuses = async (restore: string, message: RegExp) => {
      assert.equal((await shared.outcome("PUT", "/1.0/instances/b", { restore })).error, "");
      const told = await shared.outcome("PUT", "/1.0/instances/b/state", { action: "start" });
      assert.match(told.error, message);
    };
    await refuses("value", /Invalid value for "limits.memory"/);
    await refuses("device", /Unsupported device type "no such type"/);
    await refuses("profile", /Requested profile "no such profile" doesn't exist/);
    const told = await shared.outcome("PUT", "/1.0/instances/b?project=lab", { restore: "forbidden" });
    assert.match(told.error, /Privileged containers are forbidden/);
    const copied = await shared.outcome("POST", "/1.0/instances?project=lab", {
      name: "c",
      source: { type: "copy", source: "b/forbidden" },
    });
    assert.match(copied.error, /Privileged containers are forbidden/);
    for (const project of ["default", "lab"])
      assert.equal((await shared.outcome("DELETE", `/1.0/instances/b?project=${project}`)).error, "");
  } finally {
    await client.deleteProject("lab");
    rmSync(folder, { recursive: true, force: true });
  }
});
