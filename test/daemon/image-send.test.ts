/** Images between two daemons over HTTPS: fetched with a secret, sent with one, and followed by a public alias. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { cellProgram } from "../../sdk/host/package";
import { TestDaemon } from "../support/daemon";
import { listenAt, makeIdentity, Network, trust } from "../support/https";
import { writeImage, writeSplitImage } from "../support/image";
import { hasProgram } from "../support/netns";
import { outcome, send } from "../support/raw-http";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("squashfs", process.getuid?.() === 0 && hasProgram("mksquashfs"));

const folder = mkdtempSync(path.join(tmpdir(), "bothy-send-"));
const unified = path.join(folder, "unified");
writeImage(unified, "unified", { files: 4, bytesPerFile: 100_000 });
writeSplitImage(folder, "split", { files: 4, bytesPerFile: 100_000 });

/** In the namespace of the first, so that they reach each other. */
let other: TestDaemon;
after(async () => {
  await other.shutDown();
  await other.client.close();
  for (const each of [folder, path.dirname(other.dir)]) execFileSync(cellProgram, ["remove", each]);
});
const shared = shareDaemon({}, async (daemon) => {
  const base = mkdtempSync(path.join(tmpdir(), "bothy-test-"));
  other = new TestDaemon(path.join(base, "state"), daemon.netns, {});
  await other.start();
  await listenAt(daemon, "127.0.0.1:8443");
  await listenAt(other, "127.0.0.1:8444");
});
afterEach(async () => {
  for (const { client } of [shared.daemon, other])
    for (const { fingerprint } of await client.listImages()) await (await client.deleteImage(fingerprint)).wait();
});

const certificateOf = (daemon: TestDaemon): string => readFileSync(path.join(daemon.dir, "server.crt"), "utf8");
/** A server that refuses does not read all that is sent. */
const refusal = /answers 403|closed the connection/;
const there = "https://127.0.0.1:8443";
const here = "https://127.0.0.1:8444";

async function imported(daemon: TestDaemon, file = unified): Promise<string> {
  const operation = await daemon.client.createImageFromFile(file, { filename: "mine.tar.gz" });
  return String((await operation.wait()).metadata?.fingerprint);
}

/** Imports the one in two files, as curl does. */
async function importedSplit(daemon: TestDaemon): Promise<string> {
  const form = ["-F", `metadata=@${folder}/lxd.tar.xz`, "-F", `rootfs=@${folder}/root.squashfs`];
  const answer = execFileSync("curl", ["-sS", "--unix-socket", daemon.socket, ...form, "http://b/1.0/images"]);
  const { operation } = JSON.parse(answer.toString()) as { operation: string };
  const { json } = await send(daemon.socket, "GET", `${operation}/wait`);
  return (json.metadata as { metadata: { fingerprint: string } }).metadata.fingerprint;
}

async function secretOf(daemon: TestDaemon, method: string, url: string, body?: object): Promise<string> {
  const { status, json } = await send(daemon.socket, method, url, body);
  assert.equal(status, 202, JSON.stringify(json));
  const operation = json.metadata as { class: string; metadata: { secret: string } };
  assert.equal(operation.class, "token");
  return operation.metadata.secret;
}

test("an image that is not public is fetched by another server that has its secret, once", { skip }, async () => {
  const { daemon } = shared;
  for (const fingerprint of [await imported(daemon), await importedSplit(daemon)]) {
    await daemon.client.patchImage(fingerprint, { properties: { note: "n", os: "" } });
    const source = {
      type: "image",
      mode: "pull",
      server: there,
      protocol: "lxd",
      certificate: certificateOf(daemon),
      fingerprint,
    };
    const post = (secret: string) =>
      outcome(other.socket, "POST", "/1.0/images", {
        source: { ...source, secret },
        aliases: [{ name: "got", description: "" }],
      });
    assert.equal((await post("")).status, 404, "without a secret there is no such image");
    const wrong = await post("wrong");
    assert.deepEqual([wrong.status, /wrong/.test(wrong.error)], [404, false], "no secret is told");
    const secret = await secretOf(daemon, "POST", `/1.0/images/${fingerprint.slice(0, 12)}/secret`);
    const done = await post(secret);
    assert.equal(done.status, 200, done.error);
    const { value: copy } = await other.client.getImage(fingerprint);
    const { value: image } = await daemon.client.getImage(fingerprint);
    assert.deepEqual(copy.properties, image.properties, "the properties are those that the image has there");
    assert.deepEqual(
      [copy.size, copy.created_at, copy.public, copy.cached, copy.aliases[0]?.name, copy.update_source, copy.filename],
      [image.size, image.created_at, false, false, "got", undefined, image.filename],
    );
    await (await other.client.deleteImage(fingerprint)).wait();
    assert.equal((await post(secret)).status, 404, "it is used up");
    assert.deepEqual(await other.client.listImages(), []);
  }
});

