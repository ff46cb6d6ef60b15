/** Channels and connections to other servers: those who say too much, take nothing, or do not answer. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { WebSocket, WebSocketServer } from "ws";
import { Channel } from "../../../daemon/platform/migration/channel";
import { dial, farOf } from "../../../daemon/platform/migration/dial";
import { makeIdentity } from "../../support/https";

const never = new AbortController().signal;

/** Both ends of a websocket. */
async function pair(work: (one: WebSocket, other: WebSocket) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const other = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [[one]] = (await Promise.all([once(server, "connection"), once(other, "open")])) as [[WebSocket], unknown];
  one.pause();
  try {
    await work(one, other);
  } finally {
    one.terminate();
    other.terminate();
    server.close();
  }
}

test("messages without a byte are not held without end", () =>
  pair(async (one, other) => {
    const channel = new Channel(one);
    for (let at = 0; at < 20_000; at += 1) other.send("");
    while (!one.isPaused) await delay(10);
    for (let at = 0; at < 20_000; at += 1) assert.equal((await channel.next(never)).data.length, 0);
  }));

test("what nobody takes is given up, by the signal and after some time", () =>
  pair(async (one, other) => {
    other.pause();
    const channel = new Channel(one);
    const piece = Buffer.alloc(1024 * 1024);
    const fill = async (signal: AbortSignal, patienceMs?: number) => {
      for (;;) await channel.send(piece, signal, patienceMs);
    };
    await assert.rejects(fill(never, 200), /takes nothing any more/);
    const stop = new AbortController();
    const sending = fill(stop.signal);
    stop.abort(new Error("it is enough"));
    await assert.rejects(sending, /it is enough/);
    one.terminate();
    await assert.rejects(async () => {
      for (;;) await channel.send(piece, never);
    }, /was lost/);
  }));

test("a server that accepts and never answers is not waited for", async () => {
  const { cert, key } = makeIdentity("silent");
  const certificate = cert.toString();
  const silent = createTlsServer({ cert, key });
  const mute = createServer();
  for (const server of [silent, mute]) {
    server.on("connection", (socket) => socket.on("error", () => undefined).resume());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const operation = `https://127.0.0.1:${port}/1.0/operations/8a2f1b8e-0000-4000-8000-000000000000`;
    await assert.rejects(
      dial(farOf(operation, certificate), "secret", never, 300),
      /Cannot connect to the other server/,
    );
    server.close();
  }
});
