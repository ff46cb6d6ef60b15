/** Images of OCI that are not what they should be, and registries that do not give what they should (docs/oci.md). */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { preparePool } from "../support/daemon";
import { type Identity, listenAt, makeIdentity, Network, trust } from "../support/https";
import { busyboxLayer, type ImageParts, manifestType, type OciImage, ociImage } from "../support/oci";
import { lacksOci } from "../support/oci-scene";
import { Registry } from "../support/registry";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";
import { type Entry, tarball } from "./image-scene";

const skip = lacksOci();

let registry: Registry;
let network: Network | undefined;
after(async () => {
  await network?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

const lab: Identity = makeIdentity("lab");

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "dir");
  registry = await Registry.start(daemon.netns.pid, { port: 5000 });
  await listenAt(daemon);
  await daemon.client.createProject({ name: "lab", config: { "features.images": "true" } });
  await trust(daemon, lab, { restricted: true, projects: ["lab"] });
  network = await Network.to(daemon);
});

afterEach(async () => {
  for (const { fingerprint } of await shared.client.listImages())
    await (await shared.client.deleteImage(fingerprint)).wait();
  registry.rule();
  registry.asked();
});

const source = (alias: string) => ({ type: "image", mode: "pull", server: registry.url, protocol: "oci", alias });
const post = (alias: string, more: object = {}) => ["POST", "/1.0/images", { source: source(alias), ...more }] as const;
const plain: ImageParts = {
  layers: [
    [
      { name: "etc/", type: "directory" },
      { name: "etc/kept", content: "x" },
    ],
  ],
  run: { Cmd: ["/bin/true"] },
};
/** The last layer over one that is as it should be. */
const withLayer = (...entries: readonly Entry[]): Promise<OciImage> =>
  ociImage({ ...plain, layers: [...plain.layers, entries] });

async function fetched(alias: string, more: object = {}): Promise<string> {
  const told = await shared.outcome(...post(alias, more));
  assert.equal(told.status, 200, told.error);
  return (told.metadata as { fingerprint: string }).fingerprint;
}

/** The file system of an image, by what a stopped container of it has. */
async function withRoot(alias: string, look: (root: string) => void): Promise<void> {
  const { client, daemon } = shared;
  await (await client.createInstance({ name: "look", source: source(alias) })).wait();
  try {
    look(path.join(daemon.dir, "storage-pools/default/containers/look/rootfs"));
  } finally {
    await (await client.deleteInstance("look")).wait();
  }
}

test("what is not there, or is no registry, is said so", { skip }, async () => {
  registry.offer("app", "latest", await ociImage(plain));
  await shared.refuses(...post("app:nosuch"), 404, /the registry "127.0.0.1:5000" has no "app:nosuch"/);
  await shared.refuses(...post("nosuch"), 404, /has no "nosuch"/);
  await shared.refusesAtOnce(...post("--help"), 400, /is not a name in a registry/);
  const folder = { source: { ...source("app"), server: "oci:/etc" } };
  await shared.refusesAtOnce("POST", "/1.0/images", folder, 400, /is not the address of a registry/);
  const away = { ...source("app"), server: "http://127.0.0.1:5999" };
  await shared.refuses("POST", "/1.0/images", { source: away }, 503, /connection refused/);
  const secure = { ...source("app"), server: "https://127.0.0.1:5000" };
  await shared.refuses("POST", "/1.0/images", { source: secure }, 503, /HTTPS/);
});

