/** Backups: what goes into a file comes out of it as an instance, and nothing is left of one that does not come to be. */
import assert from "node:assert/strict";
import { createWriteStream, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { Client } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { onFileSystem } from "../support/file-system";
import { listed, oddImage } from "../support/odd-image";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";
import { type Entry, tarball } from "./image-scene";

const skip = requireFeature("root", process.getuid?.() === 0);

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  for (const driver of ["dir", "overlay"]) await client.createStoragePool({ name: driver, driver, config: {} });
  await client.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "overlay" } } });
  await client.createProfile({ name: "small", config: { "limits.processes": "200" } });
  const file = path.join(daemon.dir, "odd.tar");
  writeFileSync(file, await oddImage());
  await (await client.createImageFromFile(file)).wait();
  for (const [name, pool] of [
    ["plain", "dir"],
    ["busy", "overlay"],
  ] as const) {
    const devices = { root: { type: "disk", path: "/", pool } };
    const source = { type: "image", properties: { os: "odd" } };
    const config = { "user.note": "yes", "environment.A": "b: c" };
    const profiles = ["default", "small"];
    await (await client.createInstance({ name, devices, source, profiles, config, description: "to keep" })).wait();
    await (await client.createSnapshot(name, { name: "s0", expires_at: "2031-01-01T00:00:00Z" })).wait();
    await (await client.setInstanceState(name, { action: "start" })).wait();
    await inside(name, "echo one > /root/file; chown 5:6 /root/file; rm /odd/far");
    await (await client.createSnapshot(name, { name: "snap:1" })).wait();
    await inside(name, "echo two > /root/file");
  }
  await (await client.setInstanceState("plain", { action: "stop", force: true })).wait();
});

async function inside(name: string, script: string): Promise<string> {
  return String((await shared.client.execOutput(name, { command: ["sh", "-c", script] })).stdout);
}

const files = (daemon: TestDaemon) =>
  readdirSync(path.join(daemon.dir, "backups"), { recursive: true, encoding: "utf8" })
    .filter((name) => name !== "instances" && name !== "custom")
    .sort();

/** Makes a backup and takes its file out. */
async function exported(instance: string, post: object = {}): Promise<string> {
  const { client, daemon } = shared;
  const operation = await client.createBackup(instance, { name: "out", compression_algorithm: "none", ...post });
  await operation.wait();
  const file = path.join(daemon.dir, `${instance}.backup`);
  await pipeline(await client.exportBackup(instance, "out"), createWriteStream(file));
  await (await client.deleteBackup(instance, "out")).wait();
  return file;
}

const gone = async (...names: string[]) => {
  for (const name of names) await (await shared.client.deleteInstance(name, { force: true })).wait();
};

for (const [instance, pool] of [
  ["plain", "overlay"],
  ["busy", "dir"],
] as const)
  test(`a backup of "${instance}" becomes an instance in the pool ${pool} with all that it had, snapshots too`, {
    skip,
  }, async () => {
    const { client, daemon } = shared;
    const file = await exported(instance);
    await (await client.importBackup(file, { name: "copy", pool })).wait();
    const { value: was } = await client.getInstance(instance);
    const { value: is } = await client.getInstance("copy");
    for (const key of ["description", "profiles", "architecture", "created_at", "ephemeral"] as const)
      assert.deepEqual(is[key], was[key], key);
    assert.deepEqual([is.config["user.note"], is.config["environment.A"]], ["yes", "b: c"]);
    assert.notEqual(is.config["volatile.uuid"], was.config["volatile.uuid"], "the other one is still here");
    assert.notEqual(is.config["volatile.idmap.base"], was.config["volatile.idmap.base"]);
    assert.equal(is.devices.root?.pool, pool);
    const snapshots = await client.listSnapshots("copy");
    assert.deepEqual(
      snapshots.map(({ name, expires_at, created_at }) => [name, expires_at, created_at]),
      (await client.listSnapshots(instance)).map(({ name, expires_at, created_at }) => [name, expires_at, created_at]),
    );
    await (await client.setInstanceState("copy", { action: "start" })).wait();
    assert.equal(
      await inside("copy", "cat /root/file; stat -c %u:%g /root/file; ls /odd/far 2>&1 | wc -l"),
      "two\n5:6\n1\n",
    );
    assert.match(await inside("copy", "cat /odd/far 2>&1 || true"), /No such file/);
    await (await client.restoreSnapshot("copy", "snap:1")).wait();
    assert.equal(await inside("copy", "cat /root/file"), "one\n");
    await (await client.restoreSnapshot("copy", "s0")).wait();
    assert.equal(
      await inside("copy", "cat /root/file 2>/dev/null; stat -c '%a %u:%g' /odd/setuid /odd/far"),
      "4711 12:34\n644 65533:65532\n",
    );
    await gone("copy");
    // The archive holds what the image did, in each of its parts.
    const noTimes = (lines: string[]) => lines.filter((line) => line.includes('"odd/') && !/far|hole/.test(line));
    const original = noTimes(listed(path.join(daemon.dir, "odd.tar"), "rootfs"));
    assert.deepEqual(noTimes(listed(file, "backup/snapshots/s0/rootfs")), original);
    assert.deepEqual(noTimes(listed(file, "backup/container/rootfs")), original);
  });

