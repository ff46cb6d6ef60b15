/** What somebody on the network can do who is not trusted: hold nothing, fill nothing, keep nobody else out. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { listenAt, makeIdentity, Network, trust } from "../support/https";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const admin = makeIdentity("admin");

const withHttps = (work: (daemon: TestDaemon, network: Network) => Promise<void>) =>
  withDaemon({}, async (daemon) => {
    await listenAt(daemon);
    await trust(daemon, admin);
    await using network = await Network.to(daemon);
    await work(daemon, network);
    assert.equal((await network.send(admin, "GET", "/1.0/profiles")).status, 200, "a trusted client is served");
    assert.equal((await daemon.request("GET", "/1.0")).status, 200, "and so is the socket");
    assert.deepEqual(readdirSync(path.join(daemon.dir, "tmp")), [], "nothing is left on disk");
  });

/** Writes until the other side ends the connection. @returns bytes that were taken, and what was answered */
async function pour(socket: TLSSocket, mostBytes: number): Promise<{ bytes: number; answer: string }> {
  const chunk = Buffer.alloc(64 * 1024, "x");
  let isOver = false;
  let bytes = 0;
  let answer = "";
  socket
    .on("error", () => undefined)
    .on("close", () => {
      isOver = true;
    });
  socket.on("data", (data: Buffer) => {
    answer += data.toString("latin1");
  });
  while (!isOver && bytes < mostBytes) {
    const isFree = socket.write(chunk);
    bytes += chunk.length;
    for (let waits = 0; !isFree && socket.writableNeedDrain && !isOver && waits < 200; waits += 1) await delay(5);
    await delay(0);
  }
  return { bytes, answer };
}

test("a body is refused before it is read, however long it is", { skip }, () =>
  withHttps(async (_daemon, network) => {
    for (const head of [
      "POST /1.0/images HTTP/1.1\r\nContent-Type: application/octet-stream\r\nContent-Length: 10000000000",
      "POST /1.0/images HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked",
      "POST /1.0/instances/x/files?path=/x HTTP/1.1\r\nContent-Length: 10000000000",
      "PUT /1.0/profiles/default HTTP/1.1\r\nContent-Length: 10000000000",
      "POST /1.0/certificates HTTP/1.1\r\nContent-Type: application/octet-stream\r\nContent-Length: 10000000000",
      "POST /1.0/unheard HTTP/1.1\r\nContent-Length: 10000000000",
      "POST /1.0 HTTP/1.1\r\nContent-Length: 10000000000",
    ]) {
      const socket = await network.connect(undefined);
      socket.write(`${head}\r\nHost: localhost\r\n\r\n${head.includes("chunked") ? "fffffff\r\n" : ""}`);
      const { bytes, answer } = await pour(socket, 200 << 20);
      assert.ok(bytes < 32 << 20, `${head}: ${bytes} bytes`);
      // Who sends without reading may lose the answer with the connection.
      if (answer !== "") assert.match(answer, /^HTTP\/1\.1 (403|404|400) /, head);
    }
    const polite = await network.connect(undefined);
    polite.write(
      "POST /1.0/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 99\r\n\r\n",
    );
    assert.match(await text(polite), /^HTTP\/1\.1 403 [\s\S]*Connection: close[\s\S]*not authorized/i);
  }),
);

test("headers and JSON of a stranger are short, and come at once", { skip }, () =>
  withHttps(async (_daemon, network) => {
    const long = `GET /1.0 HTTP/1.1\r\nHost: x\r\nX-Long: ${"7".repeat(40_000)}\r\n\r\n`;
    assert.match(await network.sendBytes(undefined, long), /^HTTP\/1\.1 431 /);
    const big = { password: "x".repeat(70_000) };
    const refused = await network.send(undefined, "POST", "/1.0/certificates", big);
    assert.deepEqual([refused.status, /longer than 65536 bytes/.test(refused.text)], [400, true]);
    const deep = "[".repeat(30_000);
    assert.equal((await network.send(undefined, "POST", "/1.0/certificates", deep)).status, 400);
    const slow = await network.connect(undefined);
    slow.write("POST /1.0/certificates HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    const begun = Date.now();
    assert.match(await text(slow), /^HTTP\/1\.1 400 [\s\S]*did not come within 5 seconds/);
    assert.ok(Date.now() - begun < 15_000);
    for (const bytes of ["HELLO\r\n\r\n", Buffer.from([0, 255, 1, 254, 13, 10, 13, 10])])
      assert.match(await network.sendBytes(undefined, bytes), /^HTTP\/1\.1 400 /);
    const plain = network.raw();
    plain.write("GET /1.0 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.doesNotMatch(await text(plain), /HTTP\/1\.1 2/, "nobody is answered without TLS");
  }),
);

test("hundreds of silent strangers, with and without TLS, keep no trusted client out", { skip }, () =>
  withHttps(async (daemon, network) => {
    const held = await network.websocket(admin, "/1.0/events");
    const raw = Array.from({ length: 300 }, () => network.raw().on("error", () => undefined));
    const spoken: TLSSocket[] = [];
    for (let round = 0; round < 30; round += 1)
      spoken.push(...(await Promise.all(Array.from({ length: 10 }, () => network.connect(undefined)))));
    for (const socket of spoken) socket.on("error", () => undefined);
    await delay(200);
    const isEnded = (socket: TLSSocket) => socket.destroyed || socket.readableEnded;
    assert.ok(spoken.filter(isEnded).length >= 40, "those who came first made room");
    assert.equal((await network.send(admin, "GET", "/1.0/profiles")).status, 200);
    assert.equal(held.readyState, held.OPEN, "a trusted client's connection makes room for nobody");
    const open = Number(await daemon.run("sh", "-c", `ls /proc/${daemon.pid}/fd | wc -l`));
    assert.ok(open < 400, `${open} descriptors are open`);
    held.terminate();
    for (const socket of [...raw, ...spoken]) socket.destroy();
  }),
);

test("a websocket without trust is refused on every path but that of a secret", { skip }, () =>
  withHttps(async (_daemon, network) => {
    for (const target of ["/1.0/events", "/1.0/events?type=lifecycle&all-projects=true"])
      assert.equal(await network.upgrade(undefined, target), 403, target);
    for (const target of ["/1.0", "/1.0/instances/x/exec", "/1.0/nothing"])
      assert.equal(await network.upgrade(undefined, target), 404, target);
    const none = "/1.0/operations/00000000-0000-4000-8000-000000000000/websocket?secret=x";
    assert.equal(await network.upgrade(undefined, none), 404);
    assert.equal(await network.upgrade(undefined, none.replace(/\?.*/, "")), 400);
  }),
);

test("requests without end on one connection end it, also of a client that is trusted", { skip }, () =>
  withHttps(async (daemon, network) => {
    const token = await network.send(admin, "POST", "/1.0/certificates", { token: true, type: "client" });
    const wait = `GET ${token.json.operation}/wait HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const socket = await network.connect(admin);
    let isOver = false;
    socket
      .on("error", () => undefined)
      .on("close", () => {
        isOver = true;
      });
    // Nothing is answered until the operation ends.
    for (let sent = 0; !isOver; sent += 100) {
      assert.ok(sent < 100_000, "it was ended");
      if (!socket.writableNeedDrain) socket.write(wait.repeat(100));
      await delay(5);
    }
    const open = Number(await daemon.run("sh", "-c", `ls /proc/${daemon.pid}/fd | wc -l`));
    assert.ok(open < 200, `${open} descriptors are open`);
  }),
);
