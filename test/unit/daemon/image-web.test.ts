/** Requests to servers of images, which may be hostile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Products } from "../../../daemon/kinds/image/remote/streams/products";
import { Web } from "../../../daemon/kinds/image/remote/web";

/** Runs the work with the address of a server. */
async function withServer(serve: RequestListener, work: (address: string) => Promise<void>): Promise<void> {
  const server = createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const trickle: RequestListener = (_request, response) => {
  const timer = setInterval(() => response.write(" "), 20);
  response.once("close", () => clearInterval(timer));
};

test("a list that trickles for ever is given up, and a cancelled one at once", () =>
  withServer(trickle, async (server) => {
    const address = `${server}/streams/v1/index.json`;
    await using web = new Web({}, "", { listMs: 300 });
    const list = web.json(address, 1000, new AbortController().signal);
    await assert.rejects(list, /Cannot read ".*index\.json": it did not come within 0\.3 seconds/);
    const cancel = new AbortController();
    const cancelled = web.json(address, 1000, cancel.signal);
    cancel.abort(new Error("cancelled"));
    await assert.rejects(cancelled, /^Error: cancelled$/);
  }));

/** A list of a product with so many versions, and of one with so many names. */
function crowd(versions: number): string {
  const items = { one: { ftype: "lxd_combined.tar.gz", path: "image", size: 1, sha256: "a".repeat(64) } };
  const many = Array.from({ length: versions }, (_, index) => [`2026${String(index).padStart(6, "0")}`, { items }]);
  return JSON.stringify({
    products: {
      many: { aliases: "many", arch: "amd64", versions: Object.fromEntries(many) },
      named: { aliases: "named,".repeat(1000), arch: "amd64", versions: { 20260101: { items } } },
    },
  });
}

test("of lists that name more than anybody has, the newest is found, or that is said", () => {
  const chosen = (text: string, name: string) => {
    const products = new Products({ name, system: undefined, architectures: ["x86_64"], forms: ["tar.gz"] });
    products.add(text, "https://images.example/list.json");
    return products.chosen();
  };
  const found = chosen(crowd(10), "many/amd64");
  assert.deepEqual([found?.offer.serial, found?.byAlias], ["2026000009", true]);
  assert.equal(chosen(crowd(10), "named/amd64"), undefined);
  assert.throws(() => chosen(crowd(50_001), "many/amd64"), /list\.json": the lists .* name more than 50000 images/);
  for (const text of ["[]", '{"products": []}']) assert.throws(() => chosen(text, "many"), /is no list of products/);
  assert.throws(() => chosen("{", "many"), /it is no JSON/);
});