test("manifests and configurations that are none are refused", { skip }, async () => {
  const offer = async (name: string, parts: Partial<ImageParts>) =>
    registry.offer(name, "latest", await ociImage({ ...plain, ...parts }));
  await offer("layers", { manifest: { layers: "many" } });
  await shared.refuses(...post("layers"), 400, /its manifest is not one of OCI: layers/);
  await offer("digest", { manifest: { layers: [{ digest: "sha256:../../etc/passwd", size: 1 }] } });
  await shared.refuses(...post("digest"), 400, /layers\.0\.digest: must be a SHA-256/);
  await offer("elsewhere", {
    manifest: { layers: [{ digest: `sha256:${"0".repeat(64)}`, size: 1, urls: ["http://127.0.0.1/x"] }] },
  });
  await shared.refuses(...post("elsewhere"), 400, /layers that lie elsewhere/);
  await offer("windows", { config: { os: "windows" } });
  await shared.refuses(...post("windows"), 400, /it is for "windows", not for linux/);
  await offer("vax", { config: { architecture: "vax" } });
  await shared.refuses(...post("vax"), 400, /its architecture "vax" is not known/);
  await offer("nobody", { run: { Cmd: ["/bin/true"], User: "nobody-here" } });
  await shared.refuses(...post("nobody"), 400, /cannot be put together/);
  await offer("folder", { run: { Cmd: ["/bin/true"], WorkingDir: "relative" } });
  await shared.refuses(...post("folder"), 400, /config\.json is not valid: process\.cwd/);
  await offer("huge", { run: { Cmd: ["/bin/true"], Env: [`A=${"x".repeat(200_000)}`] } });
  await shared.refuses(...post("huge"), 400, /config\.json is not valid: process\.env\.\d+: must not have more than/);
  const volumes = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`/v${index}`, {}]));
  await offer("volumes", { run: { Cmd: ["/bin/true"], Volumes: volumes } });
  await shared.refuses(...post("volumes"), 400, /declares 300 volumes/);
  await offer("lying", { config: { rootfs: { type: "layers", diff_ids: [`sha256:${"2".repeat(64)}`] } } });
  await shared.refuses(...post("lying"), 400, /cannot be put together/);
  await offer("fewer", { config: { rootfs: { type: "layers", diff_ids: [] } } });
  await shared.refuses(...post("fewer"), 400, /cannot be put together/);
  await offer("long", { config: { comment: "x".repeat(5 << 20) } });
  await shared.refuses(...post("long"), 400, /exceeded maximum allowed size/);
  await offer("lacking", { manifest: { layers: [{ digest: `sha256:${"1".repeat(64)}`, size: 10 }] } });
  await shared.refuses(...post("lacking"), 404, /has no "lacking"/);
});

/** A tarball of a layout, as clients send it, with other entries after it. */
function archive(images: readonly OciImage[], ...more: readonly Entry[]): Promise<Buffer> {
  const manifests = images.map(({ manifest, digest }) => ({
    mediaType: manifestType,
    digest: `sha256:${digest}`,
    size: manifest.length,
  }));
  const blobs = new Map(images.flatMap(({ blobs: own, manifest, digest }) => [...own, [digest, manifest] as const]));
  return tarball([
    { name: "oci-layout", content: JSON.stringify({ imageLayoutVersion: "1.0.0" }) },
    { name: "index.json", content: JSON.stringify({ schemaVersion: 2, manifests }) },
    ...[...blobs].map(([digest, content]): Entry => ({ name: `blobs/sha256/${digest}`, content })),
    ...more,
  ]);
}

test("archives that hold no image, several, or links to elsewhere are refused", { skip }, async () => {
  const image = await ociImage(plain);
  const other = await withLayer({ name: "other", content: "x" });
  const refuses = async (body: Promise<Buffer>, message: RegExp) =>
    shared.refuses("POST", "/1.0/images", await body, 400, message);
  await refuses(archive([]), /its archive of OCI cannot be read/);
  await refuses(archive([image, other]), /its archive of OCI cannot be read: .*Make it with one image in it/);
  const lacking = { ...image, blobs: new Map([...image.blobs].slice(1)) };
  await refuses(archive([lacking]), /its archive of OCI cannot be read/);
  const [first = ""] = image.blobs.keys();
  const changed = { ...image, blobs: new Map([...image.blobs, [first, Buffer.from("other bytes")]]) };
  await refuses(archive([changed]), /its archive of OCI cannot be read: .*(digest|size)/i);
  const link: Entry = { name: `blobs/sha256/${first}`, type: "symlink", linkname: "/etc/passwd" };
  await refuses(archive([lacking], link), /its archive of OCI cannot be read/);
  await refuses(archive([image], { name: "../escaped", content: "x" }), /leaves the root file system/);
  const both = archive([image], { name: "metadata.yaml", content: "architecture: x86_64" });
  await refuses(both, /it holds no folder rootfs/);

  const { json } = await shared.send("POST", "/1.0/images", await archive([image]), { "x-lxd-filename": "app.tar" });
  const told = await shared.send("GET", `${json.operation}/wait`);
  assert.match(told.text, /"status_code":200/);
  const [made] = await shared.client.listImages();
  assert.deepEqual([made?.properties.type, made?.properties.id], ["oci", "app.tar"]);
});

test("a restricted client sends an archive as any other image, and nothing makes the daemon read a path", {
  skip,
}, async () => {
  assert.ok(network !== undefined);
  const bytes = await archive([await ociImage(plain)]);
  const { json } = await network.send(lab, "POST", "/1.0/images?project=lab", bytes);
  assert.match((await network.send(lab, "GET", `${json.operation}/wait`)).text, /"status_code":200/);
  assert.equal((await shared.client.listImages()).length, 0, "it is in its own project");
  for (const server of ["oci:/etc", "oci-archive:/etc/passwd", "dir:/etc", "docker-daemon:x"]) {
    const body = { source: { ...source("app"), server } };
    assert.equal((await network.send(lab, "POST", "/1.0/images?project=lab", body)).status, 400, server);
  }
  const { metadata } = (await shared.send("GET", "/1.0/images?project=lab")).json as { metadata: string[] };
  for (const url of metadata) assert.equal((await shared.outcome("DELETE", url)).status, 200);
});

