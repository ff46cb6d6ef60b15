/** Backups of custom volumes: what goes into a file comes out of it as a volume, and nothing is left of one that does not come to be. */
import assert from "node:assert/strict";
import { createWriteStream, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { Client } from "../../sdk/index";
import { listed } from "../support/odd-image";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";
import { type Entry, tarball } from "./image-scene";

const skip = requireFeature("root", process.getuid?.() === 0);

const custom = (pool: string) => `/1.0/storage-pools/${pool}/volumes/custom`;
const octets = { "content-type": "application/octet-stream" };

const shared = shareDaemon({}, async ({ client }) => {
  for (const driver of ["dir", "overlay"]) await client.createStoragePool({ name: driver, driver, config: {} });
  await client.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "overlay" } } });
  const config = { size: "20MiB", "user.note": "yes" };
  await client.createStorageVolume("dir", { name: "data", description: "to keep", config });
  await client.createStorageVolume("dir", { name: "raw", content_type: "block", config: { size: "4MiB" } });
  const devices = { data: { type: "disk", pool: "dir", source: "data", path: "/srv/data" } };
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "web", source, devices })).wait();
  await (await client.setInstanceState("web", { action: "start" })).wait();
  await inside(
    "cd /srv/data; echo one >file; chown 5:6 file; ln -s /etc/x link; ln file two; mkfifo pipe; mkdir -m 1750 sub",
  );
  await (
    await client.createStorageVolumeSnapshot("dir", "data", { name: "s.img", expires_at: "2031-01-01T00:00:00Z" })
  ).wait();
  await inside("echo two >/srv/data/file; chmod 4711 /srv/data/sub; chown 7:8 /srv/data; chmod 751 /srv/data");
});

async function inside(script: string, name = "web"): Promise<string> {
  return String((await shared.client.execOutput(name, { command: ["sh", "-c", script] })).stdout);
}

