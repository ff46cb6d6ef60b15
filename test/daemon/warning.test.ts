/** Warnings as LXD's API shows them: recorded with their cause, acknowledged, deleted, resolved when the cause is gone. */
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Warnings } from "../../daemon/kinds/warning/service";
import { WarningStore, warningSchema } from "../../daemon/kinds/warning/store";
import { Database } from "../../daemon/platform/database/database";
import { Log } from "../../daemon/platform/log";
import type { PendingOperation, Warning } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };
const done = async (operation: Promise<PendingOperation>) => (await operation).wait();

/** Stops the daemon, hides the pool from the next one, and starts that. */
async function restartWithoutPool(daemon: TestDaemon): Promise<() => void> {
  await daemon.stop();
  const folder = path.join(daemon.dir, "storage-pools", "default");
  const hidden = path.join(daemon.dir, "hidden");
  renameSync(folder, hidden);
  await daemon.start();
  return () => renameSync(hidden, folder);
}

const about = (warnings: readonly Warning[], type: string) => warnings.filter((warning) => warning.type === type);

test("a pool that cannot be opened is a warning, counted at each start and resolved when it opens again", {
  skip,
}, async () => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    assert.deepEqual(about(await client.listWarnings(), "Storage pool unavailable"), []);
    const bringBack = await restartWithoutPool(daemon);
    const [first] = about(await client.listWarnings(), "Storage pool unavailable");
    assert.ok(first);
    assert.deepEqual(
      [first.status, first.severity, first.entity_url, first.project, first.location],
      ["new", "high", "/1.0/storage-pools/default", "default", "none"],
    );
    assert.match(first.last_message, /Cannot open storage pool "default".*is missing/);

    await client.setWarningStatus(first.uuid, "acknowledged");
    await daemon.stop();
    await daemon.start();
    const again = await client.getWarning(first.uuid);
    assert.equal(again.status, "acknowledged", "seen again, it stays acknowledged");
    assert.ok(again.count > first.count, `counted on from ${first.count} to ${again.count}`);
    assert.equal(again.first_seen_at, first.first_seen_at);
    assert.ok(again.last_seen_at > first.last_seen_at);

    bringBack();
    await daemon.stop();
    await daemon.start();
    assert.equal((await client.getWarning(first.uuid)).status, "resolved");
    await client.deleteWarning(first.uuid);
    await assert.rejects(client.getWarning(first.uuid), { code: "NOT_FOUND", message: "Warning not found" });
  });
});

test("warnings are listed by path or whole, filtered, acknowledged and reset with an event each, and refused as LXD does", {
  skip,
}, async () => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    const bringBack = await restartWithoutPool(daemon);
    const [warning] = about(await client.listWarnings(), "Storage pool unavailable");
    assert.ok(warning);
    const url = `/1.0/warnings/${warning.uuid}`;
    const metadata = async (query: string) =>
      ((await daemon.request("GET", `/1.0/warnings${query}`)).body as { metadata: unknown[] }).metadata;
    assert.ok((await metadata("")).includes(url));
    const high = (await metadata("?recursion=1&filter=severity+eq+high+and+status+eq+new")) as Warning[];
    assert.deepEqual(
      high.map(({ uuid }) => uuid),
      [warning.uuid],
    );
    assert.deepEqual(await metadata("?filter=status+eq+acknowledged"), []);
    assert.ok((await metadata("?project=default")).includes(url));

    const heard: unknown[] = [];
    const abort = new AbortController();
    const events = client.events({ types: ["lifecycle"], signal: abort.signal });
    const listening = (async () => {
      for await (const event of events) {
        heard.push(event.metadata);
        if (heard.length === 3) return;
      }
    })();
    const change = async (method: string, status: unknown) => {
      const answer = await daemon.request(method, url, { status });
      return [answer.status, (answer.body as { error: string }).error];
    };
    await client.listWarnings();
    assert.deepEqual(await change("PUT", "acknowledged"), [200, ""]);
    assert.deepEqual(await change("PUT", "bogus"), [400, 'Invalid warning type "bogus"']);
    assert.deepEqual(await change("PATCH", undefined), [400, 'Invalid warning type ""']);
    assert.deepEqual(await change("PUT", "resolved"), [403, 'Status may only be set to "acknowledge" or "new"']);
    assert.equal((await client.getWarning(warning.uuid)).status, "acknowledged");
    assert.deepEqual(await change("PATCH", "new"), [200, ""]);
    assert.equal((await daemon.request("DELETE", url)).status, 200);
    assert.equal((await daemon.request("DELETE", url)).status, 404);
    assert.equal((await daemon.request("PUT", url, { status: "new" })).status, 404);
    await listening;
    abort.abort();
    assert.deepEqual(
      heard.map((event) => [(event as { action: string }).action, (event as { source: string }).source]),
      [
        ["warning-acknowledged", url],
        ["warning-reset", url],
        ["warning-deleted", url],
      ],
    );
    const { value } = await client.getServer();
    assert.ok(value.api_extensions.includes("warnings"));
    bringBack();
  });
});

