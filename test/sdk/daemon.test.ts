/** The client against the real daemon: what a program that uses it can rely on. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { test } from "node:test";
import { ApiError, type Client, resourceNames } from "../../sdk/index";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

type Check = (client: Client) => Promise<void>;

const checks: Readonly<Record<string, Check>> = {
  "the server tells what it is and trusts us": async (client) => {
    const { value, etag } = await client.getServer();
    assert.equal(value.auth, "trusted");
    assert.match(value.environment.server_version, /^\d/);
    assert.ok(etag);
  },

  "a profile lives from create to delete, guarded by its ETag": async (client) => {
    await client.createProfile({ name: "small", config: { "limits.memory": "64MiB" } });
    await assert.rejects(client.createProfile({ name: "small" }), ApiError.is);
    const { value, etag } = await client.getProfile("small");
    assert.deepEqual(value.config, { "limits.memory": "64MiB" });
    await client.patchProfile("small", { description: "little" });
    await assert.rejects(client.updateProfile("small", {}, { etag }), { code: "PRECONDITION_FAILED" });
    await client.updateProfile("small", {}, { etag: (await client.getProfile("small")).etag });
    await client.renameProfile("small", "tiny");
    assert.ok((await client.listProfiles()).some(({ name }) => name === "tiny"));
    await client.deleteProfile("tiny");
    await assert.rejects(client.getProfile("tiny"), { code: "NOT_FOUND" });
  },

  "an unknown configuration key is refused by the daemon with its path": async (client) => {
    await assert.rejects(client.createProfile({ name: "bad", config: { "limits.nonsense": "1" } }), (error) => {
      assert.ok(ApiError.is(error));
      assert.equal(error.code, "BAD_REQUEST");
      assert.deepEqual(
        (error.details as { issues: { path: string }[] }).issues.map(({ path }) => path),
        ["config.limits.nonsense"],
      );
      return true;
    });
  },

  "what a first start made can be listed by kind": async (client) => {
    assert.ok((await client.listStoragePools()).length > 0);
    assert.ok((await client.listNetworks()).some(({ managed }) => managed));
    assert.ok((await client.listImages()).length > 0);
    assert.equal((await client.listInstances()).length, 1);
    const [pool] = await client.listStoragePools();
    assert.ok((await client.getStoragePoolResources(pool?.name ?? "")).space.total > 0);
    assert.ok((await client.getResources()).memory.total > 0);
  },

  "a failed operation throws the daemon's text with its status": async (client) => {
    const started = client.setInstanceState("web", { action: "start" });
    await assert.rejects(
      started.then((operation) => operation.wait()),
      (error) => {
        assert.ok(ApiError.is(error));
        assert.match(error.message, /already running/);
        assert.notEqual(error.code, "INTERNAL");
        return true;
      },
    );
  },

  "an instance is found running, changed, and its name chosen when it has none": async (client) => {
    const { value, etag } = await client.getInstance("web");
    assert.equal(value.status, "Running");
    const config = { ...value.config, "user.colour": "blue" };
    await (await client.updateInstance("web", { ...value, config }, { etag })).wait();
    assert.equal((await client.getInstance("web")).value.config["user.colour"], "blue");
    const created = await (await client.createInstance({ source: { type: "none" } })).wait();
    const [name = ""] = resourceNames(created, "instances");
    assert.equal((await client.getInstance(name)).value.status, "Stopped");
    await (await client.deleteInstance(name)).wait();
  },

  "a command's output, errors and exit code come back": async (client) => {
    const command = ["sh", "-c", 'echo "$GREETING"; id -u; pwd; echo oops >&2; exit 3'];
    const options = { command, environment: { GREETING: "hello" }, user: 1000, cwd: "/tmp" };
    const { code, stdout, stderr } = await client.execOutput("web", options);
    assert.deepEqual([code, String(stdout), String(stderr)], [3, "hello\n1000\n/tmp\n", "oops\n"]);
    assert.equal((await client.execOutput("web", { command: ["no-such-program"] })).code, 127);
  },

  "megabytes pass through a command unchanged in both directions": async (client) => {
    const input = randomBytes(8 * 2 ** 20);
    const digest = (data: Buffer) => createHash("sha256").update(data).digest("hex");
    const { code, stdout } = await client.execOutput("web", { command: ["cat"] }, input);
    assert.deepEqual([code, digest(stdout)], [0, digest(input)]);
  },

  "a signal ends a command with 128 and its number": async (client) => {
    const session = await client.execInstance("web", { command: ["sh", "-c", "echo ready; exec sleep 100"] });
    await once(session.stdout, "data");
    session.signal(15);
    session.stdout.resume();
    assert.equal(await session.exit, 143);
  },

  "an aborted session ends its command in the container": async (client) => {
    const abort = new AbortController();
    const session = await client.execInstance("web", {
      command: ["sh", "-c", "echo ready; exec sleep 4321"],
      signal: abort.signal,
    });
    await once(session.stdout, "data");
    abort.abort(new Error("enough"));
    await assert.rejects(session.exit, { message: "enough" });
    const gone = ["sh", "-c", "while pgrep -f 'sleep 432[1]'; do sleep 0.05; done"];
    assert.equal((await client.execOutput("web", { command: gone })).code, 0);
  },

  "a terminal has the size that it is given, and then the new one": async (client) => {
    const loop = `stty size; while [ "$(stty size)" != "50 120" ]; do sleep 0.01; done; echo resized`;
    const options = { command: ["sh", "-c", loop], interactive: true, width: 100, height: 40 };
    const session = await client.execInstance("web", options);
    let seen = "";
    let isResized = false;
    session.stdout.on("data", (chunk) => {
      seen += chunk;
      if (isResized || !seen.includes("40 100")) return;
      isResized = true;
      session.resize(120, 50);
    });
    await once(session.stdout, "end");
    assert.match(seen, /^40 100\r\nresized\r\n$/);
    assert.equal(await session.exit, 0);
  },

  "a file is pushed, read, described and deleted": async (client) => {
    const content = randomBytes(100_000);
    await client.putFile("web", "/root/data", content, { uid: 5, gid: 6, mode: 0o640 });
    const file = await client.getFile("web", "/root/data");
    assert.ok(file.type === "file");
    assert.deepEqual(await buffer(file.body), content);
    assert.deepEqual([file.uid, file.gid, file.mode, file.sizeBytes], [5, 6, 0o640, content.length]);
    assert.equal((await client.getFileInfo("web", "/root")).type, "directory");
    await client.putFile("web", "/root/link", "data", { type: "symlink" });
    const link = await client.getFile("web", "/root/link");
    assert.ok(link.type === "symlink");
    const folder = await client.getFile("web", "/root");
    assert.ok(folder.type === "directory");
    assert.deepEqual(folder.entries.filter((name) => ["data", "link"].includes(name)).sort(), ["data", "link"]);
    await client.deleteFile("web", "/root/data");
    await assert.rejects(client.getFile("web", "/root/data"), { code: "NOT_FOUND" });
  },

  "a snapshot brings a deleted file back": async (client) => {
    await client.putFile("web", "/root/kept", "precious");
    await (await client.createSnapshot("web", { name: "before" })).wait();
    await client.deleteFile("web", "/root/kept");
    await (await client.restoreSnapshot("web", "before")).wait();
    const file = await client.getFile("web", "/root/kept");
    assert.ok(file.type === "file");
    assert.equal(await text(file.body), "precious");
    assert.deepEqual(
      (await client.listSnapshots("web")).map(({ name }) => name),
      ["before"],
    );
    await (await client.deleteSnapshot("web", "before")).wait();
  },

  "lifecycle events tell what was done": async (client) => {
    const events = await client.openEvents({ types: ["lifecycle"] });
    await client.createProfile({ name: "seen" });
    await client.deleteProfile("seen");
    const actions: unknown[] = [];
    for await (const event of events) {
      actions.push((event.metadata as { action: string }).action);
      if (actions.length === 2) break;
    }
    assert.deepEqual(actions, ["profile-created", "profile-deleted"]);
  },

  "an image alias may hold slashes": async (client) => {
    const [image] = await client.listImages();
    await client.createImageAlias({ name: "test/busybox", target: image?.fingerprint ?? "" });
    assert.equal((await client.getImageAlias("test/busybox")).value.target, image?.fingerprint);
    await client.deleteImageAlias("test/busybox");
  },

  "the state of a running instance can be read": async (client) => {
    const state = await client.getInstanceState("web");
    assert.equal(state.status, "Running");
    assert.ok(state.pid > 0);
    const [full] = await client.listInstancesFull();
    assert.equal(full?.state?.status, "Running");
  },
};

test("the client drives a real daemon", { skip: requireFeature("root", process.getuid?.() === 0) }, (context) =>
  withDaemon({ bare: false }, async ({ client }) => {
    const source = { type: "image", alias: "template:busybox" };
    await (await client.createInstance({ name: "web", source })).wait();
    await (await client.setInstanceState("web", { action: "start" })).wait();
    for (const [title, check] of Object.entries(checks)) await context.test(title, () => check(client));
  }),
);