const files = () =>
  readdirSync(path.join(shared.daemon.dir, "backups/custom"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.includes("/"))
    .sort();

const scratch = () => readdirSync(path.join(shared.daemon.dir, "tmp"));

/** Makes a backup and takes its file out. */
async function exported(pool: string, volume: string, post: object = {}): Promise<string> {
  const { client, daemon } = shared;
  const asked = { name: "out", compression_algorithm: "none", ...post };
  await (await client.createStorageVolumeBackup(pool, volume, asked)).wait();
  const file = path.join(daemon.dir, `${volume}.backup`);
  await pipeline(await client.exportStorageVolumeBackup(pool, volume, "out"), createWriteStream(file));
  await (await client.deleteStorageVolumeBackup(pool, volume, "out")).wait();
  return file;
}

const gone = async (pool: string, ...names: string[]) => {
  for (const name of names) await shared.client.deleteStorageVolume(pool, name);
};

test("a backup becomes a volume in a pool of another driver with all that it had, snapshots too", {
  skip,
}, async () => {
  const { client } = shared;
  const file = await exported("dir", "data");
  await (await client.importStorageVolume("overlay", file, { name: "copy" })).wait();
  const { value: was } = await client.getStorageVolume("dir", "data");
  const { value: is } = await client.getStorageVolume("overlay", "copy");
  assert.deepEqual({ ...is, name: "data", used_by: was.used_by }, was);
  const [snapshot] = await client.listStorageVolumeSnapshots("overlay", "copy");
  const [before] = await client.listStorageVolumeSnapshots("dir", "data");
  assert.deepEqual({ ...snapshot, name: before?.name }, before);
  assert.equal(before?.name, "data/s.img");
  const { value: web } = await client.getInstance("web");
  const copy = { type: "disk", pool: "overlay", source: "copy", path: "/srv/copy" };
  await (await client.updateInstance("web", { ...web, devices: { ...web.devices, copy } })).wait();
  const see = "cat file; stat -c '%u:%g %a %F %h' . file pipe sub; readlink link; stat -c %i file two | uniq | wc -l";
  const seen = await inside(`cd /srv/data; ${see}`);
  assert.match(
    seen,
    /^two\n7:8 751 directory 3\n5:6 644 regular file 2\n.*fifo 1\n0:0 4711 directory 2\n\/etc\/x\n1\n$/s,
  );
  assert.equal(await inside(`cd /srv/copy; ${see}`), seen);
  assert.match(await inside("head -c 30000000 /dev/zero >/srv/copy/much 2>&1 || echo full; rm /srv/copy/much"), /full/);
  await (await client.updateInstance("web", web)).wait();
  await client.restoreStorageVolume("overlay", "copy", "s.img");
  await (await client.updateInstance("web", { ...web, devices: { ...web.devices, copy } })).wait();
  assert.equal(await inside("cd /srv/copy; cat file; stat -c '%u:%g %a' sub"), "one\n0:0 1750\n");
  await (await client.updateInstance("web", web)).wait();
  const again = await exported("overlay", "copy", { volume_only: true });
  // Which of two names of a file comes first, the order in the folder says.
  const others = (lines: string[]) => lines.filter((line) => !/"(file|two)"/.test(line));
  assert.deepEqual(others(listed(again, "backup/volume")), others(listed(file, "backup/volume-snapshots/s.img")));
  assert.throws(() => listed(again, "backup/volume-snapshots"), /Not found in archive/);
  await gone("overlay", "copy");
});

test("a block volume comes through with its bytes, its size and its snapshots", { skip }, async () => {
  const { client, daemon } = shared;
  const image = (pool: string, name: string) =>
    path.join(
      daemon.dir,
      "storage-pools",
      pool,
      name.includes("/") ? "custom-snapshots" : "custom",
      name,
      "rootfs/root.img",
    );
  writeFileSync(image("dir", "default_raw"), "before", { flag: "r+" });
  await (await client.createStorageVolumeSnapshot("dir", "raw", { name: "s,\\1x" })).wait();
  writeFileSync(image("dir", "default_raw"), "after!", { flag: "r+" });
  const file = await exported("dir", "raw");
  assert.ok(statSync(file).size < 1 << 20, "holes are not stored");
  await (await client.importStorageVolume("overlay", file)).wait();
  const { value } = await client.getStorageVolume("overlay", "raw");
  assert.deepEqual([value.content_type, value.config], ["block", { size: "4MiB" }]);
  const found = image("overlay", "default_raw");
  assert.deepEqual(readFileSync(found), readFileSync(image("dir", "default_raw")));
  const { mode, uid, size } = statSync(found);
  assert.deepEqual([mode & 0o777, uid, size], [0o600, 0, 4 << 20]);
  await client.restoreStorageVolume("overlay", "raw", "s,\\1x");
  assert.equal(readFileSync(found).subarray(0, 6).toString(), "before");
  await gone("overlay", "raw");
});

test("backups are listed, shown, renamed, exported and deleted, with LXD's names and words", { skip }, async () => {
  const { client } = shared;
  const base = `${custom("dir")}/data/backups`;
  const operation = await client.createStorageVolumeBackup("dir", "data", {});
  assert.deepEqual(operation.latest.resources, {
    backups: ["/1.0/backups/backup0"],
    storage_volumes: [`${custom("dir")}/data`],
  });
  await operation.wait();
  const more = { volume_only: true, optimized_storage: true, expires_at: "2031-01-01T00:00:00Z" };
  await (await client.createStorageVolumeBackup("dir", "data", more)).wait();
  const list = await client.listStorageVolumeBackups("dir", "data");
  assert.deepEqual(
    list.map(({ created_at: _, ...rest }) => rest),
    [
      { name: "backup0", expires_at: "0001-01-01T00:00:00Z", volume_only: false, optimized_storage: false },
      { name: "backup1", expires_at: "2031-01-01T00:00:00Z", volume_only: true, optimized_storage: false },
    ],
  );
  assert.deepEqual((await shared.send("GET", base)).json.metadata, [`${base}/backup0`, `${base}/backup1`]);
  const told = await shared.send("GET", `${base}/backup0/export`);
  assert.equal(told.headers["content-type"], "application/octet-stream");
  assert.equal(told.headers["content-disposition"], "inline;filename=");
  await (await client.renameStorageVolumeBackup("dir", "data", "backup0", "a b")).wait();
  assert.equal((await client.getStorageVolumeBackup("dir", "data", "a b")).value.name, "a b");
  assert.deepEqual(files(), ["dir/default_data", "dir/default_data/a b", "dir/default_data/backup1"]);
  for (const [method, url, body, status, message] of [
    ["POST", base, { name: "a b" }, 409, /Backup "data\/a b" already exists/],
    ["POST", base, { name: "a/b" }, 400, /Backup names may not contain slashes/],
    ["POST", base, { compression_algorithm: "foo" }, 400, /Invalid compression algorithm/],
    ["POST", `${custom("dir")}/nope/backups`, {}, 404, /Storage pool volume not found/],
    ["POST", `${custom("nope")}/data/backups`, {}, 404, /Storage pool not found/],
    ["GET", `${base}/nope`, undefined, 404, /Storage volume backup not found/],
    ["GET", `${base}/nope/export`, undefined, 404, /Storage volume backup not found/],
    ["DELETE", `${base}/nope`, undefined, 404, /Storage volume backup not found/],
    ["POST", `${base}/backup1`, { name: "a b" }, 409, /already exists/],
    ["GET", `${base.replace("/custom/", "/container/")}`, undefined, 400, /Invalid storage volume type/],
  ] as const)
    await shared.refusesAtOnce(method, url, body, status, message);
  await (await client.deleteStorageVolumeBackup("dir", "data", "backup1")).wait();
  await (await client.deleteStorageVolumeBackup("dir", "data", "a b")).wait();
  assert.deepEqual(files(), []);
});

test("a backup follows its volume's name, and goes with the volume and when its time is over", { skip }, async () => {
  const { client, daemon } = shared;
  await client.createStorageVolume("dir", { name: "brief" });
  const old = { name: "old", expires_at: "2020-01-01T00:00:00Z" };
  await (await client.createStorageVolumeBackup("dir", "brief", old)).wait();
  await (await client.createStorageVolumeBackup("dir", "brief", { name: "kept" })).wait();
  await daemon.stop();
  await daemon.start();
  await until(async () => files().join() === "dir/default_brief,dir/default_brief/kept");
  await client.renameStorageVolume("dir", "brief", "other");
  assert.deepEqual(files(), ["dir/default_other", "dir/default_other/kept"]);
  assert.equal((await client.listStorageVolumeBackups("dir", "other"))[0]?.name, "kept");
  await gone("dir", "other");
  assert.deepEqual(files(), []);
});

test("projects have volumes, backups and rules of their own", { skip }, async () => {
  const { client, daemon } = shared;
  const file = await exported("dir", "data", { volume_only: true });
  const rules = { restricted: "true", "restricted.backups": "block", "features.storage.volumes": "true" };
  await client.createProject({ name: "lab", config: rules });
  await client.createProject({ name: "plain", config: { "features.storage.volumes": "false" } });
  await using lab = new Client({ endpoint: daemon.socket, project: "lab" });
  await using plain = new Client({ endpoint: daemon.socket, project: "plain" });
  await (await lab.importStorageVolume("dir", file)).wait();
  const refused = /Project "lab" doesn't allow for backup creation/;
  await assert.rejects(lab.createStorageVolumeBackup("dir", "data", {}), refused);
  await client.patchProject("lab", {
    config: { "restricted.backups": "allow", "backups.compression_algorithm": "xz -1" },
  });
  await (await lab.createStorageVolumeBackup("dir", "data", {})).wait();
  const made = readFileSync(path.join(daemon.dir, "backups/custom/dir/lab_data/backup0"));
  assert.equal(made.subarray(0, 2).toString("hex"), "fd37");
  assert.deepEqual(await client.listStorageVolumeBackups("dir", "data"), [], "another project's");
  await assert.rejects(
    plain.importStorageVolume("dir", file, { name: "data" }),
    /already exists/,
    "the default project's",
  );
  await (await plain.createStorageVolumeBackup("dir", "data", {})).wait();
  assert.equal((await client.listStorageVolumeBackups("dir", "data")).length, 1);
  await (await client.deleteStorageVolumeBackup("dir", "data", "backup0")).wait();
  await lab.deleteStorageVolume("dir", "data");
  for (const name of ["lab", "plain"]) await client.deleteProject(name);
  assert.deepEqual(files(), []);
});

const index = (more = "", type = "custom", config = "{}", content = "filesystem") =>
  `name: evil\npool: dir\ntype: ${type}\n${more}config:\n  volume:\n    name: evil\n    content_type: ${content}\n    config: ${config}\n`;
const indexEntry = (...of: Parameters<typeof index>): Entry => ({ name: "backup/index.yaml", content: index(...of) });
const root: Entry = { name: "backup/volume/", type: "directory" };
const block = indexEntry("", "custom", "{}", "block");

const hostile: readonly { what: string; entries: readonly Entry[]; message: RegExp }[] = [
  { what: "no index", entries: [root], message: /Backup is missing index\.yaml/ },
  { what: "no content", entries: [indexEntry()], message: /holds no backup\/volume\./ },
  { what: "files in place of bytes", entries: [block, root], message: /holds no backup\/volume\.img/ },
  { what: "an instance", entries: [indexEntry("", "container"), root], message: /of the type "container"/ },
  { what: "optimized", entries: [indexEntry("optimized: true\n"), root], message: /only the storage driver knows/ },
  {
    what: "a stream",
    entries: [indexEntry(), { name: "backup/volume.bin", content: "" }],
    message: /only the storage/,
  },
  {
    what: "a name that leads out",
    entries: [indexEntry(), root, { name: "backup/volume/../../../x" }],
    message: /leaves the backup/,
  },
  {
    what: "a write through a symlink",
    entries: [
      indexEntry(),
      root,
      { name: "backup/volume/a", type: "symlink", linkname: "/etc" },
      { name: "backup/volume/a/passwd", content: "x" },
    ],
    message: /goes through the symlink/,
  },
  {
    what: "a hard link into a snapshot",
    entries: [
      indexEntry(),
      root,
      { name: "backup/volume-snapshots/s/a", content: "x" },
      { name: "backup/volume/b", type: "link", linkname: "backup/volume-snapshots/s/a" },
    ],
    message: /leads out of the root file system/,
  },
  {
    what: "bytes that are a symlink",
    entries: [block, { name: "backup/volume.img", type: "symlink", linkname: "/etc/shadow" }],
    message: /is not a regular file/,
  },
  {
    what: "bytes that are a device",
    entries: [block, { name: "backup/volume.img", type: "block-device", devmajor: 8, devminor: 0 }],
    message: /is not a regular file/,
  },
  {
    what: "more bytes than its size",
    entries: [
      indexEntry("", "custom", "{size: 1KiB}", "block"),
      { name: "backup/volume.img", content: "x".repeat(2000) },
    ],
    message: /has 2000 bytes, more than its "size" \(1024\)/,
  },
  { what: "an unknown key", entries: [indexEntry("", "custom", "{nonsense.key: x}"), root], message: /nonsense\.key/ },
  {
    what: "a snapshot without content",
    entries: [
      { name: "backup/index.yaml", content: `${index("snapshots: [s]\n")}  volume_snapshots: [{name: s}]\n` },
      root,
    ],
    message: /lacks the root of the snapshot "s"/,
  },
  {
    what: "more than its size holds",
    entries: [
      indexEntry("", "custom", "{size: 10MiB}"),
      root,
      ...["a", "b"].map((name) => ({ name: `backup/volume/${name}`, content: "x".repeat(8 << 20) })),
    ],
    message: /does not fit into 10485760 bytes/,
  },
];

test("a hostile, broken or foreign file is refused, and nothing of it is left", { skip }, async () => {
  const refuses = async (what: string, bytes: Buffer, message: RegExp) => {
    const answer = await shared.send("POST", custom("dir"), bytes, { ...octets, "x-lxd-name": "evil" });
    const waited = answer.status === 202 ? (await shared.send("GET", `${answer.json.operation}/wait`)).json : undefined;
    const error = waited === undefined ? answer.json.error : (waited.metadata as { err: string }).err;
    assert.match(error ?? "", message, what);
    assert.doesNotMatch(error ?? "", /(the|import) image/, what);
    assert.deepEqual(scratch(), [], what);
    const held = readdirSync(path.join(shared.daemon.dir, "storage-pools/dir/custom"));
    assert.deepEqual(held.sort(), ["default_data", "default_raw"], what);
  };
  await shared.unchanged(async () => {
    for (const { what, entries, message } of hostile) await refuses(what, await tarball(entries), message);
    await refuses("nothing", Buffer.alloc(0), /has no content/);
    await refuses("no archive", Buffer.from("garbage"), /Unsupported compression/);
  });
  const taken = { ...octets, "x-lxd-name": "data" };
  const whole = await tarball([indexEntry(), root]);
  await shared.unchanged(async () => {
    assert.equal((await shared.send("POST", custom("dir"), whole, taken)).status, 409);
    assert.equal((await shared.send("POST", custom("nope"), whole, octets)).status, 404);
    assert.equal((await shared.send("POST", custom("dir"), whole, { ...octets, "x-lxd-name": "a/b" })).status, 400);
  });
});

test("device nodes and settings of other drivers are left out with a warning, ids of LXD's host are taken back", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  const map = (Isuid: boolean) => `{"Isuid":${Isuid},"Isgid":${!Isuid},"Hostid":100000,"Nsid":0,"Maprange":65536}`;
  const config = `{zfs.blocksize: 4KiB, volatile.idmap.last: '[${map(true)},${map(false)}]'}`;
  const file = path.join(daemon.dir, "theirs.tar");
  const own = { uid: 100_000, gid: 100_000 };
  writeFileSync(
    file,
    await tarball([
      indexEntry("", "custom", config),
      { ...root, ...own, mode: 0o711 },
      { name: "backup/volume/file", content: "x", uid: 101_000, gid: 100_005 },
      { name: "backup/volume/null", type: "character-device", devmajor: 1, devminor: 3, ...own },
    ]),
  );
  const done = await (await client.importStorageVolume("dir", file)).wait();
  assert.match(JSON.stringify(done.metadata), /zfs\.blocksize.*1 device node of the backup left out/);
  assert.deepEqual((await client.getStorageVolume("dir", "evil")).value.config, {});
  const folder = path.join(daemon.dir, "storage-pools/dir/custom/default_evil/rootfs");
  const { uid, gid } = statSync(path.join(folder, "file"));
  assert.deepEqual([uid, gid, statSync(folder).uid], [1000, 5, 0]);
  assert.equal(existsSync(path.join(folder, "null")), false);
  await gone("dir", "evil");
});

