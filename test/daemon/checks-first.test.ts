import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Client, PendingOperation } from "../../sdk";
import { runCli } from "../cli/support/cli";
import { DynamicProcess } from "../provider/support/dynamic-process";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

const done = async (operation: Promise<PendingOperation>) => {
  await (await operation).wait();
};

/** The first process of a running container, as the host sees it: another number means that it was stopped meanwhile. */
const pidOf = async (client: Client, name: string) => (await client.getInstanceState(name)).pid;

async function launch({ client }: TestDaemon, name: string, more: Record<string, unknown> = {}): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await done(client.createInstance({ name, source, ...more }));
  await done(client.setInstanceState(name, { action: "start" }));
}

test("what cannot be deleted goes on running", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    const config = { "security.protection.delete": "true" };
    await client.createProfile({ name: "guarded", config });
    await launch(daemon, "web", { config });
    await launch(daemon, "db", { profiles: ["default", "guarded"] });
    await launch(daemon, "free");
    const before = await Promise.all(["web", "db", "free"].map((name) => pidOf(client, name)));
    const untouched = async () => {
      assert.deepEqual(await Promise.all(["web", "db", "free"].map((name) => pidOf(client, name))), before);
    };
    const endpoint = `unix://${daemon.socket}`;

    for (const name of ["web", "db"]) {
      await t.test(`${name}: by the API with force`, async () => {
        await assert.rejects(done(client.deleteInstance(name, { force: true })), /protected from being deleted/);
        await untouched();
      });
      await t.test(`${name}: by bothy delete --force, together with one that could be deleted`, async () => {
        const { code, stderr } = await runCli(["delete", "--force", "free", name], {
          env: { BOTHY_ENDPOINT: endpoint },
        });
        assert.equal(code, 1);
        assert.match(
          stderr,
          new RegExp(`Cannot delete container "${name}": Container is protected from being deleted`),
        );
        await untouched();
      });
      await t.test(`${name}: by the provider`, async () => {
        await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: endpoint } });
        await assert.rejects(
          provider.delete("container", name, { name }),
          new RegExp(`Cannot delete container "${name}": Container is protected from being deleted`),
        );
        await untouched();
      });
    }
    await client.patchInstance("web", { config: { "security.protection.delete": "" } });
    await done(client.deleteInstance("web", { force: true }));
    await assert.rejects(client.getInstance("web"), { code: "NOT_FOUND" });
    await done(client.updateInstance("db", { ...(await client.getInstance("db")).value, profiles: ["default"] }));
    await done(client.deleteInstance("db", { force: true }));
    await done(client.deleteInstance("free", { force: true }));
  }),
);

test("an ephemeral container that is deleted with force is gone, and one without force is refused", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    await launch(daemon, "brief", { ephemeral: true });
    await assert.rejects(done(client.deleteInstance("brief")), /Instance is running/);
    await done(client.deleteInstance("brief", { force: true }));
    assert.deepEqual(await client.listInstances(), []);
  }),
);

test("what could not start again is not stopped", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    const source = path.join(path.dirname(daemon.dir), "shared");
    mkdirSync(source);
    await launch(daemon, "web", { devices: { shared: { type: "disk", source, path: "/srv" } } });
    await done(client.createSnapshot("web", { name: "before" }));
    const pid = await pidOf(client, "web");
    rmSync(source, { recursive: true });
    for (const force of [true, false])
      await t.test(`by a restart ${force ? "with" : "without"} force`, async () => {
        await assert.rejects(
          done(client.setInstanceState("web", { action: "restart", force })),
          /Missing source path ".*" for disk "shared"/,
        );
        assert.equal(await pidOf(client, "web"), pid);
      });
    const restore = async () => {
      const { value } = await client.getInstance("web");
      const { config, devices, description, ephemeral, architecture } = value;
      const put = { config, devices, description, ephemeral, architecture, profiles: value.profiles ?? [] };
      await done(client.updateInstance("web", { ...put, restore: "before" }));
    };
    await t.test("by a restore", async () => {
      await assert.rejects(restore(), /Missing source path ".*" for disk "shared"/);
      assert.equal(await pidOf(client, "web"), pid);
    });
    mkdirSync(source);
    await t.test("by a restore of a snapshot whose volume is lost", async () => {
      const { value: profile } = await client.getProfile("default");
      const pool = profile.devices.root?.pool ?? "";
      rmSync(path.join(daemon.dir, "storage-pools", pool, "containers-snapshots", "web"), { recursive: true });
      await assert.rejects(restore(), /before/);
      assert.equal(await pidOf(client, "web"), pid);
    });
    await done(client.deleteInstance("web", { force: true }));
  }),
);

test("a dry run says what a creation would be refused for, and makes nothing", { skip }, () =>
  withDaemon({ bare: false }, async ({ client }) => {
    const source = { type: "image", alias: "template:busybox" };
    await client.checkInstance({ name: "web", source });
    assert.deepEqual(await client.listInstances(), []);
    await assert.rejects(client.checkInstance({ name: "web", source: { type: "image", alias: "none" } }), /not found/i);
    await assert.rejects(client.checkInstance({ name: "web", source, profiles: ["none"] }), /"none" doesn't exist/);
    await done(client.createInstance({ name: "web", source: { type: "none" } }));
    await client.checkInstance({ name: "web", source });
    await done(client.deleteInstance("web"));
  }),
);