test("a warning goes with its instance, and follows it to its new name", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await done(client.createInstance({ name: "web", source: image }));
    await daemon.stop();
    const folder = path.join(daemon.dir, "storage-pools", "default", "containers", "web");
    renameSync(folder, path.join(daemon.dir, "web.away"));
    await daemon.start();
    const missing = async () => about(await client.listWarnings(), "Storage volume missing").map((w) => w.entity_url);
    assert.deepEqual(await missing(), ["/1.0/instances/web"]);
    await daemon.stop();
    renameSync(path.join(daemon.dir, "web.away"), folder);
    await daemon.start();
    await done(client.renameInstance("web", "shop"));
    assert.deepEqual(await missing(), ["/1.0/instances/shop"]);
    await done(client.deleteInstance("shop"));
    assert.deepEqual(await missing(), []);
  });
});

test("what cannot be written to the database is kept in memory, and goes there with the next change", () => {
  const database = new Database(":memory:", [warningSchema]);
  const store = new WarningStore(database);
  const warnings = new Warnings(new Log("/dev/null"));
  warnings.record("poolUnavailable", { message: "before there was a database" });
  warnings.open(store);
  assert.equal(store.list().length, 1);
  database.get("PRAGMA query_only = 1");
  warnings.record("networkUnavailable", { message: "while it takes no writes", entity: "/1.0/networks/n" });
  warnings.resolve("poolUnavailable");
  assert.deepEqual(
    warnings
      .list()
      .map(({ type, status }) => `${type}: ${status}`)
      .sort(),
    ["Network unavailable: new", "Storage pool unavailable: resolved"],
  );
  database.get("PRAGMA query_only = 0");
  warnings.record("appArmor", { message: "x" });
  assert.deepEqual(
    store
      .list()
      .map(({ type, status }) => `${type}: ${status}`)
      .sort(),
    ["AppArmor support has been disabled: new", "Network unavailable: new", "Storage pool unavailable: resolved"],
  );
  database.close();
});

test("what a guest puts into a message cannot flood the list, nor reach a terminal as a control character", () => {
  const warnings = new Warnings(new Log("/dev/null"));
  for (let number = 0; number < 1100; number += 1)
    warnings.record("instanceUnknown", { message: "a\u001b[2J\n".repeat(1000), entity: `/1.0/instances/c${number}` });
  const all = warnings.list();
  assert.equal(all.length, 1000);
  for (const { last_message } of all) {
    assert.ok(last_message.length < 1100);
    assert.doesNotMatch(last_message, /\p{Cc}/u);
  }
});

test("keys of BGP are judged and kept as LXD's, and a warning tells that nothing is announced", { skip }, async () => {
  await withDaemon({}, async ({ client }) => {
    const set = (config: Record<string, string>) => client.patchServer({ config });
    const warned = async () => about(await client.listWarnings(), "Routes are not announced by BGP").at(0)?.status;
    for (const [key, wrong] of [
      ["core.bgp_asn", "4294967295"],
      ["core.bgp_asn", "x"],
      ["core.bgp_routerid", "fd00::1"],
      ["core.bgp_address", "10.0.0.5:70000"],
    ] as const)
      await assert.rejects(set({ [key]: wrong }), { code: "BAD_REQUEST", message: new RegExp(key) });
    await set({ "core.bgp_routerid": "10.0.0.5" });
    assert.equal(await warned(), undefined, "an identifier alone asks for nothing");
    await set({ "core.bgp_asn": "65000", "core.bgp_address": ":1790" });
    assert.equal(await warned(), "new");
    assert.equal((await client.getServer()).value.config["core.bgp_asn"], "65000");
    await set({ "core.bgp_asn": "", "core.bgp_address": "" });
    assert.equal(await warned(), "resolved");
  });
});
