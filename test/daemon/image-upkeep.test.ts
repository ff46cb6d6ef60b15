/** Upkeep of images from other servers, which the daemon does by itself: when it starts and every hour. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { change } from "../support/database";
import { writeImage } from "../support/image";
import { sha256OfFiles as fingerprintOf, ImageServer, makeServerIdentity } from "../support/image-server";
import { requireFeature } from "../support/require";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);

test("at a start, images that follow an alias become the newest, and those that only instances used go after some days", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-upkeep-"));
  const identity = makeServerIdentity(["127.0.0.1"]);
  const [one, two, three] = ["one", "two", "three"].map((name) => {
    const file = path.join(folder, name);
    writeImage(file, name, { files: 1, bytesPerFile: 100 });
    return file;
  }) as [string, string, string];
  const product = (release: string, versions: Record<string, string>) => ({
    os: "Tiny",
    release,
    aliases: `tiny/${release}`,
    versions: Object.fromEntries(
      Object.entries(versions).map(([serial, file]) => [serial, { files: { "lxd_combined.tar.gz": file } }]),
    ),
  });
  await withDaemon({ env: { NODE_EXTRA_CA_CERTS: identity.cert } }, async (daemon) => {
    await preparePool(daemon, "overlay");
    const { client } = daemon;
    await using server = await ImageServer.start(daemon.netns.pid, { port: 8500, identity });
    const from = (alias: string) => ({ type: "image", server: server.url, protocol: "simplestreams", alias });
    server.offer([product("a", { "20260101": one }), product("b", { "20260101": two })]);
    await (await client.createImage({ source: from("tiny/a"), auto_update: true, public: true })).wait();
    await (await client.createInstance({ name: "web", source: from("tiny/b") })).wait();
    const shown = async () => {
      const images = await client.listImages();
      return images.map(({ fingerprint, cached, public: isPublic }) => [fingerprint, cached, isPublic]).sort();
    };
    const sorted = (...rows: [string, boolean, boolean][]) =>
      rows.map(([file, ...flags]) => [fingerprintOf(file), ...flags]).sort();
    assert.deepEqual(await shown(), sorted([one, false, true], [two, true, false]));

    const restart = async (daysAgo: number) => {
      await daemon.stop();
      const at = new Date(Date.now() - daysAgo * 86_400_000).toISOString();
      change(daemon, "UPDATE images SET last_used_at = ?", at);
      await daemon.start();
    };
    server.offer([product("a", { "20260101": one, "20260201": three }), product("b", { "20260101": two })]);
    await restart(9);
    await until(async () => (await shown()).some(([fingerprint]) => fingerprint === fingerprintOf(three)));
    await until(async () => (await shown()).length === 2);
    assert.deepEqual(await shown(), sorted([three, false, true], [two, true, false]));

    await daemon.request("PATCH", "/1.0", { config: { "images.auto_update_interval": "0" } });
    server.offer([product("a", { "20260301": one }), product("b", { "20260301": one })]);
    server.asked();
    await restart(11);
    await until(async () => (await shown()).length === 1);
    assert.deepEqual(await shown(), sorted([three, false, true]));
    assert.deepEqual(server.asked(), [], "with an interval of 0 nobody looks");
    await (await client.setInstanceState("web", { action: "start" })).wait();

    // A server that is away keeps the daemon from nothing.
    await daemon.request("PATCH", "/1.0", { config: { "images.auto_update_interval": "1" } });
    server.rule({ path: "/", status: 500 });
    await restart(100);
    await until(async () => /Cannot bring an image up to date/.test(daemon.log()));
    assert.deepEqual(await shown(), sorted([three, false, true]));
    await (await client.deleteInstance("web", { force: true })).wait();
  });
  for (const each of [folder, identity.folder]) rmSync(each, { recursive: true });
});
