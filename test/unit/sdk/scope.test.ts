/** Scope: a client's project and cluster member go with each of its calls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../../sdk/index";
import { sendSync, withFake } from "../../sdk/support/fake-daemon";

test("project and cluster member go with every call, also beside a query of the call's own", () =>
  withFake(async (daemon) => {
    const client = new Client({ endpoint: daemon.socketPath, project: "a b", target: "n2" });
    const seen: string[] = [];
    for (const key of ["GET /1.0/instances", "POST /1.0/storage-pools/local/volumes/custom"])
      daemon.on(key, ({ url }, response) => {
        seen.push(url);
        sendSync(response, key.endsWith("instances") ? [] : {});
      });
    await client.listInstances();
    await client.createStorageVolume("local", { name: "data", config: {} });
    await client.close();
    assert.deepEqual(seen, [
      "/1.0/instances?recursion=1&project=a+b&target=n2",
      "/1.0/storage-pools/local/volumes/custom?project=a+b&target=n2",
    ]);
  }));

test("a client without either asks for neither", () =>
  withFake(async (daemon, client) => {
    daemon.on("GET /1.0/instances", ({ url }, response) => {
      assert.equal(url, "/1.0/instances?recursion=1");
      sendSync(response, []);
    });
    assert.deepEqual(await client.listInstances(), []);
  }));
