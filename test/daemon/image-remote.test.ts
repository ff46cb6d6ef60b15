/** Images of simplestreams servers: found by alias, fetched once, checked, kept and brought up to date (docs/lxd-api.md, Images from elsewhere). */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import type { Image } from "../../sdk/api/image";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { writeImage, writeSplitImage } from "../support/image";
import { sha256OfFiles as fingerprintOf, ImageServer, makeServerIdentity } from "../support/image-server";
import { peakBytes, resetPeak, residentBytes } from "../support/memory";
import { hasProgram } from "../support/netns";
import { processesWith } from "../support/process";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("squashfs", process.getuid?.() === 0 && hasProgram("mksquashfs"));

const identity = makeServerIdentity(["127.0.0.1", "10.99.0.1"]);
const files = mkdtempSync(path.join(tmpdir(), "bothy-remote-"));
let server: ImageServer;

/** Three versions of an image; what is in them differs. */
const [old, recent, newest] = ["old", "recent", "newest"].map((name) => {
  const folder = mkdtempSync(path.join(files, `${name}-`));
  writeSplitImage(folder, name, { files: 4, bytesPerFile: 100_000 });
  const at = (file: string) => path.join(folder, file);
  return { meta: at("lxd.tar.xz"), squashfs: at("root.squashfs"), tarball: at("root.tar.xz") };
}) as [Split, Split, Split];
interface Split {
  readonly meta: string;
  readonly squashfs: string;
  readonly tarball: string;
}
const unified = path.join(files, "unified.tar.gz");
writeImage(unified, "unified", { files: 4, bytesPerFile: 200_000 });

const both = ({ meta, squashfs, tarball }: Split) => ({
  files: { "lxd.tar.xz": meta, squashfs, "root.tar.xz": tarball },
});
const whole = { files: { "lxd_combined.tar.gz": unified } };

/** What the server has unless a test says otherwise. */
const alpine = {
  os: "Alpine",
  release: "3.20",
  aliases: "alpine/3.20,alpine/3.20/default",
  versions: { "20261101_13:00": both(old), "20261125_13:00": both(recent) },
};
const tiny = { os: "Tiny", release: "1", aliases: "tiny", versions: { "20260101": whole } };
const foreign = { ...alpine, arch: "arm64", versions: { "20261126_13:00": both(newest) } };

// Before the daemon ends, of which nothing may be left.
after(async () => {
  await server[Symbol.asyncDispose]();
  for (const folder of [files, identity.folder]) rmSync(folder, { recursive: true });
});

const shared = shareDaemon({ env: { NODE_EXTRA_CA_CERTS: identity.cert } }, async (daemon) => {
  await preparePool(daemon, "overlay");
  server = await ImageServer.start(daemon.netns.pid, { port: 8500, identity });
  server.offer([alpine, tiny, foreign]);
});
const url = "https://127.0.0.1:8500";
const remote = (alias: string) => ({ type: "image", mode: "pull", server: url, protocol: "simplestreams", alias });
const all = () => shared.client.listImages();

async function fetched(source: object, more: object = {}): Promise<Image> {
  const told = await shared.outcome("POST", "/1.0/images", { source, ...more });
  assert.equal(told.status, 200, told.error);
  const { fingerprint } = told.metadata as { fingerprint: string };
  return (await shared.client.getImage(fingerprint)).value;
}

afterEach(removeAll);

async function removeAll(): Promise<void> {
  for (const { name } of await shared.client.listInstances())
    await (await shared.client.deleteInstance(name, { force: true })).wait();
  for (const { fingerprint } of await all()) await (await shared.client.deleteImage(fingerprint)).wait();
  server.rule();
  server.offer([alpine, tiny, foreign]);
  server.asked();
}

/** The request is refused with this, and leaves nothing. */
const refuses = (source: object, status: number, message: RegExp) =>
  shared.refuses("POST", "/1.0/images", { source }, status, message);

