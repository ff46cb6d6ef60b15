/** Publish: an image of an instance or of a snapshot has all that was in it, and nothing is left of one that does not come to be. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Image } from "../../sdk/api/image";
import { Client } from "../../sdk/index";
import type { TestDaemon } from "../support/daemon";
import { listed, oddImage } from "../support/odd-image";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { driversHere, smallPool } from "../support/storage";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  for (const { driver, skip: missing } of await driversHere()) {
    if (missing !== false) continue;
    await client.createStoragePool({ name: driver.name, driver: driver.name, config: smallPool(driver.name) });
  }
  const file = path.join(daemon.dir, "odd.tar");
  writeFileSync(file, await oddImage());
  await (await client.createImageFromFile(file)).wait();
  await (
    await client.createImage({ source: { type: "template", template: "busybox" }, aliases: [{ name: "bb" }] })
  ).wait();
  await make(daemon, "plain", "dir", "odd");
  await (await client.createSnapshot("plain", { name: "s0" })).wait();
  await make(daemon, "busy", "overlay", "odd");
  await (await client.setInstanceState("busy", { action: "start" })).wait();
  await (await client.createSnapshot("busy", { name: "s0" })).wait();
});

async function make({ client }: TestDaemon, name: string, pool: string, os: string): Promise<void> {
  const devices = { root: { type: "disk", path: "/", pool } };
  const source = { type: "image", properties: { os } };
  await (await client.createInstance({ name, devices, source, profiles: [] })).wait();
}

interface Published {
  readonly image: Image;
  readonly file: string;
}

/** Publishes and takes the image's file out. */
async function publish(source: object, more: object = {}): Promise<Published> {
  const told = await shared.outcome("POST", "/1.0/images", { source, ...more });
  assert.equal(told.status, 200, told.error);
  const { fingerprint, size } = told.metadata as { fingerprint: string; size: string };
  const { value: image } = await shared.client.getImage(fingerprint);
  assert.equal(String(image.size), size);
  const file = path.join(shared.daemon.dir, `${fingerprint}.out`);
  await shared.daemon.run(
    "curl",
    "-sS",
    "--unix-socket",
    shared.daemon.socket,
    "-o",
    file,
    `http://bothy/1.0/images/${fingerprint}/export`,
  );
  return { image, file };
}

const forget = async ({ image }: Published) => (await shared.client.deleteImage(image.fingerprint)).wait();

const inside = async (name: string, script: string): Promise<string> =>
  String((await shared.client.execOutput(name, { command: ["sh", "-c", script] })).stdout);

for (const driver of ["dir", "overlay", "btrfs", "lvm"])
  test(`an image of an instance in a pool of ${driver} has all that the instance has, and starts`, {
    skip,
  }, async (context) => {
    const here = (await driversHere()).find((one) => one.driver.name === driver);
    if (here === undefined || here.skip !== false) return context.skip(String(here?.skip));
    const { client, daemon } = shared;
    await make(daemon, "first", driver, "odd");
    const original = path.join(daemon.dir, "odd.tar");
    const published = await publish({ type: "container", name: "first" }, { compression_algorithm: "none" });
    const without = (lines: readonly string[]) => lines.filter((line) => !line.includes('"etc/hostname"'));
    assert.deepEqual(without(listed(published.file, "rootfs")), without(listed(original, "rootfs")));
    assert.deepEqual(published.image.properties, { os: "odd", release: "20.10" });
    const fingerprint = await daemon.run("sha256sum", published.file);
    assert.equal(fingerprint.slice(0, 64), published.image.fingerprint, "the fingerprint is that of the bytes");
    const source = { type: "image", fingerprint: published.image.fingerprint };
    const devices = { root: { type: "disk", path: "/", pool: driver } };
    await (await client.createInstance({ name: "second", devices, source, profiles: [] })).wait();
    await (await client.setInstanceState("second", { action: "start" })).wait();
    const see =
      "hostname; stat -c '%a %u:%g' /odd; stat -c '%a %u:%g %h' /odd/setuid /odd/far /odd/one; test /odd/one -ef /odd/two && readlink /odd/link";
    assert.equal(
      await inside("second", see),
      "second\n1751 7:8\n4711 12:34 1\n644 65533:65532 1\n644 0:0 2\n/etc/../../x\n",
    );
    assert.match(await inside("second", "sha256sum -c /data/SUMS && echo whole"), /whole\n$/);
    for (const name of ["first", "second"]) await (await client.deleteInstance(name, { force: true })).wait();
    await forget(published);
  });