test("a backup made of what a backup gave is the same again", { skip }, async () => {
  const { client } = shared;
  const first = await exported("plain", { instance_only: true });
  await (await client.importBackup(first, { name: "again", pool: "dir" })).wait();
  assert.deepEqual(await client.listSnapshots("again"), []);
  const second = await exported("again");
  assert.deepEqual(listed(second, "backup/container/rootfs"), listed(first, "backup/container/rootfs"));
  await gone("again");
});

test("device nodes of a privileged container come through images and backups", { skip }, async () => {
  const { client } = shared;
  const config = { "security.privileged": "true" };
  const source = { type: "image", properties: { os: "odd" } };
  await (await client.createInstance({ name: "strong", source, config })).wait();
  await (await client.setInstanceState("strong", { action: "start" })).wait();
  await inside("strong", "mknod /root/null c 1 3");
  await (await client.setInstanceState("strong", { action: "stop", force: true })).wait();
  const file = await exported("strong");
  const { metadata } = await (await client.createImage({ source: { type: "instance", name: "strong" } })).wait();
  const fingerprint = String(metadata?.fingerprint);
  await gone("strong");
  await (await client.importBackup(file)).wait();
  await (await client.createInstance({ name: "twin", source: { type: "image", fingerprint }, config })).wait();
  const weak = await client.createInstance({ name: "weak", source: { type: "image", fingerprint } });
  assert.match(JSON.stringify((await weak.wait()).metadata), /1 device node of the image left out/);
  for (const name of ["strong", "twin", "weak"])
    await (await client.setInstanceState(name, { action: "start" })).wait();
  for (const name of ["strong", "twin"])
    assert.equal(await inside(name, "stat -c %F:%t:%T /root/null"), "character special file:1:3\n");
  assert.equal(await inside("weak", "ls /root/null 2>/dev/null | wc -l"), "0\n");
  await gone("strong", "twin", "weak");
  await (await client.deleteImage(fingerprint)).wait();
});