test("an instance is made of an alias of another server: the newest version for this host, kept as a cached image", {
  skip,
}, async () => {
  const { client } = shared;
  const source = { ...remote("alpine/3.20"), server: `${url}/` };
  const operation = await client.createInstance({ name: "web", source: { ...source, server: url } });
  const done = await operation.wait();
  const fingerprint = fingerprintOf(recent.meta, recent.squashfs);
  assert.match(String(done.metadata?.download_progress), /^rootfs: 100% \([\d.]+[kMG]?B\/s\)$/);
  const { value: image } = await client.getImage(fingerprint);
  assert.deepEqual(
    [image.cached, image.auto_update, image.public, image.architecture, image.filename],
    [true, true, false, "x86_64", "lxd.tar.xz"],
  );
  assert.deepEqual(image.update_source, {
    alias: "alpine/3.20",
    certificate: "",
    protocol: "simplestreams",
    server: url,
    image_type: "container",
  });
  assert.deepEqual(image.properties, {
    architecture: "amd64",
    description: "Alpine 3.20 amd64 (20261125_13:00)",
    os: "Alpine",
    release: "3.20",
    serial: "20261125_13:00",
    type: "squashfs",
  });
  assert.equal(image.created_at, "2026-11-25T00:00:00.000000000Z");
  assert.ok(image.last_used_at > "2026", image.last_used_at);
  const { value: web } = await client.getInstance("web");
  assert.equal(web.config["volatile.base_image"], fingerprint);
  assert.equal(web.config["image.serial"], "20261125_13:00");
  await (await client.setInstanceState("web", { action: "start" })).wait();
  const session = await client.execInstance("web", { command: ["sha256sum", "-c", "/data/SUMS"] });
  assert.equal(await session.exit, 0);
  server.asked();
  await (await client.createInstance({ name: "second", source: remote("alpine/3.20") })).wait();
  assert.deepEqual(server.asked(), [], "the server is not asked again");
});

test("an image is copied from another server with aliases, properties and visibility, and stays", {
  skip,
}, async () => {
  const image = await fetched(remote("alpine/3.20/amd64"), {
    aliases: [{ name: "mine/alpine", description: "d" }],
    properties: { note: "n", serial: "" },
    public: true,
    auto_update: true,
    expires_at: "0001-01-01T00:00:00Z",
  });
  assert.deepEqual([image.cached, image.auto_update, image.public], [false, true, true]);
  assert.deepEqual(image.aliases, [{ name: "mine/alpine", description: "d" }]);
  assert.deepEqual([image.properties.note, image.properties.serial, image.properties.os], ["n", undefined, "Alpine"]);
  assert.equal(image.expires_at, "1970-01-01T00:00:00Z");
  await shared.refusesAtOnce(
    "POST",
    "/1.0/images",
    { source: remote("tiny"), aliases: [{ name: "mine/alpine", description: "" }] },
    409,
    /Alias "mine\/alpine" already exists/,
  );
  const again = await fetched(remote("alpine/3.20"), { properties: { more: "m" } });
  assert.deepEqual([again.fingerprint, again.properties.note, again.properties.more], [image.fingerprint, "n", "m"]);
});

test("a fingerprint, its beginning, or a fingerprint's field with an alias in it names an image as well", {
  skip,
}, async () => {
  const fingerprint = fingerprintOf(old.meta, old.tarball);
  const source = { ...remote(""), alias: undefined, fingerprint: fingerprint.slice(0, 20) };
  const image = await fetched(source, { auto_update: false });
  assert.equal(image.fingerprint, fingerprint);
  assert.equal(image.update_source, undefined, "a fingerprint never means another image");
  const tiny = await fetched({ ...source, fingerprint: "tiny" });
  assert.deepEqual([tiny.fingerprint, tiny.update_source?.alias], [fingerprintOf(unified), "tiny"]);
  const arm = await fetched(remote("alpine/3.20/arm64"));
  assert.equal(arm.properties.architecture, "arm64");
  await removeAll();
  await refuses(remote("nope"), 404, /Image not found: .*alias or fingerprint "nope"/);
});