test("what a guest changed, a hole of a terabyte and a name of any bytes go into the image of a snapshot", {
  skip,
}, async () => {
  const { client } = shared;
  await inside(
    "busy",
    "rm /odd/far; echo new > /odd/new; truncate -s 1099511627776 /odd/hole; touch \"$(printf '/odd/\\377\\376')\"",
  );
  await (await client.createSnapshot("busy", { name: "odd" })).wait();
  const published = await publish({ type: "snapshot", name: "busy/odd" });
  const lines = listed(published.file, "rootfs").join("\n");
  assert.doesNotMatch(lines, /odd\/far/);
  assert.match(lines, /0\/0 4 "odd\/new"/);
  assert.match(lines, new RegExp(`0/0 ${2 ** 40} "odd/hole"`));
  assert.match(lines, /"odd\/\\377\\376"/);
  assert.ok(published.image.size < 8 << 20, "the hole takes no room");
  await (await client.deleteSnapshot("busy", "odd")).wait();
  await forget(published);
});

test("an image is packed by each algorithm, by default as the project or the server says", { skip }, async () => {
  const { client } = shared;
  const magic = { none: "6d65", "xz -1": "fd37" };
  const source = { type: "snapshot", name: "plain/s0" };
  const startOf = async ({ file }: Published) =>
    (await shared.daemon.run("sh", "-c", `head -c 2 '${file}' | od -An -tx1`)).replaceAll(/\s/g, "");
  for (const [algorithm, bytes] of Object.entries(magic)) {
    const published = await publish(source, { compression_algorithm: algorithm });
    assert.equal(await startOf(published), bytes, algorithm);
    await forget(published);
  }
  const asSaid = async (bytes: string) => {
    const published = await publish(source);
    assert.equal(await startOf(published), bytes);
    await forget(published);
  };
  await asSaid("1f8b");
  await client.patchServer({ config: { "images.compression_algorithm": "bzip2" } });
  await asSaid("425a");
  await client.patchProject("default", { config: { "images.compression_algorithm": "zstd -1" } });
  await asSaid("28b5");
  await client.patchProject("default", { config: { "images.compression_algorithm": "" } });
  await client.patchServer({ config: { "images.compression_algorithm": "" } });
  await shared.refusesAtOnce(
    "PATCH",
    "/1.0",
    { config: { "images.compression_algorithm": "rm -rf" } },
    400,
    /must be none, bzip2/,
  );
});

test("properties, alias, expiry, name and publicity are those of the request", { skip }, async () => {
  const { client } = shared;
  const published = await publish(
    { type: "snapshot", name: "plain/s0" },
    {
      properties: { os: "mine", version: "yes" },
      aliases: [{ name: "mine/1", description: "of plain" }],
      public: true,
      filename: "mine.tar.gz",
      expires_at: "2031-01-01T00:00:00Z",
    },
  );
  const { image } = published;
  assert.deepEqual(image.properties, { os: "mine", version: "yes" });
  assert.deepEqual([image.public, image.filename], [true, "mine.tar.gz"]);
  assert.equal(Date.parse(image.expires_at), Date.parse("2031-01-01T00:00:00Z"));
  assert.deepEqual(image.aliases, [{ name: "mine/1", description: "of plain" }]);
  const yaml = await shared.daemon.run("tar", "-xOf", published.file, "metadata.yaml");
  assert.match(yaml, /version: "yes"/, "LXD reads a text");
  assert.match(yaml, /hostname\.tpl/);
  await shared.refusesAtOnce(
    "POST",
    "/1.0/images",
    { source: { type: "snapshot", name: "plain/s0" }, aliases: [{ name: "mine/1", description: "" }] },
    409,
    /already exists/,
  );
  await (await client.deleteImage(image.fingerprint)).wait();
});