test("a secret opens its own image alone, and ends with its operation", { skip }, async () => {
  const { daemon } = shared;
  const [mine, second] = [await imported(daemon), await importedSplit(daemon)];
  await using network = await Network.to(daemon);
  const get = async (fingerprint: string, secret: string, what = "") =>
    (await network.send(undefined, "GET", `/1.0/images/${fingerprint}${what}?secret=${secret}`)).status;
  const { json } = await send(daemon.socket, "POST", `/1.0/images/${mine}/secret`);
  const { id, metadata } = json.metadata as { id: string; metadata: { secret: string } };
  assert.equal(await get(second, metadata.secret), 404);
  assert.equal(await get(mine, ""), 404);
  assert.equal((await send(daemon.socket, "DELETE", `/1.0/operations/${id}`)).status, 200);
  await until(async () => (await get(mine, metadata.secret)) === 404);
  const secret = await secretOf(daemon, "POST", `/1.0/images/${mine}/secret`);
  assert.deepEqual([await get(mine, secret), await get(mine, secret, "/export")], [200, 200]);
  assert.equal(await get(mine, secret, "/export"), 404);
  assert.equal((await network.send(undefined, "POST", `/1.0/images/${mine}/secret`)).status, 403);
});

test("an image is sent to another server that awaits it, with what was said of it", { skip }, async () => {
  const { daemon } = shared;
  for (const fingerprint of [await imported(daemon), await importedSplit(daemon)]) {
    const aliases = [{ name: "sent/it", description: "d" }];
    const awaited = { source: { mode: "push", fingerprint }, aliases, properties: { only: "this" }, public: true };
    const secret = await secretOf(other, "POST", "/1.0/images", awaited);
    const post = { target: here, certificate: certificateOf(other), secret };
    const url = `/1.0/images/${fingerprint}/export`;
    await (await daemon.client.sendImage(fingerprint, post)).wait();
    const { value: copy } = await other.client.getImage(fingerprint);
    assert.deepEqual([copy.properties, copy.public, copy.aliases], [{ only: "this" }, true, aliases]);
    const again = await outcome(daemon.socket, "POST", url, post);
    assert.match(again.error, refusal);
    await (await other.client.deleteImage(fingerprint)).wait();
  }
});

test("what is sent without the secret, or is another image, is refused and leaves nothing", { skip }, async () => {
  const { daemon } = shared;
  const fingerprint = await imported(daemon);
  const second = await importedSplit(daemon);
  const target = { target: here, certificate: certificateOf(other) };
  const refused = async (image: string, post: object, message: RegExp) =>
    assert.match((await outcome(daemon.socket, "POST", `/1.0/images/${image}/export`, post)).error, message);
  await refused(fingerprint, target, refusal);
  await refused(fingerprint, { ...target, secret: "wrong" }, refusal);
  await refused(fingerprint, { target: here, secret: "x" }, /Cannot trust the server/);
  await refused(fingerprint, { ...target, target: "http://127.0.0.1:8444" }, /by HTTPS/);
  const secret = await secretOf(other, "POST", "/1.0/images", { source: { mode: "push", fingerprint } });
  await refused(second, { ...target, secret }, refusal);
  await using network = await Network.to(other, 8444);
  const lie = { "content-type": "application/octet-stream", "x-lxd-fingerprint": fingerprint, "x-lxd-secret": secret };
  const answer = await network.send(undefined, "POST", "/1.0/images", readFileSync(unified).subarray(0, 1000), lie);
  assert.equal(answer.status, 202);
  const { id, metadata } = answer.json.metadata as { id: string; metadata: { secret: string } };
  const waited = await network.send(undefined, "GET", `/1.0/operations/${id}/wait?secret=${metadata.secret}`);
  assert.match((waited.json.metadata as { err: string }).err, /its fingerprint is/);
  assert.deepEqual(await other.client.listImages(), []);
  const none = await send(other.socket, "POST", "/1.0/images", { source: { mode: "push", fingerprint: "abc" } });
  assert.equal(none.status, 400);
});