test("a registry that sends other bytes than it promised, or more, gives nothing", { skip }, async () => {
  const image = await ociImage(plain);
  registry.offer("app", "latest", image);
  const [layer] = (JSON.parse(String(image.manifest)) as { layers: { digest: string }[] }).layers;
  const blob = `/v2/app/blobs/${layer?.digest}`;
  registry.rule({ path: blob, status: 200, body: "other" });
  await shared.refuses(...post("app"), 503, /digest|size|EOF/i);
  registry.rule({ path: blob, endless: true });
  await shared.refuses(...post("app"), 400, /sends more than its manifest says/);
});

test("links and names that lead out of an image's root stay in it", { skip }, async () => {
  const outside = path.join(shared.daemon.dir, "outside");
  const kept = path.join(shared.daemon.dir, "kept");
  writeFileSync(kept, "of the host");
  const image = await withLayer(
    { name: "away", type: "symlink", linkname: "/tmp" },
    { name: "away/written", content: "x" },
    { name: "up", type: "symlink", linkname: "../../../../../../../../../../tmp" },
    { name: "up/too", content: "x" },
    { name: "state", type: "symlink", linkname: shared.daemon.dir },
    { name: "state/outside", content: "x" },
    { name: "linked", type: "link", linkname: "etc/kept" },
  );
  registry.offer("links", "latest", image);
  await withRoot("links", (root) => {
    for (const file of ["tmp/written", "tmp/too", "linked", outside.slice(1)])
      assert.ok(existsSync(path.join(root, file)), file);
  });
  for (const file of [outside, "/tmp/written", "/tmp/too"]) assert.ok(!existsSync(file), file);

  const sparse = { "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": "8796093022208" };
  registry.offer(
    "sparse",
    "latest",
    await withLayer({
      name: "holes",
      content: "",
      pax: { ...sparse, "GNU.sparse.map": "", "GNU.sparse.numblocks": "0" },
    }),
  );
  await shared.refuses(...post("sparse"), 400, /a layer has the sparse file "holes"/);
  registry.offer("dots", "latest", await withLayer({ name: "../../escaped", content: "x" }));
  await shared.refuses(...post("dots"), 400, /leaves the root file system/);
  registry.offer("whiteout", "latest", await withLayer({ name: "etc/.wh...", content: "" }));
  await shared.refuses(...post("whiteout"), 400, /cannot be put together|leaves/);
  for (const [name, whiteout] of [
    ["empty", "etc/.wh."],
    ["itself", "etc/.wh.."],
    ["away", "away/.wh.kept"],
    ["climbs", "up/.wh.kept"],
  ] as const) {
    const tricks = await withLayer(
      { name: "away", type: "symlink", linkname: path.dirname(kept) },
      { name: "up", type: "symlink", linkname: `../../../../../../../../../..${path.dirname(kept)}` },
      { name: whiteout, content: "" },
    );
    registry.offer(name, "latest", tricks);
    const told = await shared.outcome(...post(name));
    assert.ok(told.status === 200 || told.status === 400, `${name}: ${told.error}`);
    assert.equal(readFileSync(kept, "utf8"), "of the host", name);
  }
  registry.offer("hard", "latest", await withLayer({ name: "hard", type: "link", linkname: "/etc/shadow" }));
  await shared.refuses(...post("hard"), 400, /cannot be put together/);
});

test("device nodes of an image are left out of unprivileged containers", { skip }, async () => {
  registry.offer(
    "devices",
    "latest",
    await withLayer({ name: "disk", type: "block-device", devmajor: 7, devminor: 0 }, { name: "file", content: "x" }),
  );
  await withRoot("devices", (root) => assert.deepEqual(readdirSync(root).sort(), ["etc", "file"]));
});

test("an image larger than the server's limits allow is refused before it fills the disk", { skip }, async () => {
  const { client } = shared;
  const limit = async (config: Record<string, string>) => {
    const { value } = await client.getServer();
    await client.updateServer({ config: { ...value.config, ...config } });
  };
  registry.offer("zeros", "latest", await withLayer({ name: "zeros", content: Buffer.alloc(8 << 20) }));
  try {
    await limit({ "images.limits.size": "4MiB" });
    await shared.refuses(...post("zeros"), 400, /it unpacks to more bytes than "images\.limits\.size" allows/);
    await limit({ "images.limits.size": "1000" });
    registry.offer("random", "latest", await ociImage({ ...plain, layers: [busyboxLayer()] }));
    registry.asked();
    await shared.refuses(...post("random"), 400, /its layers have more bytes than "images\.limits\.size" allows/);
    assert.ok(!registry.asked().some((url) => url.includes("/blobs/")), "no layer was fetched");
    await limit({ "images.limits.size": "", "images.limits.entries": "5" });
    registry.offer(
      "many",
      "latest",
      await withLayer(...Array.from({ length: 6 }, (_, at): Entry => ({ name: `file${at}`, content: "" }))),
    );
    await shared.refuses(...post("many"), 400, /its layers have more files and folders/);
  } finally {
    await limit({ "images.limits.size": "", "images.limits.entries": "" });
  }
});