test("backups are listed, shown, renamed, exported and deleted, with LXD's names and words", { skip }, async () => {
  const { client, daemon } = shared;
  const operation = await client.createBackup("plain", {});
  assert.deepEqual(operation.latest.resources?.backups, ["/1.0/backups/backup0"]);
  await operation.wait();
  await (
    await client.createBackup("plain", {
      instance_only: true,
      compression_algorithm: "zstd -1",
      expires_at: "2031-01-01T00:00:00Z",
    })
  ).wait();
  const list = await client.listBackups("plain");
  assert.deepEqual(
    list.map(({ created_at: _, ...rest }) => rest),
    [
      {
        name: "backup0",
        expires_at: "0001-01-01T00:00:00Z",
        instance_only: false,
        container_only: false,
        optimized_storage: false,
      },
      {
        name: "backup1",
        expires_at: "2031-01-01T00:00:00Z",
        instance_only: true,
        container_only: true,
        optimized_storage: false,
      },
    ],
  );
  const full = await shared.send("GET", "/1.0/instances/plain?recursion=1");
  assert.deepEqual((full.json.metadata as { backups: unknown }).backups, list);
  const told = await shared.send("GET", "/1.0/instances/plain/backups/backup0/export");
  assert.equal(told.headers["content-type"], "application/octet-stream");
  assert.equal(told.headers["content-disposition"], "inline;filename=");
  await (await client.renameBackup("plain", "backup0", "a b")).wait();
  assert.deepEqual(files(daemon), ["instances/plain", "instances/plain/a b", "instances/plain/backup1"]);
  assert.equal((await client.getBackup("plain", "a b")).value.name, "a b");
  const magic = readFileSync(path.join(daemon.dir, "backups/instances/plain/a b")).subarray(0, 2).toString("hex");
  assert.equal(magic, "1f8b", "gzip is the default");
  await (await client.renameInstance("plain", "moved")).wait();
  assert.deepEqual(files(daemon), ["instances/moved", "instances/moved/a b", "instances/moved/backup1"]);
  await (await client.renameInstance("moved", "plain")).wait();
  await shared.refusesAtOnce(
    "POST",
    "/1.0/instances/plain/backups",
    { name: "a b" },
    409,
    /Backup "plain\/a b" already exists/,
  );
  await shared.refusesAtOnce(
    "POST",
    "/1.0/instances/plain/backups",
    { name: "a/b" },
    400,
    /Backup names may not contain slashes/,
  );
  await shared.refusesAtOnce(
    "POST",
    "/1.0/instances/plain/backups",
    { compression_algorithm: "foo" },
    400,
    /Invalid compression algorithm/,
  );
  await shared.refusesAtOnce("POST", "/1.0/instances/nope/backups", {}, 404, /Instance not found/);
  await shared.refusesAtOnce("GET", "/1.0/instances/plain/backups/nope", undefined, 404, /Instance backup not found/);
  await shared.refusesAtOnce("POST", "/1.0/instances/plain/backups/backup1", { name: "a b" }, 409, /already exists/);
  for (const name of ["a b", "backup1"]) await (await client.deleteBackup("plain", name)).wait();
  assert.deepEqual(files(daemon), []);
});

test("a backup goes when its time is over, and with its instance", { skip }, async () => {
  const { client, daemon } = shared;
  await (await client.createInstance({ name: "brief", source: { type: "none" } })).wait();
  await (await client.createBackup("brief", { name: "old", expires_at: "2020-01-01T00:00:00Z" })).wait();
  await (await client.createBackup("brief", { name: "kept" })).wait();
  await daemon.stop();
  await daemon.start();
  await until(async () => files(daemon).join() === "instances/brief,instances/brief/kept");
  assert.equal((await client.listBackups("brief")).length, 1);
  await gone("brief");
  assert.deepEqual(files(daemon), []);
});