test("what cannot be published is refused in LXD's words, and nothing is left", { skip }, async () => {
  const refuses = (source: object, status: number, message: RegExp, more: object = {}) =>
    shared.refuses("POST", "/1.0/images", { source, ...more }, status, message);
  await refuses({ type: "container", name: "busy" }, 400, /Cannot export a running instance as an image/);
  await refuses({ type: "container" }, 400, /No source provided/);
  await refuses({ type: "container", name: "nope" }, 404, /Instance not found/);
  await refuses({ type: "snapshot", name: "plain/nope" }, 404, /Instance snapshot not found/);
  await refuses({ type: "container", name: "plain/s0" }, 400, /This is a snapshot/);
  await refuses({ type: "snapshot", name: "plain" }, 400, /Not a snapshot/);
  for (const algorithm of ["foo", "gzip /etc/passwd", "xz -f", "gzip; true", "squashfs"])
    await refuses({ type: "container", name: "plain" }, 400, /Invalid compression algorithm/, {
      compression_algorithm: algorithm,
    });
  await shared.client.patchServer({ config: { "images.limits.size": "100KiB" } });
  await refuses({ type: "container", name: "plain" }, 400, /images\.limits\.size/);
  await shared.client.patchServer({ config: { "images.limits.size": "" } });
});

test("another project's instances are not published, and its images lie in it", { skip }, async () => {
  const { client, daemon } = shared;
  await client.createProject({ name: "lab" });
  await using lab = new Client({ endpoint: daemon.socket, project: "lab" });
  await shared.refusesAtOnce(
    "POST",
    "/1.0/images?project=lab",
    { source: { type: "container", name: "plain" } },
    404,
    /Instance not found/,
  );
  const devices = { root: { type: "disk", path: "/", pool: "dir" } };
  await (
    await lab.createInstance({
      name: "plain",
      devices,
      profiles: [],
      source: { type: "image", alias: "template:busybox" },
    })
  ).wait();
  const operation = await lab.createImage({ source: { type: "instance", name: "plain" } });
  await operation.wait();
  const [mine] = (await lab.listImages()).filter(
    ({ aliases, properties }) => aliases.length === 0 && properties.template,
  );
  assert.ok(mine);
  await (await lab.deleteInstance("plain")).wait();
  for (const { fingerprint } of await lab.listImages()) await (await lab.deleteImage(fingerprint)).wait();
  await client.deleteProject("lab");
});

/** Everything that is being packed. */
const working = (daemon: TestDaemon) => readdirSync(path.join(daemon.dir, "tmp"));

test("a publish that is cancelled, or cut off by a crash, leaves nothing", { skip }, async () => {
  const { client, daemon } = shared;
  await make(daemon, "large", "dir", "odd");
  const root = path.join(daemon.dir, "storage-pools", "dir", "containers", "large", "rootfs");
  await daemon.run("sh", "-c", `head -c 200M /dev/urandom > '${root}/noise'`);
  const begin = async () => {
    const answer = await shared.send("POST", "/1.0/images", {
      source: { type: "container", name: "large" },
      compression_algorithm: "xz -9",
    });
    await until(async () => working(daemon).some((name) => name.startsWith("pack-")));
    return String(answer.json.operation);
  };
  await shared.unchanged(async () => {
    const operation = await begin();
    assert.equal((await shared.send("DELETE", operation)).status, 200);
    const told = (await shared.send("GET", `${operation}/wait`)).json.metadata as { status: string; err: string };
    assert.deepEqual([told.status, told.err], ["Cancelled", "Operation cancelled"]);
  });
  await begin();
  await daemon.kill();
  await daemon.start();
  assert.deepEqual(working(daemon), []);
  await until(async () => {
    const found = await daemon.run("sh", "-c", "ps ax -o args | grep -c '[x]z -c -9' || true");
    return found.trim() === "0";
  });
  await (await client.deleteInstance("large")).wait();
});

test("images of two instances are made at once", {
  skip,
}, async () => {
  const both = await Promise.all(["plain/s0", "busy/s0"].map((name) => publish({ type: "snapshot", name })));
  assert.equal(new Set(both.map(({ image }) => image.fingerprint)).size, 2);
  for (const { file } of both) assert.match(listed(file, "rootfs").join("\n"), /12\/34 1 "odd\/setuid"/);
  for (const published of both) await forget(published);
});
