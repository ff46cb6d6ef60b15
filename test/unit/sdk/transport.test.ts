/** The transport: sockets, errors, keep-alive, validation on both sides. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createNetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import { ApiError, Client, isNobodyListening } from "../../../sdk/index";
import { sendError, sendSync, withFake } from "../../sdk/support/fake-daemon";

const profile = { name: "web", description: "", config: {}, devices: {}, used_by: [] };

test("a missing daemon is UNAVAILABLE and names the socket and the way to start it", async () => {
  const client = new Client({ endpoint: "/nowhere/unix.socket" });
  await assert.rejects(client.getServer(), (error) => {
    assert.ok(isNobodyListening(error));
    assert.ok(ApiError.is(error));
    assert.equal(error.code, "UNAVAILABLE");
    assert.match(error.message, /"\/nowhere\/unix.socket": nobody listens there. Start it with "bothy daemon"/);
    return true;
  });
  await assert.rejects(client.deleteInstance("web"), isNobodyListening);
  await assert.rejects(client.openEvents(), isNobodyListening);
  await client.close();
});

test("a socket file that nobody listens on any more is a missing daemon too", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-sdk-"));
  const socketPath = path.join(folder, "unix.socket");
  const program = `require("net").createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, "SIGKILL"))`;
  await assert.rejects(promisify(execFile)(process.execPath, ["-e", program]));
  const client = new Client({ endpoint: socketPath });
  await assert.rejects(client.getServer(), isNobodyListening);
  await client.close();
  rmSync(folder, { recursive: true });
});

test("a socket path longer than an address holds works for calls and websockets", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-sdk-"));
  const deep = path.join(folder, "d".repeat(100), "e".repeat(100));
  mkdirSync(deep, { recursive: true });
  const server = createServer((_request, response) => sendSync(response, profile));
  const before = process.cwd();
  process.chdir(deep);
  await new Promise<void>((resolve) => server.listen("unix.socket", resolve));
  process.chdir(before);
  const client = new Client({ endpoint: path.join(deep, "unix.socket") });
  try {
    assert.equal((await client.getProfile("web")).value.name, "web");
    await assert.rejects(client.openEvents(), ApiError.is);
  } finally {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
});

test("an error of the server is rebuilt with its text, status and details", () =>
  withFake(async (daemon, client) => {
    daemon.on("GET /1.0/profiles/web", (_seen, response) =>
      sendError(response, 404, "Profile not found", { bothy_details: { name: "web" } }),
    );
    await assert.rejects(client.getProfile("web"), (error) => {
      assert.ok(ApiError.is(error));
      assert.deepEqual([error.code, error.status, error.message], ["NOT_FOUND", 404, "Profile not found"]);
      assert.deepEqual(error.details, { name: "web" });
      return true;
    });
  }));

test("an error without an envelope keeps status and text", () =>
  withFake(async (daemon, client) => {
    daemon.on("GET /1.0/profiles/web", (_seen, response) => void response.writeHead(502).end("Bad Gateway"));
    await assert.rejects(client.getProfile("web"), {
      message: /GET \/1.0\/profiles\/web: HTTP status 502: Bad Gateway/,
    });
  }));

test("an answer of another shape names the request and the field", () =>
  withFake(async (daemon, client) => {
    daemon.sync("GET /1.0/profiles/web", { ...profile, name: 7 });
    await assert.rejects(client.getProfile("web"), { code: "INTERNAL", message: /GET \/1.0\/profiles\/web: name: / });
    daemon.on("GET /1.0/profiles/web", (_seen, response) => void response.end("<html>"));
    await assert.rejects(client.getProfile("web"), { code: "INTERNAL", message: /Is the server LXD's/ });
  }));

test("fields that a newer server adds are kept", () =>
  withFake(async (daemon, client) => {
    daemon.sync("GET /1.0/profiles/web", { ...profile, project: "default" });
    assert.equal((await client.getProfile("web")).value.project, "default");
  }));

test("a list that the server sends as null is empty", () =>
  withFake(async (daemon, client) => {
    daemon.sync("GET /1.0/profiles", null);
    assert.deepEqual(await client.listProfiles(), []);
  }));

test("null stands for an empty list or map inside an object too, as Go writes them", () =>
  withFake(async (daemon, client) => {
    const pools = [{ name: "a", driver: "dir", description: "", config: null, used_by: null }];
    daemon.sync("GET /1.0/storage-pools", pools);
    const [pool] = await client.listStoragePools();
    assert.deepEqual([pool?.config, pool?.used_by], [{}, []]);
    daemon.sync("GET /1.0/storage-pools", [{ ...pools[0], name: null }]);
    await assert.rejects(client.listStoragePools(), { code: "INTERNAL", message: /0\.name/ });
  }));

test("a wrong field is refused before it is sent, with its path", () =>
  withFake(async (daemon, client) => {
    const wrong = client.createProfile({ name: "web", config: { "user.x": 1 as unknown as string } });
    await assert.rejects(wrong, (error) => {
      assert.ok(ApiError.is(error));
      assert.equal(error.code, "BAD_REQUEST");
      assert.deepEqual(
        (error.details as { issues: { path: string }[] }).issues.map((issue) => issue.path),
        ["config.user.x"],
      );
      return true;
    });
    assert.deepEqual(daemon.requests, []);
  }));

test("an ETag goes back as it came, quotes included", () =>
  withFake(async (daemon, client) => {
    daemon.sync("GET /1.0/profiles/web", profile, { etag: '"abc"' });
    let ifMatch: string | undefined;
    daemon.on("PUT /1.0/profiles/web", (seen, response) => {
      ifMatch = seen.headers["if-match"];
      sendError(response, 412, "ETag doesn't match: x vs abc");
    });
    const { value, etag } = await client.getProfile("web");
    await assert.rejects(client.updateProfile("web", value, { etag }), { code: "PRECONDITION_FAILED" });
    assert.equal(ifMatch, '"abc"');
  }));

test("a replaced object is sent whole, a patch only with what it changes", () =>
  withFake(async (daemon, client) => {
    const bodies: unknown[] = [];
    for (const method of ["PUT", "PATCH"])
      daemon.on(`${method} /1.0/profiles/web`, (seen, response) => {
        bodies.push(JSON.parse(String(seen.body)));
        sendSync(response, {});
      });
    await client.updateProfile("web", { config: { "user.a": "1" } });
    await client.patchProfile("web", { config: { "user.b": "2" } });
    assert.deepEqual(bodies, [
      { description: "", config: { "user.a": "1" }, devices: {} },
      { config: { "user.b": "2" } },
    ]);
  }));

test("names are encoded as one part of the path, and an empty one is refused", () =>
  withFake(async (daemon, client) => {
    const entry = { name: "debian/12", target: "f00", description: "", type: "container" };
    daemon.sync("GET /1.0/images/aliases/debian%2F12", entry);
    assert.equal((await client.getImageAlias("debian/12")).value.target, "f00");
    for (const call of [client.getProfile(""), client.deleteInstance(""), client.getFile("", "/etc")])
      await assert.rejects(call, { code: "BAD_REQUEST", message: /name must not be empty/ });
    assert.equal(daemon.requests.length, 1);
  }));

test("an aborted call rejects with the signal's reason", () =>
  withFake(async (daemon, client) => {
    daemon.on("GET /1.0/profiles/slow", () => undefined);
    const abort = new AbortController();
    const call = client.getProfile("slow", { signal: abort.signal });
    abort.abort(new Error("changed my mind"));
    await assert.rejects(call, { message: "changed my mind" });
    await assert.rejects(client.getProfile("web", { signal: abort.signal }), { message: "changed my mind" });
  }));

test("a read whose connection was closed is asked once more, a write is not", () =>
  withFake(async (daemon, client) => {
    for (const method of ["GET", "PUT"])
      daemon.on(`${method} /1.0/profiles/web`, (_seen, response) => {
        const count = daemon.requests.filter((request) => request === `${method} /1.0/profiles/web`).length;
        if (count === 1) response.destroy();
        else sendSync(response, profile);
      });
    assert.equal((await client.getProfile("web")).value.name, "web");
    await assert.rejects(client.updateProfile("web", {}), { code: "UNAVAILABLE", message: /PUT \/1.0\/profiles\/web/ });
    assert.equal(daemon.requests.filter((request) => request.startsWith("PUT")).length, 1);
  }));

test("calls reuse keep-alive connections", () =>
  withFake(async (daemon, client) => {
    daemon.sync("GET /1.0/profiles/web", profile);
    for (let call = 0; call < 20; call += 1) await client.getProfile("web");
    assert.ok(daemon.sockets.size <= 2, `20 calls made ${daemon.sockets.size} connections`);
  }));

test("a client that nobody waits for lets its process end, though it is not closed", () =>
  withFake(async (daemon) => {
    daemon.starts("DELETE /1.0/instances/web", "gone");
    const program = path.join(daemon.folder, "program.js");
    const sdk = JSON.stringify(path.resolve(__dirname, "../../../sdk/index.js"));
    writeFileSync(
      program,
      `const { Client } = require(${sdk});
      const client = new Client({ endpoint: ${JSON.stringify(daemon.socketPath)} });
      client.deleteInstance("web").then((operation) => console.log(operation.latest.status));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [program]);
    assert.equal(stdout, "Running\n");
  }));

test("a closed client refuses calls", () =>
  withFake(async (daemon, client) => {
    daemon.sync("GET /1.0/profiles/web", profile);
    assert.equal((await client.getProfile("web")).value.name, "web");
    await client.close();
    await assert.rejects(client.getProfile("web"), { code: "UNAVAILABLE", message: /GET \/1.0\/profiles\/web/ });
    assert.equal(daemon.requests.length, 1);
  }));

/** Runs the work with a client of a server that does as it likes with each connection's first bytes. */
async function withServer(answer: (socket: Socket) => void, work: (client: Client) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-sdk-"));
  const sockets: Socket[] = [];
  const server = createNetServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined).once("data", () => answer(socket));
  });
  const socketPath = path.join(folder, "unix.socket");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = new Client({ endpoint: socketPath });
  try {
    await work(client);
  } finally {
    await client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
}

