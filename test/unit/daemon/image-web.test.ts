/** Requests to servers of images, which may be hostile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { findInStreams } from "../../../daemon/kinds/image/remote/simplestreams";
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

/** A server of a product with so many versions, and of one with so many names. */
const crowd =
  (versions: number): RequestListener =>
  ({ url }, response) => {
    const list = { datatype: "image-downloads", path: "list.json", products: ["a"] };
    if (url === "/streams/v1/index.json") return response.end(JSON.stringify({ index: { list } }));
    const items = { one: { ftype: "lxd_combined.tar.gz", path: "image", size: 1, sha256: "a".repeat(64) } };
    const many = Array.from({ length: versions }, (_, index) => [`2026${String(index).padStart(6, "0")}`, { items }]);
    const products = {
      many: { aliases: "many", arch: "amd64", versions: Object.fromEntries(many) },
      named: { aliases: "named,".repeat(1000), arch: "amd64", versions: { 20260101: { items } } },
    };
    response.end(JSON.stringify({ products }));
  };

test("of a server that names more than anybody has, the newest is found, or that is said", async () => {
  const found = (server: string, name: string) => {
    const web = new Web({});
    const source = { server, name, protocol: "simplestreams", certificate: "", secret: "", project: "" } as const;
    return findInStreams(web, source, "x86_64", new AbortController().signal).finally(() => web[Symbol.asyncDispose]());
  };
  await withServer(crowd(10), async (server) => {
    assert.equal((await found(server, "many/amd64")).told?.properties.serial, "2026000009");
    await assert.rejects(found(server, "named/amd64"), /Image not found/);
  });
  await withServer(crowd(50_001), async (server) =>
    assert.rejects(found(server, "many/amd64"), /name more than 50000 images/),
  );
});
