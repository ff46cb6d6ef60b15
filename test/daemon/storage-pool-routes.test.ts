/** Routes of storage pools: what the wire asks and gets, and which events tell of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { Context } from "../../daemon/context";
import type { ApiRequest, Reply } from "../../daemon/http/route";
import { OpenPools } from "../../daemon/kinds/storage-pool/open-pools";
import { storagePoolRoutes } from "../../daemon/kinds/storage-pool/routes";
import { StoragePoolService } from "../../daemon/kinds/storage-pool/service";
import { storagePoolSchema } from "../../daemon/kinds/storage-pool/store";
import { Database } from "../../daemon/platform/database/database";
import type { LifecycleEvent } from "../../daemon/platform/events";
import { Dirs } from "../../daemon/platform/folders/dirs";
import { Locks } from "../../daemon/platform/locks";
import { StoragePool, StoragePoolResources } from "../../sdk/api/storage-pool";
import { hands } from "../support/storage";

interface Call {
  name?: string;
  json?: unknown;
  query?: string;
  ifMatch?: string;
}

type Send = (method: string, path: string, call?: Call) => Promise<Extract<Reply, { type: "sync" }>>;

async function withRoutes(work: (send: Send, events: LifecycleEvent[]) => Promise<void>): Promise<void> {
  const state = mkdtempSync(path.join(tmpdir(), "bothy-routes-"));
  const dirs = new Dirs(state);
  dirs.make();
  const database = new Database(dirs.database, [storagePoolSchema]);
  const events: LifecycleEvent[] = [];
  const parts = {
    dirs,
    database,
    locks: new Locks(),
    events: { lifecycle: (event: LifecycleEvent) => events.push(event) },
    instances: { uses: () => [] },
    profiles: { list: () => [] },
    native: { removeTree: hands.removeTree },
  };
  const bare = parts as unknown as Context;
  const storagePools = new StoragePoolService(bare, new OpenPools(bare));
  const context = { ...parts, storagePools } as unknown as Context;
  const send: Send = async (method, at, { name = "", json, query = "", ifMatch } = {}) => {
    const found = storagePoolRoutes.find((one) => one.method === method && one.path === at);
    assert.ok(found, `${method} ${at}`);
    const request = {
      context,
      params: { name },
      query: new URLSearchParams(query),
      headers: ifMatch === undefined ? {} : { "if-match": ifMatch },
      json,
      requestor: { username: "root", protocol: "unix", address: "" },
    } as unknown as ApiRequest;
    const reply = await found.handle(request);
    assert.ok(reply.type === "sync");
    return reply;
  };
  try {
    await work(send, events);
  } finally {
    database.close();
    rmSync(state, { recursive: true });
  }
}

const all = "/1.0/storage-pools";
const one = "/1.0/storage-pools/:name";

test("a pool is made, read, listed, changed and deleted, and each change is told", () =>
  withRoutes(async (send, events) => {
    const made = await send("POST", all, { json: { name: "p", driver: "dir", config: { "user.a": "1" } } });
    assert.equal(made.location, "/1.0/storage-pools/p");
    assert.equal(made.metadata, null);
    assert.deepEqual((await send("GET", all)).metadata, ["/1.0/storage-pools/p"]);
    const [listed] = (await send("GET", all, { query: "recursion=1" })).metadata as unknown[];
    const { metadata, etag } = await send("GET", one, { name: "p" });
    assert.deepEqual(listed, metadata);
    assert.equal(StoragePool.parse(metadata).driver, "dir");
    await send("PATCH", one, { name: "p", json: { config: { "user.b": "2" } }, ifMatch: `"${etag}"` });
    const patched = StoragePool.parse((await send("GET", one, { name: "p" })).metadata);
    assert.equal(patched.config["user.a"], "1");
    assert.equal(patched.config["user.b"], "2");
    await send("PUT", one, { name: "p", json: { description: "new" } });
    const put = StoragePool.parse((await send("GET", one, { name: "p" })).metadata);
    assert.equal(put.description, "new");
    assert.deepEqual(Object.keys(put.config), ["source"]);
    StoragePoolResources.parse((await send("GET", `${one}/resources`, { name: "p" })).metadata);
    await send("DELETE", one, { name: "p" });
    assert.deepEqual((await send("GET", all)).metadata, []);
    const told = ["created", "updated", "updated", "deleted"].map((verb) => `storage-pool-${verb}`);
    assert.deepEqual(
      events.map(({ action }) => action),
      told,
    );
  }));

test("a write with an outdated ETag is refused", () =>
  withRoutes(async (send) => {
    await send("POST", all, { json: { name: "p", driver: "dir" } });
    const { etag } = await send("GET", one, { name: "p" });
    await send("PUT", one, { name: "p", json: { description: "first" }, ifMatch: etag });
    await assert.rejects(send("PUT", one, { name: "p", json: { description: "second" }, ifMatch: etag }), {
      code: "PRECONDITION_FAILED",
    });
    assert.equal(StoragePool.parse((await send("GET", one, { name: "p" })).metadata).description, "first");
  }));

test("names that are no names, missing pools and missing drivers are refused", () =>
  withRoutes(async (send) => {
    for (const name of ["..", "", "a/b", "a b", "a\n", "x".repeat(252)])
      await assert.rejects(send("POST", all, { json: { name, driver: "dir" } }), { name: "ZodError" }, name);
    await assert.rejects(send("POST", all, { json: { name: "p" } }), { name: "ZodError" });
    for (const method of ["GET", "DELETE"])
      await assert.rejects(send(method, one, { name: "p" }), { code: "NOT_FOUND", message: "Storage pool not found" });
    await assert.rejects(send("PUT", one, { name: "p", json: {} }), { code: "NOT_FOUND" });
  }));

test("two that make a pool of one name at once: one gets it", () =>
  withRoutes(async (send) => {
    const make = () => send("POST", all, { json: { name: "p", driver: "dir" } });
    const results = await Promise.allSettled([make(), make(), make()]);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    for (const result of results) if (result.status === "rejected") assert.equal(result.reason.code, "CONFLICT");
  }));
