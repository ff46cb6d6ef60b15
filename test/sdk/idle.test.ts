/** Connections that nobody uses: the client ends them before the server does, which is not to be asked in that very moment. */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { httpsTransport } from "../../sdk/client/https";
import { type Transport, unixTransport } from "../../sdk/client/transport";
import { type FakeDaemon, sendSync, withFake } from "./support/fake-daemon";
import { ownConfigFolder, pinned, profile, withTls } from "./support/fake-tls";

ownConfigFolder();

/** The server keeps idle connections for 5 seconds, and says so. */
const keptMs = 300;

async function get({ send }: Transport, path: string): Promise<number> {
  const { status, body } = await send({ method: "GET", path });
  await text(body);
  return status;
}

async function endsIdleOnes(daemon: FakeDaemon, transport: Transport): Promise<void> {
  daemon.sync("GET /1.0/profiles/web", profile);
  daemon.on("GET /1.0/profiles/slow", async (_seen, response) => {
    await delay(3 * keptMs);
    sendSync(response, profile);
  });
  try {
    assert.equal(await get(transport, "/1.0/profiles/web"), 200);
    assert.equal(await get(transport, "/1.0/profiles/slow"), 200, "one under way is not idle");
    assert.equal(await get(transport, "/1.0/profiles/web"), 200);
    assert.ok(daemon.sockets.size <= 2, "it is used again as long as it is not idle");
    const deadline = Date.now() + 4000;
    while (daemon.sockets.size > 0 && Date.now() < deadline) await delay(20);
    assert.equal(daemon.sockets.size, 0, "it is ended by the client");
    assert.equal(await get(transport, "/1.0/profiles/web"), 200, "the next request has another one");
  } finally {
    await transport.close();
  }
}

test("an idle connection to a socket is ended by the client before the server does", () =>
  withFake((daemon) => endsIdleOnes(daemon, unixTransport({ kind: "unix", socketPath: daemon.socketPath }, keptMs))));

test("an idle connection by HTTPS is ended by the client, though the server would keep it for longer", () =>
  withTls((daemon) => endsIdleOnes(daemon, httpsTransport(pinned(daemon.url), keptMs))));
