/** The typed client drives a real LXD: each kind of call once, on the member that it names where the LXD is a cluster. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Client, type PendingOperation } from "../../sdk/index";
import { writeImage } from "../support/image";
import { requireFeature } from "../support/require";

/** State folder of an LXD that runs; the test makes things of its own in it. */
const socket = path.join(process.env.BOTHY_TEST_LXD_DIR ?? "", "unix.socket");
const skip = requireFeature("lxd", existsSync(socket));

const name = "bothy-sdk-test";

const done = async (operation: Promise<PendingOperation>): Promise<void> => void (await (await operation).wait());

test("an instance, its files, commands and snapshots, a volume, a profile and a project are made and removed", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-sdk-lxd-"));
  await using local = new Client({ endpoint: socket });
  const { environment } = (await local.getServer()).value;
  const target = environment.server_clustered ? environment.server_name : undefined;
  await using client = new Client({ endpoint: socket, target });
  {
    // Undoes all of it in the end, the last first, also when one of the steps fails.
    await using undo = new AsyncDisposableStack();
    undo.defer(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "image.tar.gz");
    writeImage(file, name, { files: 1, bytesPerFile: 64 });
    const imported = await (await client.createImageFromFile(file)).wait();
    const fingerprint = String((imported.metadata as { fingerprint: string }).fingerprint);
    undo.defer(() => done(client.deleteImage(fingerprint)));
    const [pool] = await client.listStoragePools();
    assert.ok(pool !== undefined);
    const devices = { root: { type: "disk", path: "/", pool: pool.name } };
    const post = { name, profiles: [], devices, source: { type: "image", fingerprint } };
    await done(client.createInstance(post));
    undo.defer(() => done(client.deleteInstance(name)));
    await done(client.setInstanceState(name, { action: "start" }));
    undo.defer(() => done(client.setInstanceState(name, { action: "stop", force: true })));
    assert.equal((await client.getInstance(name)).value.location, target ?? "none");
    await client.putFile(name, "/root/note", "kept");
    const { stdout } = await client.execOutput(name, { command: ["cat", "/root/note"] });
    assert.equal(stdout.toString(), "kept");
    await done(client.createSnapshot(name, { name: "s0" }));
    await client.deleteFile(name, "/root/note");
    await done(client.restoreSnapshot(name, "s0"));
    const found = await client.getFile(name, "/root/note");
    assert.equal(found.type === "file" ? await text(found.body) : found.type, "kept");
    assert.equal((await client.getInstanceState(name)).status, "Running");

    await client.createStorageVolume(pool.name, { name, config: {} });
    undo.defer(() => client.deleteStorageVolume(pool.name, name));
    await done(client.createStorageVolumeSnapshot(pool.name, name, { name: "v0" }));
    await client.patchInstance(name, {
      devices: { data: { type: "disk", pool: pool.name, source: name, path: "/mnt" } },
    });
    undo.defer(async () => {
      const { config, profiles, ephemeral } = (await client.getInstance(name)).value;
      await done(client.updateInstance(name, { config, devices, profiles, ephemeral }));
    });
    const mounted = await client.execOutput(name, { command: ["grep", "-c", " /mnt ", "/proc/mounts"] });
    assert.equal(mounted.stdout.toString().trim(), "1");

    await client.createProfile({ name, config: { "limits.processes": "100" } });
    undo.defer(() => client.deleteProfile(name));
    await client.patchProfile(name, { config: { "limits.processes": "200" } });
    assert.equal((await client.getProfile(name)).value.config["limits.processes"], "200");
    await local.createProject({ name, config: { "features.images": "false" } });
    undo.defer(() => local.deleteProject(name));
    await using inside = new Client({ endpoint: socket, project: name });
    assert.deepEqual(await inside.listInstances(), []);
  }
  const left = (await client.listInstances()).filter((instance) => instance.name === name);
  assert.deepEqual(left, []);
});
