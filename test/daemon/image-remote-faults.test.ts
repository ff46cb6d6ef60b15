/** Images of other servers when something goes wrong here: the daemon is killed in the middle, or the disk is full. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { onFileSystem } from "../support/file-system";
import { writeImage } from "../support/image";
import { sha256OfFiles as fingerprintOf, ImageServer, makeServerIdentity } from "../support/image-server";
import { outcome } from "../support/raw-http";
import { requireFeature } from "../support/require";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);

const identity = makeServerIdentity(["127.0.0.1"]);
const env = { NODE_EXTRA_CA_CERTS: identity.cert };
const folder = mkdtempSync(path.join(tmpdir(), "bothy-faults-"));
const image = path.join(folder, "image");
writeImage(image, "small", { files: 4, bytesPerFile: 100_000 });
after(() => {
  for (const each of [folder, identity.folder]) rmSync(each, { recursive: true });
});

const small = {
  os: "Small",
  release: "1",
  aliases: "small",
  versions: { "20260101": { files: { "lxd_combined.tar.gz": image } } },
};
const left = (daemon: TestDaemon) =>
  ["tmp", "images"].flatMap((name) => readdirSync(path.join(daemon.dir, name)).map((file) => `${name}/${file}`));
const from = (server: ImageServer, alias: string) => ({
  type: "image",
  server: server.url,
  protocol: "simplestreams",
  alias,
});

test(
  "a daemon that is killed in the middle of a download leaves nothing, and fetches the image the next time",
  { skip },
  () =>
    withDaemon({ env }, async (daemon) => {
      await using server = await ImageServer.start(daemon.netns.pid, { port: 8500, identity });
      server.offer([small]);
      server.rule({ path: "/Small/", hold: 100_000 });
      const lost = daemon.client.createImage({ source: from(server, "small") }).catch(() => undefined);
      await until(async () => left(daemon).some((name) => name.startsWith("tmp/image-")));
      await daemon.kill();
      await lost;
      server.release();
      await daemon.start();
      assert.deepEqual(left(daemon), []);
      const told = await outcome(daemon.socket, "POST", "/1.0/images", { source: from(server, "small") });
      assert.equal(told.status, 200, told.error);
      assert.deepEqual(left(daemon), [`images/${fingerprintOf(image)}`]);
      const secret = await daemon.client.createImageSecret(fingerprintOf(image));
      assert.match(secret, /^[0-9a-f]{64}$/);
      assert.deepEqual(
        (await (await daemon.client.refreshImage(fingerprintOf(image))).wait()).metadata?.refreshed,
        false,
      );
    }),
);

test("an image for which there is no room is refused and leaves the room for a smaller one", { skip }, () =>
  onFileSystem("tmpfs", "64M", (base) =>
    withDaemon({ base, env }, async (daemon) => {
      await using server = await ImageServer.start(daemon.netns.pid, { port: 8500, identity });
      const large = path.join(folder, "large");
      writeFileSync(large, Buffer.concat([Buffer.from("hsqs"), randomBytes(80 << 20)]));
      const versions = { "20260101": { files: { "lxd.tar.xz": image, squashfs: large } } };
      server.offer([small, { os: "Large", release: "1", aliases: "large", versions }]);
      const told = await outcome(daemon.socket, "POST", "/1.0/images", { source: from(server, "large") });
      assert.equal(told.status, 503, told.error);
      assert.match(told.error, /No space is left/);
      assert.deepEqual(left(daemon), []);
      const other = await outcome(daemon.socket, "POST", "/1.0/images", { source: from(server, "small") });
      assert.equal(other.status, 200, other.error);
    }),
  ),
);
