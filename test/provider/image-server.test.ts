/** Containers of programs whose image lies on a server of images. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { addImageServer } from "../../sdk/index";
import { withDaemon } from "../support/daemon";
import { writeImage } from "../support/image";
import { ImageServer, makeServerIdentity } from "../support/image-server";
import { DynamicProcess } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { Managed } from "./support/managed";

test("a program names an image by its server, and a newer one there changes nothing", {
  skip: lacksContainers(),
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-provider-image-"));
  const identity = makeServerIdentity(["127.0.0.1"]);
  const [first, second] = ["first", "second"].map((name) => {
    const file = path.join(folder, name);
    writeImage(file, name, { files: 1, bytesPerFile: 100 });
    return file;
  }) as [string, string];
  await withDaemon({ bare: false, env: { NODE_EXTRA_CA_CERTS: identity.cert } }, async (daemon) => {
    await using server = await ImageServer.start(daemon.netns.pid, { port: 8500, identity });
    const offer = (file: string, serial: string) =>
      server.offer([
        {
          os: "Tiny",
          release: "1",
          aliases: "tiny",
          versions: { [serial]: { files: { "lxd_combined.tar.gz": file } } },
        },
      ]);
    offer(first, "20260101");
    const config = path.join(folder, "config");
    addImageServer("images", server.url, { BOTHY_CONFIG: config });
    const env = { BOTHY_ENDPOINT: `unix://${daemon.socket}`, BOTHY_CONFIG: config };
    await using provider = await DynamicProcess.start({ env });
    const web = new Managed(provider, "container");
    const inputs = { name: "web", image: "images:tiny", wait: { for: "nothing" } };
    await web.up(inputs);
    assert.equal(web.outs.status, "Running");
    assert.equal((await daemon.client.getInstance("web")).value.config["image.serial"], "20260101");
    offer(second, "20260202");
    assert.equal(await web.up(inputs), "same");
    await web.refresh();
    assert.equal(await web.up(inputs), "same");
    await web.destroy();
    await assert.rejects(
      new Managed(provider, "container").up({ ...inputs, image: "imgs:tiny" }),
      /no server of images .*imgs/,
    );
  });
  for (const each of [folder, identity.folder]) rmSync(each, { recursive: true });
});
