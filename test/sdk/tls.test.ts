/** HTTPS: who is at the other end is known before anything is sent, and calls are what they are over a unix socket. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { before, test } from "node:test";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import type WebSocket from "ws";
import { ApiError, Client, isNobodyListening } from "../../sdk/index";
import { ensureIdentity } from "../../sdk/remote/identity";
import { sendError, sendSync, until } from "./support/fake-daemon";
import {
  fingerprintOf,
  makeServer,
  ownConfigFolder,
  pinned,
  plainServer,
  server,
  withSockets,
  withTls,
} from "./support/fake-tls";

const folder = ownConfigFolder();
before(() => ensureIdentity());

const profile = { name: "web", description: "", config: {}, devices: {}, used_by: [] };
const sdk = JSON.stringify(path.resolve(__dirname, "../../sdk/index.js"));
const tlsServer =
  (more: object = {}) =>
  (connected: (socket: TLSSocket) => void) =>
    createTlsServer({ key: server.key, cert: server.cert, ...more }, connected);

test("a call goes by TLS 1.3 and http/1.1, with this client's certificate, to the host that it names", () =>
  withTls(async (daemon, client) => {
    let host: string | undefined;
    daemon.on("GET /1.0/profiles/web", (seen, response) => {
      host = seen.headers.host;
      sendSync(response, profile, { etag: '"abc"' });
    });
    const { value, etag } = await client.getProfile("web");
    assert.deepEqual([value.name, etag], ["web", '"abc"']);
    assert.equal(`https://${host}`, daemon.url);
    const [socket] = daemon.sockets as Set<TLSSocket>;
    assert.equal(socket?.getProtocol(), "TLSv1.3");
    assert.equal(socket?.alpnProtocol, "http/1.1");
    const { certificate } = await ensureIdentity();
    assert.equal(
      socket?.getPeerX509Certificate()?.fingerprint256,
      fingerprintOf(certificate).toUpperCase().replace(/..\B/g, "$&:"),
    );
  }));

test("a server that knows TLS 1.2 only is spoken to as well, an older one is not", async () => {
  await withTls(
    async (daemon, client) => {
      daemon.sync("GET /1.0/profiles/web", profile);
      assert.equal((await client.getProfile("web")).value.name, "web");
      const [socket] = daemon.sockets as Set<TLSSocket>;
      assert.equal(socket?.getProtocol(), "TLSv1.2");
    },
    { maxVersion: "TLSv1.2" },
  );
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
  await withSockets(
    tlsServer(old),
    () => undefined,
    async (url) => {
      await using client = new Client({ endpoint: pinned(url) });
      await assert.rejects(client.getServer(), {
        code: "UNAVAILABLE",
        message: /"https:\/\/127.0.0.1:\d+": it does not speak TLS/,
      });
    },
  );
});

test("a server with another certificate hears nothing: no header, no body, no secret, by no kind of call", async () => {
  const other = makeServer();
  let heard = 0;
  let connections = 0;
  const listening = (connected: (socket: TLSSocket) => void) =>
    tlsServer({ key: other.key, cert: other.cert })(connected).on("connection", () => {
      connections += 1;
    });
  const hear = (socket: Socket) => {
    socket.on("data", (data: Buffer) => {
      heard += data.length;
    });
  };
  await withSockets(listening, hear, async (url) => {
    await using client = new Client({ endpoint: pinned(url) });
    const calls = [
      () => client.getServer(),
      () => client.createProfile({ name: "web", config: { "user.password": "secret" } }),
      () => client.putFile("web", "/etc/secret", "secret"),
      () => client.openEvents(),
      () => client.deleteInstance("web"),
      () => client.execInstance("web", { command: ["secret"] }),
    ];
    for (const call of calls)
      await assert.rejects(call(), (error) => {
        assert.ok(ApiError.is(error));
        assert.equal(error.code, "FORBIDDEN");
        assert.deepEqual(error.details, { url, expected: server.fingerprint, found: other.fingerprint });
        for (const word of [url, server.fingerprint, other.fingerprint]) assert.ok(error.message.includes(word), word);
        return true;
      });
    assert.ok(connections >= calls.length, `${connections} connections`);
    assert.equal(heard, 0);
  });
});

test("an address that no remote is stored for is refused unless the system trusts its certificate", () =>
  withTls(async (daemon) => {
    daemon.sync("GET /1.0/profiles/web", profile);
    await using client = new Client({ endpoint: daemon.url });
    await assert.rejects(client.getProfile("web"), {
      code: "FORBIDDEN",
      message: new RegExp(
        `no remote has its certificate.*${server.fingerprint}.*Run "bothy remote add NAME ${daemon.url}"`,
      ),
    });
    assert.deepEqual(daemon.requests, []);

    const authority = path.join(folder, "authority.pem");
    writeFileSync(authority, server.cert);
    const ask = async (url: string) => {
      const program = `const { Client } = require(${sdk});
        new Client({ endpoint: ${JSON.stringify(url)} }).getProfile("web").then(({ value }) => console.log(value.name), (error) => console.log(error.message));`;
      const env = { ...process.env, SSL_CERT_FILE: authority };
      return (await promisify(execFile)(process.execPath, ["-e", program], { env })).stdout;
    };
    assert.equal(await ask(daemon.url), "web\n");
    assert.equal(await ask(daemon.url.replace("127.0.0.1", "localhost")), "web\n");
  }));

test("a trusted authority does not speak for another host", () => {
  const stranger = makeServer(["other.example"], ["10.1.2.3"]);
  const authority = path.join(folder, "stranger.pem");
  writeFileSync(authority, stranger.cert);
  return withTls(
    async (daemon) => {
      const program = `const { Client } = require(${sdk});
        new Client({ endpoint: ${JSON.stringify(daemon.url)} }).getServer().catch((error) => console.log(error.message));`;
      const env = { ...process.env, SSL_CERT_FILE: authority };
      const { stdout } = await promisify(execFile)(process.execPath, ["-e", program], { env });
      assert.match(stdout, /this system does not trust it \(ERR_TLS_CERT_ALTNAME_INVALID/);
      assert.deepEqual(daemon.requests, []);
    },
    { key: stranger.key, cert: stranger.cert },
  );
});

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

test("a server that does not trust this client is told as such, with what to do", () =>
  withTls(async (daemon, client) => {
    daemon.sync("GET /1.0", {
      auth: "untrusted",
      api_extensions: [],
      api_status: "stable",
      api_version: "1.0",
      public: false,
      auth_methods: ["tls"],
    });
    await assert.rejects(client.getServer(), {
      code: "FORBIDDEN",
      message: `Cannot use the server at "${daemon.url}": it does not trust this client's certificate. Run "bothy remote add NAME ${daemon.url}" with a password, or with a token in place of the address.`,
    });
    daemon.on("GET /1.0/profiles/web", (_seen, response) => sendError(response, 403, "not authorized"));
    await assert.rejects(client.getProfile("web"), {
      code: "FORBIDDEN",
      message: `not authorized. The server at "${daemon.url}" does not trust this client, or does not allow it this. See "bothy remote add --help".`,
    });
  }));

test("where nobody listens, the message names the address", async () => {
  await using nobody = new Client({ endpoint: pinned("https://127.0.0.1:1") });
  for (const call of [() => nobody.getServer(), () => nobody.openEvents(), () => nobody.deleteInstance("web")])
    await assert.rejects(call(), (error) => {
      assert.ok(isNobodyListening(error));
      assert.match(
        (error as Error).message,
        /^Cannot reach the server at "https:\/\/127.0.0.1:1": nobody listens there\. .*core.https_address/,
      );
      return true;
    });
  await using unknown = new Client({ endpoint: "https://nowhere.invalid" });
  await assert.rejects(unknown.getServer(), {
    code: "UNAVAILABLE",
    message: /"https:\/\/nowhere.invalid:8443": the (host|name of the host) /,
  });
});

test("a port that speaks something else is told as such", () =>
  withSockets(
    plainServer,
    (socket) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n"),
    async (url) => {
      await using client = new Client({ endpoint: pinned(url) });
      await assert.rejects(client.getServer(), {
        code: "UNAVAILABLE",
        message: new RegExp(
          `^Cannot reach the server at "${url}": it does not speak TLS as we do \\(.*\\)\\. Is it the port`,
        ),
      });
    },
  ));

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