test("an upload that is refused before it is read rejects with the refusal, and is read no further", async () => {
  const refusal = JSON.stringify({ type: "error", error: "not authorized", error_code: 403, metadata: null });
  const refuse = (socket: Socket) => {
    socket.pause().write(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${refusal.length}\r\n\r\n${refusal}`);
  };
  await withServer(refuse, async (client) => {
    const endless = new Readable({ read: () => void endless.push(Buffer.alloc(65536)) });
    const closed = new Promise((resolve) => endless.once("close", resolve));
    await assert.rejects(client.putFile("web", "/big", endless), { code: "FORBIDDEN", message: "not authorized" });
    await closed;
  });
});

test("an upload whose source fails rejects with that failure", () =>
  withFake(async (_daemon, client) => {
    const broken = new Readable({ read: () => broken.destroy(new Error("the disk is gone")) });
    await assert.rejects(client.putFile("web", "/big", broken), { message: "the disk is gone" });
  }));

test("an abort in the middle of an answer ends its reading with the signal's reason", async () => {
  const begin = (socket: Socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx-lxd-type: file\r\ncontent-length: 8\r\n\r\nhalf");
  };
  await withServer(begin, async (client) => {
    const abort = new AbortController();
    const file = await client.getFile("web", "/big", { signal: abort.signal });
    assert.ok(file.type === "file");
    const reading = textOf(file.body);
    abort.abort(new Error("changed my mind"));
    await assert.rejects(reading, { message: "changed my mind" });
  });
});
