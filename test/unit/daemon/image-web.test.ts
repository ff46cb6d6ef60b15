/** Requests to servers of images, which may be hostile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Web } from "../../../daemon/kinds/image/remote/web";

test("a list that trickles for ever is given up, and a cancelled one at once", async () => {
  const server = createServer((_request, response) => {
    const timer = setInterval(() => response.write(" "), 20);
    response.once("close", () => clearInterval(timer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/streams/v1/index.json`;
  try {
    await using web = new Web({}, "", { listMs: 300 });
    const list = web.json(address, 1000, new AbortController().signal);
    await assert.rejects(list, /Cannot read ".*index\.json": it did not come within 0\.3 seconds/);
    const cancel = new AbortController();
    const cancelled = web.json(address, 1000, cancel.signal);
    cancel.abort(new Error("cancelled"));
    await assert.rejects(cancelled, /^Error: cancelled$/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
