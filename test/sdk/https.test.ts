/** Calls over HTTPS are what they are over a unix socket. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { Socket } from "node:net";
import path from "node:path";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { before, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import type WebSocket from "ws";
import { Client } from "../../sdk/index";
import { ensureIdentity } from "../../sdk/remote/identity";
import { sendSync, until } from "./support/fake-daemon";
import { ownConfigFolder, pinned, plainServer, profile, tlsServer, withSockets, withTls } from "./support/fake-tls";

ownConfigFolder();
before(() => ensureIdentity());

const sdk = JSON.stringify(path.resolve(__dirname, "../../sdk/index.js"));

test("calls reuse connections, and calls at the same time have one each", () =>
  withTls(async (daemon, client) => {
    daemon.sync("GET /1.0/profiles/web", profile);
    for (let call = 0; call < 20; call += 1) await client.getProfile("web");
    assert.ok(daemon.sockets.size <= 2, `20 calls made ${daemon.sockets.size} connections`);
    const open: (() => void)[] = [];
    daemon.on("GET /1.0/profiles/slow", async (_seen, response) => {
      await new Promise<void>((resolve) => open.push(resolve));
      sendSync(response, profile);
    });
    const calls = Array.from({ length: 5 }, () => client.getProfile("slow"));
    await until(() => open.length === 5);
    for (const answer of open) answer();
    await Promise.all(calls);
  }));

test("operations are followed over a websocket of the same server, which pings and is answered", () =>
  withTls(async (daemon, client) => {
    daemon.starts("DELETE /1.0/instances/web", "gone");
    const operation = await client.deleteInstance("web");
    const [listener] = daemon.listeners;
    let pongs = 0;
    let pings = 0;
    listener?.on("pong", () => {
      pongs += 1;
    });
    listener?.on("ping", () => {
      pings += 1;
    });
    listener?.ping("are you there?");
    await until(() => pongs === 1);
    const waiting = operation.wait();
    daemon.tell(daemon.operation("gone", "Success"));
    assert.equal((await waiting).status, "Success");
    assert.equal(pings, 0);
    assert.ok(([...daemon.sockets] as TLSSocket[]).every((socket) => socket.encrypted));
  }));

test("a command's input, output and exit code come over websockets of the same server", () =>
  withTls(async (daemon, client) => {
    const fds = { control: "s-control", "0": "s-0", "1": "s-1", "2": "s-2" };
    const sockets = new Map<string, WebSocket>();
    daemon.starts("POST /1.0/instances/web/exec", "run", { fds });
    daemon.onWebSocket = (ws, url) => sockets.set(url.searchParams.get("secret") ?? "", ws);
    const session = await client.execInstance("web", { command: ["cat"] });
    sockets.get("s-0")?.on("message", (data, isBinary) => {
      if (isBinary) sockets.get("s-1")?.send(data);
      else for (const name of ["s-1", "s-2"]) sockets.get(name)?.send("", { binary: false });
    });
    session.stdin.end("through and back");
    assert.equal(await textOf(session.stdout), "through and back");
    daemon.tell(daemon.operation("run", "Success", { metadata: { fds, return: 3 } }));
    assert.equal(await session.exit, 3);
  }));

test("a websocket that is refused tells the server's own words", () =>
  withTls(async (daemon, client) => {
    daemon.refuseEvents = true;
    await assert.rejects(client.openEvents(), { code: "FORBIDDEN", message: "not authorized" });
  }));

test("an aborted call rejects with the signal's reason, also while it connects or reads", async () => {
  await withTls(async (daemon, client) => {
    daemon.on("GET /1.0/profiles/slow", () => undefined);
    const abort = new AbortController();
    const call = client.getProfile("slow", { signal: abort.signal });
    await until(() => daemon.requests.length === 1);
    abort.abort(new Error("changed my mind"));
    await assert.rejects(call, { message: "changed my mind" });
    await assert.rejects(client.getProfile("web", { signal: abort.signal }), { message: "changed my mind" });
    await assert.rejects(client.openEvents({ signal: abort.signal }), { message: "changed my mind" });

    daemon.on("GET /1.0/instances/web/files", (_seen, response) => {
      response.writeHead(200, { "x-lxd-type": "file", "content-length": "8" });
      response.write("half");
    });
    const later = new AbortController();
    const file = await client.getFile("web", "/big", { signal: later.signal });
    assert.ok(file.type === "file");
    const reading = textOf(file.body);
    later.abort(new Error("changed it again"));
    await assert.rejects(reading, { message: "changed it again" });
  });
  let connections = 0;
  const silent = () => {
    connections += 1;
  };
  await withSockets(plainServer, silent, async (url) => {
    await using client = new Client({ endpoint: pinned(url) });
    for (const start of [client.getServer, client.openEvents]) {
      const abort = new AbortController();
      const count = connections;
      const call = start({ signal: abort.signal });
      await until(() => connections > count);
      abort.abort(new Error("too long"));
      await assert.rejects(call, { message: "too long" });
    }
  });
});

test("a read whose connection was closed is asked once more, a write is not", () =>
  withTls(async (daemon, client) => {
    for (const method of ["GET", "PUT"])
      daemon.on(`${method} /1.0/profiles/web`, (_seen, response) => {
        const count = daemon.requests.filter((request) => request === `${method} /1.0/profiles/web`).length;
        if (count === 1) response.destroy();
        else sendSync(response, profile);
      });
    assert.equal((await client.getProfile("web")).value.name, "web");
    await assert.rejects(client.updateProfile("web", {}), {
      code: "UNAVAILABLE",
      message: new RegExp(`PUT /1.0/profiles/web: the connection to the server at "${daemon.url}" was closed`),
    });
    assert.equal(daemon.requests.filter((request) => request.startsWith("PUT")).length, 1);
  }));

test("an upload comes whole; one that is refused early rejects with the refusal and is read no further", () =>
  withTls(async (daemon, client) => {
    const bytes = Buffer.alloc(3_000_000, "x");
    let length = 0;
    daemon.on("POST /1.0/instances/web/files", ({ body }, response) => {
      length = body.length;
      sendSync(response, {});
    });
    await client.putFile("web", "/big", Readable.from([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)]));
    assert.equal(length, bytes.length);
    const broken = new Readable({ read: () => broken.destroy(new Error("the disk is gone")) });
    await assert.rejects(client.putFile("web", "/big", broken), { message: "the disk is gone" });

    const text = JSON.stringify({ type: "error", error: "not authorized", error_code: 403, metadata: null });
    const refuse = (socket: Socket) =>
      void socket.once("data", () => {
        socket.pause().write(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
      });
    await withSockets(tlsServer(), refuse, async (url) => {
      await using refused = new Client({ endpoint: pinned(url) });
      const endless = new Readable({ read: () => void endless.push(Buffer.alloc(65_536)) });
      const closed = new Promise((resolve) => endless.once("close", resolve));
      await assert.rejects(refused.putFile("web", "/big", endless), {
        code: "FORBIDDEN",
        message: /^not authorized\./,
      });
      await closed;
    });
  }));

test("what only HTTPS needs is not loaded for a unix socket", async () => {
  const program = `const { Client } = require(${sdk});
    new Client({ endpoint: "/nowhere/unix.socket" }).getServer().catch(() => console.log(Object.keys(require.cache).join(" ")));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program]);
  assert.match(stdout, /zod/);
  assert.doesNotMatch(stdout, /undici|node-forge|host\/certificate/);
});

test("a client that nobody waits for lets its process end, though it is not closed", () =>
  withTls(async (daemon) => {
    daemon.starts("DELETE /1.0/instances/web", "gone");
    const program = `const { Client } = require(${sdk});
      const client = new Client({ endpoint: ${JSON.stringify(pinned(daemon.url))} });
      client.deleteInstance("web").then((operation) => console.log(operation.latest.status));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", program]);
    assert.equal(stdout, "Running\n");
  }));

test("a closed client refuses calls", () =>
  withTls(async (daemon, client) => {
    daemon.sync("GET /1.0/profiles/web", profile);
    assert.equal((await client.getProfile("web")).value.name, "web");
    await client.close();
    await assert.rejects(client.getProfile("web"), { code: "UNAVAILABLE", message: /GET \/1.0\/profiles\/web/ });
    assert.equal(daemon.requests.length, 1);
  }));
