/** Custom volumes: made, listed, changed, renamed and deleted by the wire, and what is told of it. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "dir");
  await daemon.client.createStoragePool({
    name: "filled",
    driver: "overlay",
    config: { "volume.size": "1GiB", "volume.snapshots.expiry": "2d" },
  });
});

const all = "/1.0/storage-pools/default/volumes";
const custom = `${all}/custom`;
const read = async (url: string) => (await shared.send("GET", url)).json.metadata as never;
const folderOf = (name: string, type = "custom") => path.join(shared.daemon.dir, "storage-pools/default", type, name);

test("a volume is made at once, without a path, and its folder is named by its project", async () => {
  const made = await shared.send("POST", custom, { name: "plain", config: { "user.a": "b" }, description: "hello" });
  assert.deepEqual([made.status, made.headers.location, made.json.metadata], [200, undefined, {}]);
  const got = await shared.send("GET", `${custom}/plain`);
  const { created_at: createdAt, ...shown } = got.json.metadata as { created_at: string };
  assert.deepEqual(shown, {
    name: "plain",
    type: "custom",
    content_type: "filesystem",
    description: "hello",
    config: { "user.a": "b" },
    used_by: [],
    location: "none",
    project: "default",
  });
  assert.ok(Date.parse(createdAt) > Date.now() - 600_000);
  assert.match(String(got.headers.etag), /^"[0-9a-f]{64}"$/);
  assert.equal(statSync(path.join(folderOf("default_plain"), "rootfs")).mode & 0o7777, 0o711);
  assert.equal(statSync(folderOf("default_plain")).mode & 0o7777, 0o700, "nobody on the host reaches set-uid files");
  const { used_by: users } = await read("/1.0/storage-pools/default");
  assert.ok((users as string[]).includes(`${custom}/plain`), "the pool is used by it");
  assert.deepEqual((await shared.send("POST", all, { name: "bytype", type: "custom" })).status, 200);
  await shared.client.deleteStorageVolume("default", "bytype");
});

test("what is wrong with a new volume is said in LXD's words, and nothing is left", async () => {
  await shared.client.createStorageVolume("default", { name: "there" });
  const cases: readonly [string, object, number, RegExp][] = [
    [custom, { name: "there" }, 409, /Volume by that name already exists/],
    [custom, { name: "" }, 400, /No name provided/],
    [custom, { name: "a/b" }, 400, /Storage volume names may not contain slashes/],
    [custom, { name: ".." }, 400, /must not be/],
    [custom, { name: "x".repeat(127) }, 400, /at most 126 bytes/],
    [custom, { name: "x", config: { foo: "bar" } }, 400, /Unknown configuration key: foo/],
    [custom, { name: "x", config: { size: "lots" } }, 400, /"size"/],
    [custom, { name: "x", config: { "block.filesystem": "ext4" } }, 400, /it is for volumes in pools of lvm/],
    [custom, { name: "x", config: { "snapshots.schedule": "* * * *" } }, 400, /Schedule must be of the form/],
    [custom, { name: "x", content_type: "iso" }, 400, /Invalid volume content type name/],
    [custom, { name: "x", content_type: "block", config: { "security.shifted": "true" } }, 400, /security.shifted/],
    [custom, { name: "x", source: { type: "elsewhere", name: "y" } }, 400, /Unknown source type/],
    [all, { name: "x" }, 400, /You must provide a storage volume type of the storage volume/],
    [all, { name: "x", type: "container" }, 400, /Currently not allowed to create storage volumes of type "container"/],
    [`${all}/image`, { name: "x" }, 400, /Currently not allowed/],
    ["/1.0/storage-pools/nope/volumes/custom", { name: "x" }, 404, /Storage pool not found/],
  ];
  const before = await read(`${all}?recursion=1`);
  for (const [url, body, status, message] of cases) await shared.refuses("POST", url, body, status, message);
  assert.deepEqual(await read(`${all}?recursion=1`), before);
  for (const [url, status, message] of [
    [`${custom}/nope`, 404, /Storage pool volume not found/],
    [`${all}/bogus`, 400, /Invalid storage volume type name/],
    ["/1.0/storage-pools/nope/volumes", 404, /Storage pool not found/],
  ] as const)
    await shared.refuses("GET", url, undefined, status, message);
  await shared.client.deleteStorageVolume("default", "there");
});

test("PUT replaces, PATCH merges, and an outdated ETag is refused", async () => {
  const { client } = shared;
  await client.createStorageVolume("default", { name: "mutable", config: { "user.a": "1", size: "10MiB" } });
  const { etag } = await client.getStorageVolume("default", "mutable");
  await client.patchStorageVolume("default", "mutable", { config: { "user.b": "2", size: "" } }, { etag });
  const { value } = await client.getStorageVolume("default", "mutable");
  assert.deepEqual([value.config, value.description], [{ "user.a": "1", "user.b": "2" }, ""]);
  await assert.rejects(client.updateStorageVolume("default", "mutable", {}, { etag }), { code: "PRECONDITION_FAILED" });
  await client.updateStorageVolume("default", "mutable", { description: "new", config: { "snapshots.expiry": "1d" } });
  const { value: put } = await client.getStorageVolume("default", "mutable");
  assert.deepEqual([put.config, put.description], [{ "snapshots.expiry": "1d" }, "new"]);
  await shared.refuses("PUT", `${custom}/mutable`, { config: { "security.shifted": "x" } }, 400, /security.shifted/);
  await client.deleteStorageVolume("default", "mutable");
});

test("a volume gets what its pool says for volumes without a value of their own", async () => {
  const { client } = shared;
  await client.createStorageVolume("filled", { name: "own", config: { "snapshots.expiry": "1w" } });
  const { value } = await client.getStorageVolume("filled", "own");
  assert.deepEqual(value.config, { size: "1GiB", "snapshots.expiry": "1w" });
  const defaults = {
    "volume.size": "1GiB",
    "volume.security.shifted": "true",
    "volume.security.unmapped": "false",
    "volume.snapshots.expiry": "2d",
    "volume.snapshots.pattern": "p%d",
    "volume.snapshots.schedule": "@weekly",
  };
  await client.patchStoragePool("filled", { config: defaults });
  await client.createStorageVolume("filled", { name: "all" });
  const bare = Object.fromEntries(Object.entries(defaults).map(([key, word]) => [key.replace("volume.", ""), word]));
  assert.deepEqual((await client.getStorageVolume("filled", "all")).value.config, bare);
  await client.createStorageVolume("filled", { name: "raw", content_type: "block", config: { size: "1MiB" } });
  const { value: raw } = await client.getStorageVolume("filled", "raw");
  assert.ok(!("security.shifted" in raw.config), "the bytes of a disk have no owners");
  for (const name of ["all", "raw"]) await client.deleteStorageVolume("filled", name);
  await shared.refuses("PATCH", "/1.0/storage-pools/filled", { config: { "volume.foo": "1" } }, 400, /volume.foo/);
  await shared.refuses("PATCH", "/1.0/storage-pools/filled", { config: { "volume.size": "x" } }, 400, /volume.size/);
  await shared.refuses("DELETE", "/1.0/storage-pools/filled", undefined, 400, /currently in use/);
  await client.deleteStorageVolume("filled", "own");
});

test("a new volume gets the owner and mode that it, or its pool, says for the beginning", async () => {
  const { client } = shared;
  const seen = (name: string) => {
    const { uid, gid, mode } = statSync(path.join(folderOf(`default_${name}`), "rootfs"));
    return [uid, gid, (mode & 0o7777).toString(8)];
  };
  const config = { "initial.uid": "1000", "initial.gid": "1001", "initial.mode": "0750" };
  await client.createStorageVolume("default", { name: "owned", config });
  assert.deepEqual(seen("owned"), [1000, 1001, "750"]);
  await client.patchStorageVolume("default", "owned", { config: { "initial.uid": "7" } });
  assert.deepEqual(seen("owned"), [1000, 1001, "750"], "a later value changes nothing");
  const defaults = { "volume.initial.uid": "8", "volume.initial.gid": "9", "volume.initial.mode": "1777" };
  await client.patchStoragePool("default", { config: defaults });
  await client.createStorageVolume("default", { name: "pooled" });
  assert.deepEqual(seen("pooled"), [8, 9, "1777"]);
  const unset = Object.fromEntries(Object.keys(defaults).map((key) => [key, ""]));
  await client.patchStoragePool("default", { config: unset });
  for (const [key, value] of [
    ["initial.uid", "x"],
    ["initial.gid", "-1"],
    ["initial.gid", "4294967295"],
    ["initial.mode", "9"],
    ["initial.mode", "rwx"],
  ] as const)
    await shared.refusesAtOnce("POST", custom, { name: "x", config: { [key]: value } }, 400, new RegExp(key));
  const block = { name: "x", content_type: "block", config: { "initial.mode": "0700", size: "1MiB" } };
  await shared.refusesAtOnce("POST", custom, block, 400, /initial.mode/);
  for (const name of ["owned", "pooled"]) await client.deleteStorageVolume("default", name);
});

test("lists have the volumes of instances and images too, by type, filter and project", async () => {
  const { client } = shared;
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "web", source })).wait();
  await (await client.createSnapshot("web", { name: "s0" })).wait();
  await client.createStorageVolume("default", { name: "é %:?" });
  const [image] = await client.listImages();
  const named = `${custom}/${encodeURIComponent("é %:?")}`;
  const paths = [`${all}/container/web`, `${all}/container/web/snapshots/s0`, `${custom}/plain`, named];
  assert.deepEqual(await read(all), [...paths, `${all}/image/${image?.fingerprint}`]);
  assert.deepEqual(await read(`${all}/container`), paths.slice(0, 2));
  assert.deepEqual(await read(`${all}?filter=type+eq+custom`), paths.slice(2));
  assert.deepEqual(await read(`${custom}?filter=name+eq+plain`), [`${custom}/plain`]);
  assert.deepEqual(await read(`${all}/virtual-machine`), []);
  const [shown, snapshot] = (await read(`${all}/container?recursion=1`)) as { name: string; used_by: string[] }[];
  assert.deepEqual([shown?.name, shown?.used_by], ["web", ["/1.0/instances/web"]]);
  assert.equal(snapshot?.name, "web/s0");
  assert.equal(((await read(`${all}/container/web`)) as { name: string }).name, "web");
  assert.deepEqual(await read(`${all}/container/web/snapshots`), [paths[1]]);
  assert.equal(((await read(named)) as { name: string }).name, "é %:?");
  assert.ok(existsSync(folderOf("default_é %25%3A?")));
  for (const [method, url, message] of [
    ["PATCH", `${all}/container/web`, /Invalid storage volume type "container"/],
    ["PUT", `${all}/image/${image?.fingerprint}`, /Invalid storage volume type "image"/],
    ["POST", `${all}/container/web`, /Renaming storage volumes of type "container" is not allowed/],
    ["DELETE", `${all}/container/web`, /cannot be deleted with the storage API/],
  ] as const)
    await shared.refuses(method, url, { name: "x" }, 400, message);
  await client.deleteStorageVolume("default", "é %:?");
  await (await client.deleteInstance("web")).wait();
});

test("the root volume of an instance has keys of the user, which its snapshots, copies and backups keep", async () => {
  const { client } = shared;
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "web", source })).wait();
  const root = `${all}/container/web`;
  const put = (config: Record<string, string>) => shared.send("PUT", root, { config, description: "" });
  const configs = async (name: string) =>
    Promise.all(
      ["", "/snapshots/s0"].map(
        async (of) => ((await read(`${all}/container/${name}${of}`)) as { config: object }).config,
      ),
    );
  assert.equal((await put({ "user.foo": "then" })).status, 200);
  await (await client.createSnapshot("web", { name: "s0" })).wait();
  const { etag } = (await shared.send("GET", root)).headers;
  assert.equal((await put({ "user.foo": "now", "user.gone": "" })).status, 200);
  assert.equal((await shared.send("PUT", root, { config: {} }, { "if-match": String(etag) })).status, 412);
  const both = [{ "user.foo": "now" }, { "user.foo": "then" }];
  assert.deepEqual(await configs("web"), both);
  await shared.refuses("PUT", root, { config: { size: "1GiB" } }, 400, /Unknown configuration key: size/);
  await shared.refuses("PUT", root, { config: {}, description: "mine" }, 400, /Change that of the instance/);
  await shared.refuses("PUT", `${all}/container/none`, { config: {} }, 404, /not found/);

  await (await client.createInstance({ name: "copy", source: { type: "copy", source: "web" } })).wait();
  await (await client.createInstance({ name: "of-s0", source: { type: "copy", source: "web/s0" } })).wait();
  assert.deepEqual(await configs("copy"), both);
  assert.deepEqual(((await read(`${all}/container/of-s0`)) as { config: object }).config, both[1]);
  const uuid = (await client.getInstance("web")).value.config["volatile.uuid"];
  await (await client.createBackup("web", { name: "b0" })).wait();
  const file = path.join(shared.daemon.dir, "web.backup");
  await writeFile(file, await client.exportBackup("web", "b0"));
  await (await client.restoreSnapshot("web", "s0")).wait();
  assert.deepEqual((await configs("web"))[0], both[1]);
  await (await client.deleteInstance("web")).wait();
  await (await client.importBackup(file, { name: "web" })).wait();
  assert.deepEqual(await configs("web"), both);
  assert.equal((await client.getInstance("web")).value.config["volatile.uuid"], uuid, "it is the same one");
  for (const name of ["web", "copy", "of-s0"]) await (await client.deleteInstance(name)).wait();
});

test("a rename moves the files, tells of it, and gives the new path", async () => {
  const { client } = shared;
  await client.createStorageVolume("default", { name: "old" });
  await client.createStorageVolume("default", { name: "other" });
  await (await client.createStorageVolumeSnapshot("default", "old", { name: "kept" })).wait();
  await shared.refuses("POST", `${custom}/old`, { name: "other" }, 409, /already exists/);
  await shared.refuses("POST", `${custom}/old`, { name: "a/b" }, 400, /slashes/);
  const renamed = await shared.send("POST", `${custom}/old`, { name: "new" });
  assert.deepEqual([renamed.status, renamed.headers.location], [201, `${custom}/new`]);
  assert.ok(existsSync(folderOf("default_new")) && !existsSync(folderOf("default_old")));
  assert.ok(existsSync(folderOf("default_new/kept", "custom-snapshots")));
  assert.deepEqual(await read(`${custom}/new/snapshots`), [`${custom}/new/snapshots/kept`]);
  await client.deleteStorageVolume("default", "new");
  assert.ok(!existsSync(folderOf("default_new", "custom-snapshots")), "its snapshots went with it");
  await client.deleteStorageVolume("default", "other");
});

test("a volume of files that nobody knows is neither taken over nor removed", async () => {
  mkdirSync(path.join(folderOf("default_mine"), "rootfs"), { recursive: true });
  await shared.refuses("POST", custom, { name: "mine" }, 409, /files of that name/);
  assert.ok(existsSync(path.join(folderOf("default_mine"), "rootfs")));
});

test("keys that only volumes of other drivers have are refused, and name those", async () => {
  for (const [key, value, driver] of [
    ["zfs.blocksize", "16KiB", "zfs"],
    ["block.filesystem", "ext4", "lvm"],
  ] as const) {
    const message = new RegExp(`Invalid option "${key}": it is for volumes in pools of ${driver}`);
    await shared.refuses("POST", custom, { name: "foreign", config: { [key]: value } }, 400, message);
  }
  const stripes = { name: "foreign", config: { "lvm.stripes": "2" } };
  await shared.refuses("POST", custom, stripes, 400, /cannot be used with thin pool volumes/);
});

test("a block volume is a file of its size, which grows and does not shrink", async () => {
  const { client } = shared;
  await client.createStorageVolume("default", { name: "disk", content_type: "block", config: { size: "10MiB" } });
  const size = () => statSync(path.join(folderOf("default_disk"), "rootfs/root.img")).size;
  assert.equal(size(), 10 * 2 ** 20);
  await shared.refuses("PATCH", `${custom}/disk`, { config: { size: "5MiB" } }, 400, /Block volumes cannot be shrunk/);
  await client.patchStorageVolume("default", "disk", { config: { size: "20MiB" } });
  assert.equal(size(), 20 * 2 ** 20);
  const { usage } = await client.getStorageVolumeState("default", "disk");
  assert.equal(usage?.total, 20 * 2 ** 20);
  assert.ok((usage?.used ?? -1) < 2 ** 20);
  const huge = { name: "huge", content_type: "block", config: { size: "7EiB" } };
  await shared.refuses("POST", custom, huge, 400, /no files that large/);
  await client.createStorageVolume("default", { name: "large", content_type: "block" });
  assert.equal(statSync(path.join(folderOf("default_large"), "rootfs/root.img")).size, 10 * 2 ** 30);
  for (const name of ["disk", "large"]) await client.deleteStorageVolume("default", name);
});

test("a project has volumes of its own, or those of the default project", async () => {
  const { client, daemon } = shared;
  await client.createProject({ name: "own" });
  await client.createProject({ name: "shared", config: { "features.storage.volumes": "false" } });
  await using own = new Client({ endpoint: daemon.socket, project: "own" });
  await using lent = new Client({ endpoint: daemon.socket, project: "shared" });
  await own.createStorageVolume("default", { name: "plain" });
  await lent.createStorageVolume("default", { name: "lent" });
  assert.equal((await own.getStorageVolume("default", "plain")).value.project, "own");
  assert.equal((await client.getStorageVolume("default", "lent")).value.project, "default");
  assert.deepEqual(await read(`${custom}?project=own`), [`${custom}/plain?project=own`]);
  assert.deepEqual(await read(`${custom}?project=shared`), [`${custom}/lent`, `${custom}/plain`]);
  assert.deepEqual(await read(`${custom}?all-projects=true`), [
    `${custom}/lent`,
    `${custom}/plain`,
    `${custom}/plain?project=own`,
  ]);
  await shared.refuses("DELETE", "/1.0/projects/own", undefined, 400, /Only empty projects can be removed/);
  assert.ok(((await client.getProject("own")).value.used_by ?? []).includes(`${custom}/plain?project=own`));
  await shared.refuses(
    "PATCH",
    "/1.0/projects/own",
    { config: { "features.storage.volumes": "false" } },
    400,
    /non-empty projects/,
  );
  assert.ok(existsSync(folderOf("own_plain")));
  await own.deleteStorageVolume("default", "plain");
  await client.deleteStorageVolume("default", "lent");
  for (const name of ["own", "shared"]) await client.deleteProject(name);
});

test("each change is an event with the volume's path", async () => {
  const { client } = shared;
  const stream = await client.openEvents({ types: ["lifecycle"] });
  await client.createStorageVolume("default", { name: "told" });
  await client.patchStorageVolume("default", "told", { description: "x" });
  await client.renameStorageVolume("default", "told", "tale");
  await client.deleteStorageVolume("default", "tale");
  const events: string[] = [];
  for await (const event of stream) {
    const { action, source } = event.metadata as { action: string; source: string };
    events.push(`${action} ${source}`);
    if (action === "storage-volume-deleted") break;
  }
  const expected = [
    ["created", "told"],
    ["updated", "told"],
    ["renamed", "tale"],
    ["deleted", "tale"],
  ];
  assert.deepEqual(
    events,
    expected.map(([verb, name]) => `storage-volume-${verb} ${custom}/${name}`),
  );
});