test("a public alias of another server is followed, within its project", { skip }, async () => {
  const { daemon } = shared;
  await daemon.client.createProject({ name: "lab", config: { "features.profiles": "false" } });
  const lab = "?project=lab";
  const importInLab = async (file: string) => {
    const args = [
      "-sS",
      "--unix-socket",
      daemon.socket,
      "-H",
      "content-type: application/octet-stream",
      "-H",
      "X-LXD-public: 1",
    ];
    const answer = execFileSync("curl", [...args, "--data-binary", `@${file}`, `http://b/1.0/images${lab}`]);
    const { operation } = JSON.parse(answer.toString()) as { operation: string };
    const { json } = await send(daemon.socket, "GET", `${operation}/wait`);
    return (json.metadata as { metadata: { fingerprint: string } }).metadata.fingerprint;
  };
  const first = await importInLab(unified);
  const alias = (target: string, method: string, name: string) =>
    send(daemon.socket, method, `/1.0/images/aliases${name}${lab}`, { name: "os/bb", target, description: "" });
  assert.equal((await alias(first, "POST", "")).status, 201);
  const source = {
    type: "image",
    server: there,
    protocol: "lxd",
    certificate: certificateOf(daemon),
    alias: "os/bb",
    project: "lab",
  };
  const done = await outcome(other.socket, "POST", "/1.0/images", {
    source,
    auto_update: true,
    aliases: [{ name: "bb", description: "" }],
  });
  assert.equal(done.status, 200, done.error);
  const { value: copy } = await other.client.getImage(first);
  assert.deepEqual([copy.auto_update, copy.update_source?.alias, copy.update_source?.protocol], [true, "os/bb", "lxd"]);
  const none = await outcome(other.socket, "POST", "/1.0/images", { source: { ...source, project: "default" } });
  assert.equal(none.status, 404);
  for (const one of [first]) await outcome(daemon.socket, "DELETE", `/1.0/images/${one}${lab}`);
  await daemon.client.deleteProject("lab");
});

test("a restricted client brings images into its projects, and gets no bytes of others by their fingerprint", {
  skip,
}, async () => {
  const { daemon } = shared;
  const fingerprint = await imported(other);
  const guest = makeIdentity("guest");
  await other.client.createProject({ name: "lab", config: { "features.profiles": "false" } });
  await trust(other, guest, { restricted: true, projects: ["lab"] });
  await using network = await Network.to(other, 8444);
  // A server that only says that it has the image.
  const source = { type: "image", server: there, protocol: "lxd", certificate: certificateOf(daemon), fingerprint };
  const ask = async (project: string) => {
    const answer = await network.send(guest, "POST", `/1.0/images?project=${project}`, { source });
    if (answer.status !== 202) return answer.status;
    const waited = await network.send(guest, "GET", `${answer.json.operation}/wait?project=${project}`);
    return (waited.json.metadata as { status_code: number }).status_code;
  };
  assert.equal(await ask("default"), 403);
  assert.equal(await ask("lab"), 400, "the server has it not");
  await imported(daemon);
  await daemon.client.patchImage(fingerprint, { public: true });
  assert.equal(await ask("lab"), 200);
  await outcome(other.socket, "DELETE", `/1.0/images/${fingerprint}?project=lab`);
  await other.client.deleteProject("lab");
});
