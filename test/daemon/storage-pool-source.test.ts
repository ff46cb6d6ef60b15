/** Pools in a folder of the user's, which storage-pools/NAME links to: confined programs find their way there. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({ bare: false }, async () => undefined);

test("an instance is made from an image in a pool in a folder of the user's, and copied into another and back", {
  skip,
}, async () => {
  const { client } = shared;
  const source = mkdtempSync(path.join(tmpdir(), "bothy-source-"));
  const root = (pool: string) => ({ root: { type: "disk", path: "/", pool } });
  const names = ["one", "two", "three"];
  try {
    await client.createStoragePool({ name: "mine", driver: "dir", config: { source } });
    const image = { type: "image" as const, alias: "template:busybox" };
    await (await client.createInstance({ name: "one", source: image, devices: root("mine"), profiles: [] })).wait();
    assert.ok(existsSync(path.join(source, "containers/one/rootfs/bin")));
    const copy = async (from: string, name: string, pool: string) => {
      const devices = root(pool);
      await (
        await client.createInstance({ name, source: { type: "copy", source: from }, devices, profiles: [] })
      ).wait();
    };
    await copy("one", "two", "default");
    await copy("two", "three", "mine");
    await (await client.setInstanceState("three", { action: "start" })).wait();
    const { stdout } = await client.execOutput("three", { command: ["echo", "found"] });
    assert.equal(String(stdout).trim(), "found");
  } finally {
    for (const name of names)
      if ((await shared.send("GET", `/1.0/instances/${name}`)).status === 200)
        await (await client.deleteInstance(name, { force: true })).wait();
    await client.deleteStoragePool("mine");
    rmSync(source, { recursive: true });
  }
});