test("a backup and an import that are cut off by a crash leave nothing, and a cancelled one neither", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  const pool = path.join(daemon.dir, "storage-pools/dir/custom");
  await client.createStorageVolume("dir", { name: "large" });
  await daemon.run("sh", "-c", `head -c 60M /dev/urandom > '${pool}/default_large/rootfs/noise'`);
  const file = await exported("dir", "large");
  const slow = { name: "cut", compression_algorithm: "xz -9" };
  const begun = (volume: string) => until(async () => files().includes(`dir/default_${volume}/cut`));
  const operation = await client.createStorageVolumeBackup("dir", "large", slow);
  await begun("large");
  await operation.cancel();
  await assert.rejects(operation.wait(), /Operation cancelled/);
  assert.deepEqual(files(), []);
  // Of one that a running container has, the copy goes as well.
  await inside("head -c 15000000 /dev/urandom >/srv/data/noise");
  await client.createStorageVolumeBackup("dir", "data", slow);
  await begun("data");
  const copies = path.join(daemon.dir, "storage-pools/dir/custom-snapshots/default_data");
  assert.equal(readdirSync(copies).length, 2);
  await daemon.kill();
  await daemon.start();
  assert.deepEqual([files(), scratch(), readdirSync(copies)], [[], [], ["s.img"]]);
  assert.deepEqual(await client.listStorageVolumeBackups("dir", "data"), []);
  assert.equal(await inside("cat /srv/data/file; rm /srv/data/noise"), "two\n");
  await client.importStorageVolume("dir", file, { name: "half" });
  await until(async () => readdirSync(pool).some((name) => name.startsWith(".partial")));
  await daemon.kill();
  await daemon.start();
  assert.deepEqual([scratch(), readdirSync(pool).sort()], [[], ["default_data", "default_large", "default_raw"]]);
  await (await client.importStorageVolume("dir", file, { name: "half" })).wait();
  await gone("dir", "half", "large");
});
