/** bothy launch with images of OCI: of a registry, and of this machine's own files. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { writeLayout } from "../support/oci";
import { lacksOci, waitingImage } from "../support/oci-scene";
import { Registry } from "../support/registry";
import { runCli } from "./support/cli";

test("an image is launched from a registry by its name, from a layout by its tag, and from an archive", {
  skip: lacksOci(),
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-cli-oci-"));
  const [layout, single] = [path.join(folder, "two"), path.join(folder, "one")];
  for (const each of [layout, single]) mkdirSync(each);
  writeLayout(layout, { old: await waitingImage("old"), new: await waitingImage("new") });
  writeLayout(single, { latest: await waitingImage("single") });
  const archive = path.join(folder, "image.tar");
  execFileSync("tar", ["--create", `--file=${archive}`, `--directory=${single}`, "."]);
  await withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "overlay");
    await using registry = await Registry.start(daemon.netns.pid, { port: 5000 });
    registry.offer("team/app", "1", await waitingImage("registry"));
    const env = { BOTHY_ENDPOINT: `unix://${daemon.socket}`, BOTHY_CONFIG: path.join(folder, "config") };
    const bothy = (...args: string[]) => runCli(args, { env });
    const added = await bothy("remote", "add", "own", registry.url, "--protocol", "oci");
    assert.deepEqual(added, { code: 0, stdout: `Added own: images of ${registry.url}\n`, stderr: "" });
    const list = (await bothy("remote", "list")).stdout;
    assert.match(list, new RegExp(`^own +${registry.url} +oci`, "m"));
    assert.match(list, /^docker +https:\/\/docker\.io +oci/m);

    for (const [image, name] of [
      ["own:team/app:1", "registry"],
      [`oci:${layout}:new`, "new"],
      [`oci:${single}`, "single"],
      [`oci-archive:${archive}`, "archive"],
    ] as const) {
      const launched = await bothy("launch", image, name);
      assert.deepEqual([launched.code, launched.stdout], [0, `Launched ${name}\n`], launched.stderr);
      const found = await bothy("exec", name, "--", "cat", "/name");
      assert.equal(found.stdout, name === "archive" ? "single" : name);
    }
    const images = await daemon.client.listImages();
    assert.equal(images.length, 3, "the archive has the image of its layout, which was here");

    for (const [image, message] of [
      [`oci:${layout}`, /it has several images\. Name one of them by its tag: old, new/],
      [`oci:${layout}:nosuch`, /it has no image of the tag "nosuch"\. It has: old, new/],
      ["oci:relative", /it needs an absolute path/],
      [`oci:${folder}/nowhere`, /Cannot read ".*index\.json"/],
      [`oci-archive:${folder}/nowhere`, /Cannot read/],
      ["own:team/app:2", /the registry "127\.0\.0\.1:5000" has no "team\/app:2"/],
    ] as const) {
      const refused = await bothy("launch", image, "more");
      assert.equal(refused.code, 1, image);
      assert.match(refused.stderr, message);
    }
    await bothy("delete", "-f", "registry", "new", "single", "archive");
  });
  rmSync(folder, { recursive: true });
});
