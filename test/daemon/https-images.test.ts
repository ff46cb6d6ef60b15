/** Images over HTTPS: what everybody sees of them is what is public, and nothing tells of the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withDaemon } from "../support/daemon";
import { listenAt, makeIdentity, Network, trust } from "../support/https";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

test("who is not trusted lists, reads and exports public images and their aliases, in every project", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    const guest = makeIdentity();
    await listenAt(daemon);
    await client.createProject({ name: "lab" });
    await trust(daemon, guest, { restricted: true, projects: ["lab"] });
    await (await client.createImage({ source: { type: "template", template: "busybox" } })).wait();
    const [image] = await client.listImages();
    assert.ok(image !== undefined);
    const { fingerprint } = image;
    const alias = { name: "os/bb", target: fingerprint, description: "" };
    assert.equal((await daemon.request("POST", "/1.0/images/aliases", alias)).status, 201);
    await using network = await Network.to(daemon);
    const paths = [
      `/1.0/images/${fingerprint}`,
      `/1.0/images/${fingerprint.slice(0, 6)}`,
      `/1.0/images/${fingerprint}/export`,
      "/1.0/images/aliases/os/bb",
    ];
    for (const who of [undefined, guest]) {
      assert.deepEqual((await network.send(who, "GET", "/1.0/images")).json.metadata, []);
      assert.deepEqual((await network.send(who, "GET", "/1.0/images?all-projects=true")).json.metadata, []);
      for (const path of paths) assert.equal((await network.send(who, "GET", path)).status, 404, path);
      // Which projects there are is not told either.
      assert.deepEqual((await network.send(who, "GET", "/1.0/images?project=nope")).json.metadata, []);
    }
    await client.patchImage(fingerprint, { public: true });
    for (const who of [undefined, guest]) {
      const list = await network.send(who, "GET", "/1.0/images?recursion=1");
      assert.deepEqual(
        (list.json.metadata as { fingerprint: string }[]).map((one) => one.fingerprint),
        [fingerprint],
      );
      for (const path of paths) assert.equal((await network.send(who, "GET", path)).status, 200, path);
      for (const [method, path] of [
        ["PATCH", paths[0]],
        ["DELETE", paths[0]],
        ["DELETE", "/1.0/images/aliases/os/bb"],
        ["GET", "/1.0/images/aliases"],
        ["POST", "/1.0/images"],
      ] as const)
        assert.equal((await network.send(who, method, String(path), {})).status, 403, `${method} ${path}`);
      const elsewhere = await network.send(who, "GET", `/1.0/images/${fingerprint}?project=lab`);
      assert.equal(elsewhere.status, 404, "another project has it not");
    }
    const sum = await daemon.run("sh", "-c", `curl -sk https://127.0.0.1:8443${paths[2]} | sha256sum`);
    assert.equal(sum.slice(0, 64), fingerprint, "the bytes are those of the image");
  }),
);
