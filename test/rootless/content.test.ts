/** What an ordinary user's daemon stores: images of every origin, snapshots, copies and backups have what went in, owners and attributes too. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import type { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { needs } from "../support/needs";
import { busyboxLayer, ociImage, writeLayout } from "../support/oci";
import { lacksOci } from "../support/oci-scene";
import { listed, oddImage } from "../support/odd-image";
import { withUserDaemon } from "../support/ordinary-user";

const skip = needs("root", "uidmap");

const inside = async (client: Client, name: string, command: string): Promise<string> => {
  const { code, stdout, stderr } = await client.execOutput(name, { command: ["sh", "-c", command] });
  assert.equal(code, 0, `${command}: ${stderr}`);
  return String(stdout).trim();
};

const setState = async (client: Client, name: string, action: "start" | "stop"): Promise<void> => {
  await (await client.setInstanceState(name, { action, force: action === "stop" })).wait();
};

async function withScratch(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-content-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const aboutOdd = (archive: string): string[] => listed(archive, "rootfs").filter((line) => line.includes('"odd/'));

for (const driver of ["dir", "overlay"])
  test(
    `a tarball's owners, modes, links and attributes go into a pool of driver ${driver} and out again`,
    { skip },
    () =>
      withUserDaemon(async ({ daemon }) =>
        withScratch(async (folder) => {
          const { client } = daemon;
          await preparePool(daemon, driver);
          const node = { name: "rootfs/odd/node", type: "character-device", devmajor: 1, devminor: 3 } as const;
          const [given, taken] = ["given.tar", "taken.tar"].map((name) => path.join(folder, name)) as [string, string];
          await pipeline(Readable.from([await oddImage()]), createWriteStream(given));
          const upload = await client.createImageFromFile(Readable.from([await oddImage(node)]), {
            filename: "odd.tar",
          });
          await upload.wait();
          const source = { type: "image", properties: { os: "odd" } };
          await (await client.createInstance({ name: "odd", source })).wait();
          const published = await client.createImage({
            source: { type: "container", name: "odd" },
            compression_algorithm: "none",
          });
          const { metadata } = await published.wait();
          const { fingerprint } = metadata as { fingerprint: string };
          await daemon.netns.run(
            "curl",
            "-sS",
            "--unix-socket",
            daemon.socket,
            "-o",
            taken,
            `http://bothy/1.0/images/${fingerprint}/export`,
          );
          assert.ok(aboutOdd(given).length > 8);
          assert.deepEqual(aboutOdd(taken), aboutOdd(given), "but for the device node, which no user can make");
        }),
      ),
  );

test("snapshots, a restore, a copy of a running container and a backup keep what was written", { skip }, () =>
  withUserDaemon(async ({ daemon }) =>
    withScratch(async (folder) => {
      const { client } = daemon;
      await preparePool(daemon, "overlay");
      const image = { type: "image", alias: "template:busybox" } as const;
      await (await client.createInstance({ name: "box", source: image })).wait();
      await setState(client, "box", "start");
      await inside(
        client,
        "box",
        "echo one >/root/f && chown 5:6 /root/f && rm /bin/vi && rmdir /mnt && mkdir -m 700 /mnt",
      );
      await (await client.createSnapshot("box", { name: "s0" })).wait();
      await inside(client, "box", "echo two >/root/f; touch /root/more");
      const look = "stat -c %u:%g /root/f; cat /root/f; ls /root; ls /bin/vi 2>/dev/null; stat -c %a /mnt";
      await (await client.createInstance({ name: "live", source: { type: "copy", source: "box" } })).wait();
      await (await client.createInstance({ name: "old", source: { type: "copy", source: "box/s0" } })).wait();
      for (const name of ["live", "old"]) await setState(client, name, "start");
      assert.equal(
        await inside(client, "live", look.replace("ls /bin/vi 2>/dev/null", "true")),
        "5:6\ntwo\nf\nmore\n700",
      );
      assert.equal(await inside(client, "old", "cat /root/f; ls /root; test -e /bin/vi || echo gone"), "one\nf\ngone");
      await setState(client, "box", "stop");
      await (await client.restoreSnapshot("box", "s0")).wait();
      await (await client.createBackup("box", { name: "b0" })).wait();
      const file = path.join(folder, "b0.tar.gz");
      await pipeline(await client.exportBackup("box", "b0"), createWriteStream(file));
      await (await client.deleteInstance("box")).wait();
      await (await client.importBackup(file)).wait();
      await setState(client, "box", "start");
      assert.equal(await inside(client, "box", "stat -c %u:%g /root/f; cat /root/f; ls /root"), "5:6\none\nf");
      assert.deepEqual(
        (await client.listSnapshots("box")).map(({ name }) => name),
        ["s0"],
      );
    }),
  ),
);

test("an image of OCI runs what it says, with the owners of its layers", { skip: skip || lacksOci() }, () =>
  withUserDaemon(async ({ daemon }) =>
    withScratch(async (folder) => {
      const { client } = daemon;
      await preparePool(daemon, "overlay");
      const image = await ociImage({
        layers: [
          [...busyboxLayer(), { name: "etc/gone", content: "x" }, { name: "data", content: "d", uid: 1000, gid: 1001 }],
          [{ name: "etc/.wh.gone", content: "" }],
        ],
        run: { Cmd: ["/bin/sleep", "1000"], Env: ["PATH=/bin"], User: "1000:1001" },
      });
      writeLayout(path.join(folder, "layout"), { latest: image });
      const archive = path.join(folder, "layout.tar");
      execFileSync("tar", ["--create", "--file", archive, "--directory", path.join(folder, "layout"), "."]);
      const { metadata } = await (await client.createImageFromFile(archive)).wait();
      const { fingerprint } = metadata as { fingerprint: string };
      await (await client.createInstance({ name: "app", source: { type: "image", fingerprint } })).wait();
      await setState(client, "app", "start");
      assert.equal(
        await inside(client, "app", "stat -c %u:%g /data; test -e /etc/gone || echo gone"),
        "1000:1001\ngone",
      );
      // Our own init is root; the command below it is not.
      assert.match(await inside(client, "app", "cat /proc/[0-9]*/status"), /^Uid:\s+1000\s/m);
    }),
  ),
);