test("what many ask for at once is downloaded once, and all see how far it is; one that is cancelled leaves the others", {
  skip,
}, async () => {
  const { client } = shared;
  server.rule({ path: "/Alpine/3.20/amd64/20261125_13:00/squashfs", hold: 100_000 });
  const source = remote("alpine/3.20");
  const first = await client.createImage({ source });
  const others = await Promise.all(["a", "b"].map((name) => client.createInstance({ name, source })));
  const path = `/1.0/operations/${first.id}`;
  const show = async (url: string) =>
    (await shared.send("GET", url)).json.metadata as { metadata: Record<string, unknown> };
  for (const one of [first, ...others])
    await until(async () => {
      const { metadata } = await show(`/1.0/operations/${one.id}`);
      return /^rootfs: \d+% \(/.test(String(metadata?.download_progress));
    });
  const { progress } = (await show(path)).metadata as { progress: Record<string, string> };
  assert.equal(progress.stage, "download");
  assert.ok(Number(progress.processed) > 0 && Number(progress.percent) > 0, JSON.stringify(progress));
  assert.equal((await shared.send("DELETE", path)).status, 200);
  await assert.rejects(first.wait(), /cancelled/i);
  server.release();
  for (const one of others) await one.wait();
  const roots = server.asked().filter(({ url }) => url.endsWith("/squashfs"));
  assert.equal(roots.length, 1);
  assert.equal((await all()).length, 1);
});

test("a download that nobody waits for any more ends and leaves nothing", { skip }, async () => {
  await shared.unchanged(async () => {
    server.rule({ path: "/Alpine/3.20/amd64/20261125_13:00/squashfs", hold: 100_000 });
    const operation = await shared.client.createImage({ source: remote("alpine/3.20") });
    await until(async () => server.asked().some(({ url }) => url.endsWith("/squashfs")));
    assert.equal((await shared.send("DELETE", `/1.0/operations/${operation.id}`)).status, 200);
    await assert.rejects(operation.wait(), /cancelled/i);
  });
});

test("a broken connection is resumed where it broke, or from the start where the server cannot", { skip }, async () => {
  for (const noRange of [false, true]) {
    server.rule(
      { path: "/Alpine/3.20/amd64/20261125_13:00/squashfs", cut: 150_000, times: 1 },
      { path: "/Alpine/3.20/amd64/20261125_13:00/squashfs", noRange },
    );
    await fetched(remote("alpine/3.20"));
    const roots = server.asked().filter(({ url }) => url.endsWith("/squashfs"));
    assert.equal(roots.length, 2);
    assert.match(String(roots[1]?.range), /^bytes=[1-9]\d+-$/);
    await removeAll();
  }
});

test("a server that lies gets nothing in", { skip }, async () => {
  const one = (lies: Record<string, Record<string, unknown>>) =>
    server.offer([{ ...alpine, versions: { "20261125_13:00": { ...both(recent), lies } } }]);
  const source = remote("alpine/3.20");
  one({ squashfs: { sha256: "0".repeat(64) } });
  await refuses(source, 400, /has the SHA-256 [0-9a-f]{64}, and the server's list says 0000/);
  one({ squashfs: { size: 1000 } });
  await refuses(source, 400, /has more than the 1000 bytes/);
  one({ "lxd.tar.xz": { combined_squashfs_sha256: "1".repeat(64) } });
  await refuses(source, 400, /has the fingerprint [0-9a-f]{64}, not 1111/);
  one({ squashfs: { path: "https://elsewhere.example/root" } });
  await refuses(source, 400, /leads elsewhere/);
  one({ squashfs: { path: "../../../etc/passwd" } });
  await refuses(source, 404, /answers 404|leads elsewhere/);
  one({});
  server.rule({ path: "/Alpine/3.20/amd64/20261125_13:00/squashfs", endless: true });
  await refuses(source, 400, /has more than the \d+ bytes/);
  server.rule({ path: "/streams/v1/index.json", endless: true });
  await refuses(source, 400, /index\.json" *: it is longer than \d+ bytes|is longer than/);
  server.rule({ path: "/streams/v1/images.json", status: 200, body: "[".repeat(100_000) });
  await refuses(source, 400, /it is no JSON/);
  server.rule({ path: "/streams/v1/index.json", status: 200, body: "[]" });
  await refuses(source, 400, /no index of simplestreams/);
  server.rule({ path: "/streams/", status: 302, headers: { location: "/streams/more" } });
  await refuses(source, 503, /redirects too often/);
  server.rule({ path: "/streams/", status: 302, headers: { location: "http://127.0.0.1:1/" } });
  await refuses(source, 503, /which is not HTTPS/);
  server.rule({ path: "/streams/", status: 500 });
  await refuses(source, 503, /the server answers 500/);
  server.rule();
  server.offer([{ ...alpine, versions: { "20261125": { files: { "lxd_combined.tar.gz": recent.meta } } } }]);
  await refuses(source, 400, /Cannot import image/);
});

test("others are answered while a long list is read, which costs the daemon no memory", { skip }, async () => {
  const { daemon } = shared;
  const list = JSON.parse(server.read("streams/v1/images.json")) as { products: Record<string, object> };
  const aliases = (at: number) => Array.from({ length: 150 }, (_, index) => `many/${at}/${index}`).join(",");
  for (let at = 0; at < 20_000; at += 1)
    list.products[`many:${at}`] = { aliases: aliases(at), arch: "amd64", versions: {} };
  const text = JSON.stringify(list);
  assert.ok(text.length > 40 << 20, `${text.length}`);
  server.put("streams/v1/images.json", text);
  const readers = () => processesWith((words) => words.some((word) => /products-process\.js$/.test(word)));
  resetPeak(daemon.pid);
  const before = residentBytes(daemon.pid);
  let isOver = false;
  const done = fetched(remote("tiny")).finally(() => {
    isOver = true;
  });
  let answers = 0;
  while (!isOver) {
    const reading = readers();
    assert.equal((await shared.send("GET", "/1.0")).status, 200);
    const still = readers();
    if (reading.some((pid) => still.includes(pid))) answers += 1;
  }
  assert.equal((await done).fingerprint, fingerprintOf(unified));
  assert.ok(answers > 1, `${answers} answers while the list was read`);
  const grown = (peakBytes(daemon.pid) - before) / (1 << 20);
  assert.ok(grown < 100, `${grown} MiB`);
});

test("a list that would take all memory is refused", { skip }, async () => {
  server.put("streams/v1/images.json", `{"products":{"a":[${"[[]],".repeat(9_000_000)}1]}}`);
  await refuses(remote("tiny"), 400, /reading them takes more than \d+ (MiB of memory|seconds)/);
});

test("a source that is none is refused at once", { skip }, async () => {
  const wrong: [source: object, message: RegExp][] = [
    [{ ...remote("x"), server: "" }, /has no "server"/],
    [{ ...remote("") }, /must specify one of alias or fingerprint/],
    [{ ...remote("x"), protocol: "gopher" }, /Unsupported protocol/],
    [{ ...remote("x"), image_type: "virtual-machine" }, /containers only/],
    [{ ...remote("x"), mode: "relay" }, /mode "relay"/],
    [{ type: "url" }, /Missing URL/],
  ];
  for (const [source, message] of wrong) await shared.refusesAtOnce("POST", "/1.0/images", { source }, 400, message);
  const later: [source: object, status: number, message: RegExp][] = [
    [{ ...remote("x"), server: "ftp://127.0.0.1" }, 400, /must begin with https:\/\//],
    [{ ...remote("x"), server: "https://user:pw@127.0.0.1:8500" }, 400, /must not have a user/],
    [{ ...remote("x"), certificate: "junk" }, 400, /certificate in PEM/],
    [{ ...remote("x"), server: "https://127.0.0.1:1" }, 503, /nobody listens there/],
    [{ ...remote("x"), protocol: "lxd", server: "http://127.0.0.1:8500" }, 400, /by HTTPS/],
  ];
  for (const [source, status, message] of later) await refuses(source, status, message);
});

test("a server is believed by the system's authorities, or by the certificate that the source names, and by no other", {
  skip,
}, async () => {
  const other = makeServerIdentity(["127.0.0.1"]);
  await using strange = await ImageServer.start(shared.daemon.netns.pid, { port: 8501, identity: other });
  strange.offer([tiny]);
  const source = { ...remote("tiny"), server: "https://127.0.0.1:8501" };
  const pem = (file: string) => readFileSync(file, "utf8");
  await refuses(
    source,
    403,
    /Cannot trust the server at "https:\/\/127.0.0.1:8501": its certificate is not one that counts/,
  );
  await refuses({ ...source, certificate: pem(identity.cert) }, 403, /Cannot trust/);
  assert.deepEqual(strange.asked(), [], "nothing was sent to it");
  const image = await fetched({ ...source, certificate: pem(other.cert) });
  assert.equal(image.update_source?.certificate, pem(other.cert));
  rmSync(other.folder, { recursive: true });
});

test("an address is an image when it says so in its headers", { skip }, async () => {
  const headers = {
    "LXD-Image-Hash": fingerprintOf(unified),
    "LXD-Image-URL": `${url}/Tiny/1/amd64/20260101/lxd_combined.tar.gz`,
  };
  server.rule({ path: "/get", status: 200, headers });
  const image = await fetched(
    { type: "url", url: `${url}/get` },
    { aliases: [{ name: "got", description: "" }], public: true },
  );
  assert.deepEqual([image.fingerprint, image.public, image.aliases[0]?.name], [fingerprintOf(unified), true, "got"]);
  assert.equal(image.properties.os, "busybox");
  await removeAll();
  server.rule({ path: "/get", status: 200, headers: { ...headers, "LXD-Image-Hash": "2".repeat(64) } });
  await refuses({ type: "url", url: `${url}/get` }, 400, /has the fingerprint [0-9a-f]{64}, not 2222/);
  server.rule({ path: "/get", status: 200 });
  await refuses({ type: "url", url: `${url}/get` }, 400, /Missing LXD-Image-Hash header/);
});

test("a refresh brings the newer image in the place of the older one; instances stay as they are", {
  skip,
}, async () => {
  const { client } = shared;
  const before = await fetched(remote("alpine/3.20"), {
    aliases: [{ name: "mine", description: "d" }],
    auto_update: true,
    profiles: ["default"],
  });
  await (await client.createInstance({ name: "web", source: { type: "image", alias: "mine" } })).wait();
  const refresh = (fingerprint: string) => shared.outcome("POST", `/1.0/images/${fingerprint}/refresh`);
  assert.deepEqual((await refresh(before.fingerprint)).metadata, { refreshed: false });
  server.offer([{ ...alpine, versions: { ...alpine.versions, "20261126_13:00": both(newest) } }, tiny]);
  const done = await refresh(before.fingerprint.slice(0, 12));
  assert.equal((done.metadata as { refreshed: boolean }).refreshed, true, done.error);
  const [now, ...rest] = await all();
  assert.deepEqual(rest, []);
  assert.equal(now?.fingerprint, fingerprintOf(newest.meta, newest.squashfs));
  assert.deepEqual([now?.aliases, now?.auto_update, now?.cached], [[{ name: "mine", description: "d" }], true, false]);
  assert.equal((await client.getInstance("web")).value.config["volatile.base_image"], before.fingerprint);
  await (await client.setInstanceState("web", { action: "start" })).wait();
  const still = await fetched({ ...remote(""), alias: undefined, fingerprint: fingerprintOf(unified) });
  const told = await refresh(still.fingerprint);
  assert.deepEqual([told.status, /did not come from an alias/.test(told.error)], [400, true]);
});

test("servers are reached by the proxies that the configuration names, but those that need none", {
  skip,
}, async () => {
  const { daemon } = shared;
  await daemon.run("ip", "address", "add", "10.99.0.1/32", "dev", "lo");
  await using far = await ImageServer.start(daemon.netns.pid, { address: "10.99.0.1", port: 8502, identity });
  await using plain = await ImageServer.start(daemon.netns.pid, { address: "10.99.0.1", port: 8503 });
  await using proxy = await ImageServer.start(daemon.netns.pid, { port: 3128 });
  for (const one of [far, plain]) one.offer([tiny]);
  const set = async (config: Record<string, string>) =>
    assert.equal((await shared.send("PATCH", "/1.0", { config })).status, 200);
  await set({ "core.proxy_https": proxy.url, "core.proxy_http": "127.0.0.1:1" });
  await fetched({ ...remote("tiny"), server: far.url });
  assert.deepEqual(
    new Set(proxy.asked().map(({ method, url }) => `${method} ${url}`)),
    new Set(["CONNECT 10.99.0.1:8502"]),
  );
  await removeAll();
  await refuses({ ...remote("tiny"), server: plain.url }, 503, /Cannot reach the server/);
  await set({ "core.proxy_ignore_hosts": "example.org, 10.99.0.1", "core.proxy_https": "http://127.0.0.1:1" });
  await fetched({ ...remote("tiny"), server: far.url });
  await fetched({ ...remote("tiny"), server: url });
  await set({ "core.proxy_https": "", "core.proxy_http": "", "core.proxy_ignore_hosts": "" });
  const bad = await shared.send("PATCH", "/1.0", { config: { "core.proxy_http": "ftp://x" } });
  assert.equal(bad.status, 400);
});

test("a project has images of other servers of its own, and follows its own word on how long they are kept", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  await client.createProject({
    name: "lab",
    config: { "images.auto_update_cached": "false", "features.profiles": "false" },
  });
  const lab = new Client({ endpoint: daemon.socket, project: "lab" });
  await fetched(remote("alpine/3.20"));
  server.asked();
  await (await lab.createInstance({ name: "web", source: remote("alpine/3.20") })).wait();
  assert.deepEqual(
    server.asked().filter(({ url }) => url.endsWith("/squashfs")),
    [],
    "the bytes are here already",
  );
  const [own] = await lab.listImages();
  assert.deepEqual([own?.cached, own?.auto_update, own?.aliases], [true, false, []]);
  await (await lab.deleteInstance("web", { force: true })).wait();
  await removeAll();
  await (await lab.deleteImage(own?.fingerprint ?? "")).wait();
  await lab.close();
  await client.deleteProject("lab");
});
