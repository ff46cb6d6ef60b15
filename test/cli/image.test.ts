/** bothy launch with an image of a server of images, which is added by bothy remote. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { writeImage } from "../support/image";
import { ImageServer, makeServerIdentity } from "../support/image-server";
import { requireFeature } from "../support/require";
import { runCli } from "./support/cli";

const skip = requireFeature("root", process.getuid?.() === 0);

test("an image of a server is launched by the server's name", { skip }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-cli-image-"));
  const identity = makeServerIdentity(["127.0.0.1"]);
  const file = path.join(folder, "image");
  writeImage(file, "tiny", { files: 1, bytesPerFile: 100 });
  await withDaemon({ env: { NODE_EXTRA_CA_CERTS: identity.cert } }, async (daemon) => {
    await preparePool(daemon, "overlay");
    await using server = await ImageServer.start(daemon.netns.pid, { port: 8500, identity });
    const versions = { "20260101": { files: { "lxd_combined.tar.gz": file } } };
    server.offer([{ os: "Tiny", release: "1", aliases: "tiny/1", versions }]);
    const env = { BOTHY_ENDPOINT: `unix://${daemon.socket}`, BOTHY_CONFIG: path.join(folder, "config") };
    const bothy = (...args: string[]) => runCli(args, { env });
    const added = await bothy("remote", "add", "images", server.url, "--protocol", "simplestreams");
    assert.deepEqual(added, { code: 0, stdout: `Added images: images of ${server.url}\n`, stderr: "" });
    assert.match((await bothy("remote", "list")).stdout, new RegExp(`^images +${server.url} +simplestreams`, "m"));
    const launched = await bothy("launch", "images:tiny/1", "web");
    assert.deepEqual([launched.code, launched.stdout], [0, "Launched web\n"], launched.stderr);
    assert.equal((await bothy("exec", "web", "--", "hostname")).stdout, "web\n");
    const wrong = await bothy("launch", "imgs:tiny/1", "more");
    assert.deepEqual([wrong.code, wrong.stdout], [1, ""]);
    assert.match(wrong.stderr, /there is no server of images "imgs"/);
    const none = await bothy("launch", "images:nope", "more");
    assert.match(none.stderr, /Image not found: the server at .* has no image of the alias or fingerprint "nope"/);
    const strange = await bothy("remote", "add", "x", server.url, "--protocol", "gopher");
    assert.deepEqual([strange.code, /protocol "gopher"/.test(strange.stderr)], [2, true]);
    await bothy("delete", "-f", "web");
  });
  for (const each of [folder, identity.folder]) rmSync(each, { recursive: true });
});
