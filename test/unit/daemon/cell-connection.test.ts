/** Connections to processes of bothy-cell, which may end while somebody connects. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { CellConnection } from "../../../daemon/platform/native/connection";
import { endProxy, hasProxy } from "../../../daemon/platform/native/proxy";

/** Asks a listener that leaves while the connection is in its queue: the kernel resets it then. */
async function whileItLeaves<T>(ask: (socket: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-cell-"));
  const socket = path.join(folder, "control");
  try {
    const listener = createServer().listen(socket);
    await once(listener, "listening");
    const asked = ask(socket);
    listener.close();
    return await asked;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a listener that leaves while it is asked is one that is gone", () =>
  assert.rejects(
    whileItLeaves((socket) => CellConnection.openAt(socket)),
    /ENOENT|ECONNREFUSED/,
  ));

test("a proxy that ends by itself while it is ended, or looked for, is one that is gone", async () => {
  assert.equal(await whileItLeaves(hasProxy), false);
  await whileItLeaves(endProxy);
});
