/** Routes of storage pools: what the wire asks and gets, and which events tell of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { OpenPools } from "../../daemon/kinds/storage-pool/open-pools";
import { storagePoolRoutes } from "../../daemon/kinds/storage-pool/routes";
import { StoragePoolService } from "../../daemon/kinds/storage-pool/service";
import { storagePoolSchema } from "../../daemon/kinds/storage-pool/store";
import type { LifecycleEvent } from "../../daemon/platform/events";
import { StoragePool, StoragePoolResources } from "../../sdk/api/storage-pool";
import { type Ask, serverOf } from "../support/http";
import { testPlatform } from "../support/platform";
import { hands, smallTree } from "../support/storage";

async function withRoutes(work: (send: Ask, events: readonly LifecycleEvent[]) => Promise<void>): Promise<void> {
  const state = mkdtempSync(path.join(tmpdir(), "bothy-routes-"));
  const platform = testPlatform(state, [storagePoolSchema], {
    removeTree: hands.removeTree,
    folderProject: hands.folderProject,
  });
  const home = {
    ...platform,
    volumeKeys: () => ({}),
    snapshots: { urlsIn: () => [] },
    images: { urls: () => [], unpack: (_image: string, at: string) => smallTree(at) },
  };
  const pools = new StoragePoolService(home, new OpenPools(home));
  try {
    await work(serverOf(storagePoolRoutes(pools, platform.changes), platform.log), platform.told);
  } finally {
    platform.database.close();
    platform.log.close();
    rmSync(state, { recursive: true });
  }
}

const all = "/1.0/storage-pools";
const one = "/1.0/storage-pools/p";

test("a pool is made, read, listed, changed and deleted, and each change is told", () =>
  withRoutes(async (send, events) => {
    const made = await send("POST", all, { name: "p", driver: "dir", config: { "user.a": "1" } });
    assert.equal(made.location, "/1.0/storage-pools/p");
    assert.equal(made.metadata, null);
    assert.deepEqual((await send("GET", all)).metadata, ["/1.0/storage-pools/p"]);
    const [listed] = (await send("GET", `${all}?recursion=1`)).metadata as unknown[];
    const { metadata, etag } = await send("GET", one);
    assert.deepEqual(listed, metadata);
    assert.equal(StoragePool.parse(metadata).driver, "dir");
    await send("PATCH", one, { config: { "user.b": "2" } }, etag);
    const patched = StoragePool.parse((await send("GET", one)).metadata);
    assert.equal(patched.config["user.a"], "1");
    assert.equal(patched.config["user.b"], "2");
    await send("PUT", one, { description: "new" });
    const put = StoragePool.parse((await send("GET", one)).metadata);
    assert.equal(put.description, "new");
    assert.deepEqual(Object.keys(put.config), ["source"]);
    StoragePoolResources.parse((await send("GET", `${one}/resources`)).metadata);
    await send("DELETE", one);
    assert.deepEqual((await send("GET", all)).metadata, []);
    const told = ["created", "updated", "updated", "deleted"].map((verb) => `storage-pool-${verb}`);
    assert.deepEqual(
      events.map(({ action }) => action),
      told,
    );
  }));

test("a write with an outdated ETag is refused", () =>
  withRoutes(async (send) => {
    await send("POST", all, { name: "p", driver: "dir" });
    const { etag } = await send("GET", one);
    await send("PUT", one, { description: "first" }, etag);
    await assert.rejects(send("PUT", one, { description: "second" }, etag), {
      code: "PRECONDITION_FAILED",
    });
    assert.equal(StoragePool.parse((await send("GET", one)).metadata).description, "first");
  }));

test("names that are no names, missing pools and missing drivers are refused", () =>
  withRoutes(async (send) => {
    for (const name of ["..", "", "a/b", "a b", "a\n", "x".repeat(252)])
      await assert.rejects(send("POST", all, { name, driver: "dir" }), { code: "BAD_REQUEST" }, name);
    await assert.rejects(send("POST", all, { name: "p" }), { code: "BAD_REQUEST" });
    for (const method of ["GET", "DELETE"] as const)
      await assert.rejects(send(method, one), { code: "NOT_FOUND", message: "Storage pool not found" });
    await assert.rejects(send("PUT", one, {}), { code: "NOT_FOUND" });
  }));

test("two that make a pool of one name at once: one gets it", () =>
  withRoutes(async (send) => {
    const make = () => send("POST", all, { name: "p", driver: "dir" });
    const results = await Promise.allSettled([make(), make(), make()]);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    for (const result of results) if (result.status === "rejected") assert.equal(result.reason.code, "CONFLICT");
  }));
