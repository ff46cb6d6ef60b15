/** TLS: who is at the other end is known before anything is sent. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import { before, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { ApiError, Client, isNobodyListening } from "../../sdk/index";
import { ensureIdentity } from "../../sdk/remote/identity";
import { sendError, sendSync } from "./support/fake-daemon";
import {
  fingerprintOf,
  makeServer,
  ownConfigFolder,
  pinned,
  plainServer,
  profile,
  server,
  tlsServer,
  withSockets,
  withTls,
} from "./support/fake-tls";

const folder = ownConfigFolder();
before(() => ensureIdentity());

const sdk = JSON.stringify(path.resolve(__dirname, "../../sdk/index.js"));

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

test("a port that speaks TLS and no HTTP is told as such", () =>
  withSockets(
    tlsServer(),
    (socket) => void socket.end("220 mail.example ESMTP\r\n"),
    async (url) => {
      await using client = new Client({ endpoint: pinned(url) });
      await assert.rejects(client.getServer(), { code: "UNAVAILABLE", message: /: its answer is no HTTP\. / });
    },
  ));

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