test("an import names, finds or refuses name, pool, profiles and project", { skip }, async () => {
  const { client, daemon } = shared;
  const file = await exported("plain", { instance_only: true });
  const body = readFileSync(file);
  const post = async (headers: Record<string, string>, project = "") => {
    const answer = await shared.send("POST", `/1.0/instances${project}`, body, {
      "content-type": "application/octet-stream",
      ...headers,
    });
    if (answer.status !== 202) return `${answer.status} ${answer.json.error}`;
    const { err } = (await shared.send("GET", `${answer.json.operation}/wait`)).json.metadata as { err: string };
    return err;
  };
  await shared.unchanged(async () => {
    assert.match(await post({}), /already exists on target: there is an instance "plain"/);
    assert.match(await post({ "x-lxd-name": "plain" }), /^409 .*already exists/);
    assert.match(await post({ "x-lxd-name": "a_b" }), /^400 Invalid instance name/);
    assert.match(await post({ "x-lxd-name": "copy", "x-lxd-pool": "nope" }), /^404 Storage pool not found/);
  });
  assert.equal(await post({ "x-incus-name": "copy", "x-incus-pool": "overlay" }), "");
  assert.equal((await client.getInstance("copy")).value.devices.root?.pool, "overlay");
  await gone("copy");
  await client.createProject({ name: "lab", config: { restricted: "true" } });
  assert.match(await post({}, "?project=lab"), /Requested profile "small" doesn't exist/);
  await client.updateProject("lab", {
    config: { ...(await client.getProject("lab")).value.config, "restricted.backups": "block" },
  });
  await using lab = new Client({ endpoint: daemon.socket, project: "lab" });
  await lab.createProfile({ name: "small" });
  await lab.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "dir" } } });
  assert.equal(await post({}, "?project=lab"), "");
  await assert.rejects(lab.createBackup("plain", {}), /Project "lab" doesn't allow for backup creation/);
  await client.patchProject("lab", {
    config: { "restricted.backups": "allow", "backups.compression_algorithm": "xz -1" },
  });
  await (await lab.createBackup("plain", {})).wait();
  const made = readFileSync(path.join(daemon.dir, "backups/instances/lab_plain/backup0"));
  assert.equal(made.subarray(0, 2).toString("hex"), "fd37");
  assert.deepEqual(await client.listBackups("plain"), [], "another project's");
  await (await lab.deleteInstance("plain")).wait();
  await lab.deleteProfile("small");
  await client.deleteProject("lab");
  assert.deepEqual(files(daemon), []);
});

test("a backup whose pool is gone goes into that of the default profile", { skip }, async () => {
  const { client } = shared;
  await client.createStoragePool({ name: "brief", driver: "dir", config: {} });
  const devices = { root: { type: "disk", path: "/", pool: "brief" } };
  await (await client.createInstance({ name: "brief", devices, source: { type: "none" } })).wait();
  const file = await exported("brief");
  await gone("brief");
  await client.deleteStoragePool("brief");
  await (await client.importBackup(file)).wait();
  assert.equal((await client.getInstance("brief")).value.devices.root?.pool, "overlay");
  await gone("brief");
});

const index = (more = "") =>
  `name: evil\npool: dir\ntype: container\n${more}config:\n  container:\n    name: evil\n    architecture: x86_64\n    profiles: []\n    devices: {}\n    config: {}\n`;
const head: readonly Entry[] = [
  { name: "backup/index.yaml", content: index() },
  { name: "backup/container/", type: "directory" },
  { name: "backup/container/rootfs/", type: "directory" },
];