test("an image is fetched once, and found again by the digests that its registry calls it by", { skip }, async () => {
  const image = await ociImage(plain);
  const other = await ociImage({ ...plain, config: { architecture: "s390x" } });
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const list = registry.offerList("app", "1", { s390x: other, [architecture]: image });
  const [one, two] = await Promise.all([fetched("app:1"), fetched("app:1")]);
  assert.equal(one, two);
  const blobs = registry.asked().filter((url) => url.includes("/blobs/"));
  assert.equal(new Set(blobs).size, blobs.length, "no blob twice");
  assert.equal(await fetched("app:1"), one);
  assert.ok(!registry.asked().some((url) => url.includes("/blobs/")), "it was here");
  for (const digest of [image.digest, list])
    assert.equal((await shared.client.getImage(digest)).value.fingerprint, one);
  const { value } = await shared.client.getImage(one);
  assert.deepEqual(value.update_source, {
    alias: "app:1",
    certificate: "",
    protocol: "oci",
    server: registry.url,
    image_type: "container",
  });
  assert.equal(value.created_at, "2024-01-02T03:04:05.000000000Z");
  // Only for other machines.
  registry.offerList("far", "1", { s390x: other });
  await shared.refuses(...post("far:1"), 404, /is not there for the architecture .*; there is one for s390x/);

  // A newer one under the same tag.
  registry.offerList("app", "1", { [architecture]: await withLayer({ name: "newer", content: "x" }) });
  const refreshed = await shared.outcome("POST", `/1.0/images/${one}/refresh`);
  assert.equal(refreshed.status, 200, refreshed.error);
  const images = await shared.client.listImages();
  assert.equal(images.length, 1);
  assert.notEqual(images[0]?.fingerprint, one);
});

test("a download that is cancelled leaves nothing", { skip }, async () => {
  const image = await ociImage({ ...plain, layers: [busyboxLayer()] });
  registry.offer("slow", "latest", image);
  registry.rule({ path: "/v2/slow/blobs/", hold: 1000 });
  await shared.unchanged(async () => {
    const { json } = await shared.send(...post("slow"));
    await until(async () => registry.asked().some((url) => url.includes("/blobs/")));
    assert.equal((await shared.send("DELETE", json.operation ?? "")).status, 200);
    await until(async () => (await shared.send("GET", json.operation ?? "")).text.includes("Cancelled"));
  });
  registry.server.release();
});

test("the daemon's accounts open what they may to who has the whole server, and to nobody else", { skip }, async () => {
  registry.offer("secret", "latest", await ociImage(plain));
  registry.rule({
    path: "/v2/",
    unless: "me:word",
    status: 401,
    headers: { "www-authenticate": 'Basic realm="registry"' },
    body: '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
  });
  await shared.refuses(...post("secret"), 403, /does not let it be read: it is not there, or needs an account/);
  const auths = { "127.0.0.1:5000": { auth: Buffer.from("me:word").toString("base64") } };
  writeFileSync(path.join(shared.daemon.dir, "registries.json"), JSON.stringify({ auths }), { mode: 0o600 });
  await fetched("secret");
  assert.ok(network !== undefined);
  const { json } = await network.send(lab, "POST", "/1.0/images?project=lab", { source: source("secret") });
  const told = await network.send(lab, "GET", `${json.operation}/wait`);
  assert.match(told.text, /"status_code":400/);
  assert.match(told.text, /what the server's administrator can give/);
});

test("of a daemon that is killed while it fetches nothing is left, and the next one fetches anew", {
  skip,
}, async () => {
  const { daemon } = shared;
  registry.offer("cut", "latest", await ociImage({ ...plain, layers: [busyboxLayer()] }));
  registry.rule({ path: "/v2/cut/blobs/", hold: 1000 });
  await shared.send(...post("cut"));
  await until(async () => registry.asked().some((url) => url.includes("/blobs/")));
  assert.notDeepEqual(readdirSync(path.join(daemon.dir, "tmp")), []);
  await daemon.kill();
  registry.server.release();
  registry.rule();
  await daemon.start();
  assert.deepEqual(readdirSync(path.join(daemon.dir, "tmp")), []);
  await fetched("cut");
});