const hostile: readonly { what: string; body: () => Promise<Buffer> | Buffer; message: RegExp }[] = [
  { what: "nothing", body: () => Buffer.alloc(0), message: /has no content/ },
  { what: "no archive", body: () => Buffer.from("garbage"), message: /Unsupported compression/ },
  {
    what: "no index",
    body: () => tarball([{ name: "backup/x", content: "" }]),
    message: /Backup is missing index\.yaml/,
  },
  { what: "no root", body: () => tarball(head.slice(0, 2)), message: /no folder backup\/container\/rootfs/ },
  {
    what: "an index that is no YAML",
    body: () => tarball([{ name: "backup/index.yaml", content: "a: [" }, ...head.slice(1)]),
    message: /its index\.yaml is no YAML/,
  },
  {
    what: "an index of something else",
    body: () => tarball([{ name: "backup/index.yaml", content: "config: 3" }, ...head.slice(1)]),
    message: /its index\.yaml is not valid/,
  },
  {
    what: "a virtual machine",
    body: () =>
      tarball([
        { name: "backup/index.yaml", content: index().replace("type: container", "type: virtual-machine") },
        ...head.slice(1),
      ]),
    message: /of the type "virtual-machine"/,
  },
  {
    what: "a name that leaves the backup",
    body: () => tarball([...head, { name: "backup/container/rootfs/../../../../x", content: "x" }]),
    message: /leaves the backup/,
  },
  {
    what: "a write through a symlink",
    body: () =>
      tarball([
        ...head,
        { name: "backup/container/rootfs/a", type: "symlink", linkname: "/etc" },
        { name: "backup/container/rootfs/a/passwd", content: "x" },
      ]),
    message: /goes through the symlink/,
  },
  {
    what: "a hard link into another part",
    body: () =>
      tarball([
        ...head,
        { name: "backup/snapshots/s/rootfs/a", content: "x" },
        { name: "backup/container/rootfs/b", type: "link", linkname: "backup/snapshots/s/rootfs/a" },
      ]),
    message: /leads out of the root file system/,
  },
  {
    what: "a snapshot without a root",
    body: () =>
      tarball([
        {
          name: "backup/index.yaml",
          content: `${index("snapshots: [s]\n")}  snapshots: [{name: s, config: {}, devices: {}, profiles: []}]\n`,
        },
        ...head.slice(1),
      ]),
    message: /lacks the root of the snapshot "s"/,
  },
  {
    what: "a privileged instance's unknown key",
    body: () =>
      tarball([
        { name: "backup/index.yaml", content: index().replace("config: {}", "config: {nonsense.key: x}") },
        ...head.slice(1),
      ]),
    message: /nonsense\.key/,
  },
  {
    what: "ids of several ranges",
    body: () =>
      tarball([
        {
          name: "backup/index.yaml",
          content: index().replace(
            "config: {}",
            `config: {volatile.last_state.idmap: '[{"Isuid":true,"Isgid":true,"Hostid":1000,"Nsid":5,"Maprange":1}]'}`,
          ),
        },
        ...head.slice(1),
      ]),
    message: /several ranges of ids/,
  },
  {
    what: "ids that are not in its range",
    body: () =>
      tarball([
        {
          name: "backup/index.yaml",
          content: index().replace(
            "config: {}",
            `config: {volatile.last_state.idmap: '[{"Isuid":true,"Isgid":true,"Hostid":100000,"Nsid":0,"Maprange":65536}]'}`,
          ),
        },
        ...head.slice(1).map((entry) => ({ ...entry, uid: 100_000, gid: 100_000 })),
        { name: "backup/container/rootfs/root-of-the-host", content: "x", uid: 0, gid: 0 },
      ]),
    message: /Cannot unpack the backup/,
  },
];

test("a hostile, broken or foreign file is refused, and nothing of it is left", { skip }, async () => {
  for (const { what, body, message } of hostile) {
    const bytes = await body();
    await shared.unchanged(async () => {
      const headers = { "content-type": "application/octet-stream", "x-lxd-name": "evil", "x-lxd-pool": "dir" };
      const answer = await shared.send("POST", "/1.0/instances", bytes, headers);
      const waited =
        answer.status === 202 ? (await shared.send("GET", `${answer.json.operation}/wait`)).json : undefined;
      const error = waited === undefined ? answer.json.error : (waited.metadata as { err: string }).err;
      assert.match(error ?? "", message, what);
      assert.doesNotMatch(error ?? "", /(the|import) image/, what);
    });
  }
});

test("a file that was cut, and one that unpacks without end, are refused, and nothing of them is left", {
  skip,
}, async () => {
  const { client } = shared;
  const whole = readFileSync(await exported("plain", { compression_algorithm: "gzip" }));
  const bomb = path.join(shared.daemon.dir, "bomb.gz");
  await shared.daemon.run("sh", "-c", `head -c 300M /dev/zero | gzip -1 > '${bomb}'`);
  const cut = path.join(shared.daemon.dir, "cut.gz");
  writeFileSync(cut, whole.subarray(0, whole.length / 2));
  for (const [file, message] of [
    [cut, /it is broken|ends in the middle/],
    [bomb, /its end is missing|images\.limits\.ratio|missing index/],
  ] as const)
    await shared.unchanged(() =>
      assert.rejects(async () => (await client.importBackup(file, { name: "evil", pool: "dir" })).wait(), message),
    );
});

test("a backup and an import that are cut off by a crash leave nothing, and a cancelled one neither", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  const devices = { root: { type: "disk", path: "/", pool: "dir" } };
  await (await client.createInstance({ name: "large", devices, source: { type: "none" } })).wait();
  const root = path.join(daemon.dir, "storage-pools", "dir", "containers", "large", "rootfs");
  await daemon.run("sh", "-c", `head -c 60M /dev/urandom > '${root}/noise'`);
  const file = await exported("large");
  const scratch = () => readdirSync(path.join(daemon.dir, "tmp"));
  const operation = await client.createBackup("large", { name: "cut", compression_algorithm: "xz -9" });
  await until(async () => files(daemon).includes("instances/large/cut"));
  await operation.cancel();
  await assert.rejects(operation.wait(), /Operation cancelled/);
  assert.deepEqual(files(daemon), []);
  await client.createBackup("large", { name: "cut", compression_algorithm: "xz -9" });
  await until(async () => files(daemon).includes("instances/large/cut"));
  await daemon.kill();
  await daemon.start();
  assert.deepEqual([files(daemon), scratch(), await client.listBackups("large")], [[], [], []]);
  // Of one that runs the copy goes as well.
  const copies = path.join(daemon.dir, "storage-pools", "overlay", "containers-snapshots", "busy");
  await inside("busy", "head -c 40000000 /dev/urandom > /root/noise");
  await client.createBackup("busy", { name: "cut", compression_algorithm: "xz -9" });
  await until(async () => files(daemon).includes("instances/busy/cut"));
  assert.equal(readdirSync(copies).length, 3);
  await daemon.kill();
  await daemon.start();
  assert.deepEqual([files(daemon), readdirSync(copies).sort()], [[], ["s0", "snap%3A1"]]);
  assert.equal(await inside("busy", "cat /root/file; rm /root/noise"), "two\n");
  const pool = path.join(daemon.dir, "storage-pools", "dir", "containers");
  await client.importBackup(file, { name: "half" });
  await until(async () => readdirSync(pool).some((name) => name.startsWith(".partial")));
  await daemon.kill();
  await daemon.start();
  assert.deepEqual(scratch(), []);
  assert.deepEqual(readdirSync(pool).sort(), ["large", "plain"]);
  assert.equal(existsSync(path.join(daemon.dir, "containers", "half")), false);
  await gone("large");
});

test(
  "a disk that fills up ends a publish, a backup and an import with nothing left of them, and the next ones work",
  {
    skip,
  },
  () =>
    onFileSystem("tmpfs", "64M", (base) =>
      withDaemon({ base }, async (daemon) => {
        const { client } = daemon;
        await preparePool(daemon, "dir");
        await (await client.createInstance({ name: "web", source: { type: "none" } })).wait();
        const root = path.join(daemon.dir, "storage-pools", "default", "containers", "web", "rootfs");
        await daemon.run("sh", "-c", `head -c 25M /dev/urandom > '${root}/noise'`);
        const plain = { compression_algorithm: "none" };
        await (await client.createBackup("web", { name: "whole", ...plain })).wait();
        const before = [...files(daemon), ...readdirSync(path.join(daemon.dir, "tmp"))];
        const whole = path.join(daemon.dir, "backups/instances/web/whole");
        const source = { type: "instance", name: "web" };
        for (const work of [
          () => client.createBackup("web", { name: "more", ...plain }),
          () => client.createImage({ source, ...plain }),
          () => client.importBackup(whole, { name: "twin" }),
        ])
          await assert.rejects(async () => (await work()).wait(), { status: 503, message: /[Nn]o space/ });
        assert.deepEqual([...files(daemon), ...readdirSync(path.join(daemon.dir, "tmp"))], before);
        assert.deepEqual([await client.listImages(), (await client.listInstances()).length], [[], 1]);
        await daemon.run("sh", "-c", `truncate -s 1M '${root}/noise'`);
        await (await client.createBackup("web", { name: "more", ...plain })).wait();
        await (await client.deleteInstance("web")).wait();
      }),
    ),
);
