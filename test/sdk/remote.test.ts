/** Remotes: how a server and a client come to trust each other, and what is kept of it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { beforeEach, test } from "node:test";
import { type AddRemoteOptions, addRemote, Client, listRemotes, removeRemote } from "../../sdk/index";
import { type FakeDaemon, sendError, sendSync } from "./support/fake-daemon";
import { makeServer, ownConfigFolder, plainServer, server, withSockets, withTls } from "./support/fake-tls";

const folder = ownConfigFolder();
beforeEach(() => {
  for (const { name } of listRemotes()) removeRemote(name);
});

interface Played {
  /** What the POSTs brought. */
  readonly posts: Record<string, unknown>[];
  isTrusted: boolean;
}

/** A server that trusts whoever brings the proof. */
function play(
  daemon: FakeDaemon,
  proof: string | undefined,
  { extensions = [] as string[], kind = "lxd", field = "password" } = {},
): Played {
  const played: Played = { posts: [], isTrusted: false };
  daemon.on("GET /1.0", (_seen, response) =>
    sendSync(response, {
      api_extensions: extensions,
      auth: played.isTrusted ? "trusted" : "untrusted",
      ...(played.isTrusted ? { environment: { server: kind } } : {}),
    }),
  );
  daemon.on("POST /1.0/certificates", ({ body }, response) => {
    const post = JSON.parse(String(body)) as Record<string, unknown>;
    played.posts.push(post);
    if (post[field] !== proof) return sendError(response, 403, "not authorized");
    played.isTrusted = true;
    return sendSync(response, null);
  });
  return played;
}

const tokenOf = (addresses: string[], fingerprint = server.fingerprint) =>
  Buffer.from(
    JSON.stringify({ client_name: "me", fingerprint, addresses, secret: "shh", expires_at: "0001-01-01T00:00:00Z" }),
  ).toString("base64");
const authority = (url: string) => url.replace("https://", "");
const accepting: AddRemoteOptions = { accept: () => true };

test("a remote is added by address and password, once its certificate is accepted, and leads there afterwards", () =>
  withTls(async (daemon) => {
    const played = play(daemon, "open sesame");
    const asked: [string, string][] = [];
    const accept = (...words: [string, string]) => asked.push(words) > 0;
    const remote = await addRemote("lab", daemon.url, { password: "open sesame", accept });
    assert.deepEqual(remote, { name: "lab", url: daemon.url, fingerprint: server.fingerprint, protocol: "lxd" });
    assert.deepEqual(asked, [[server.fingerprint, daemon.url]]);
    assert.deepEqual(
      played.posts.map(({ type, password }) => [type, password]),
      [["client", "open sesame"]],
    );
    assert.deepEqual(listRemotes(), [remote]);
    daemon.sync("GET /1.0/profiles", []);
    for (const endpoint of ["remote:lab", daemon.url]) {
      await using client = new Client({ endpoint });
      assert.deepEqual(await client.listProfiles(), []);
    }
    assert.ok(existsSync(path.join(folder, "client.key")));
  }));

test("a certificate that nobody accepts ends it before anything is sent, and nothing is stored", () =>
  withTls(async (daemon) => {
    play(daemon, "open sesame");
    const refused = {
      code: "FORBIDDEN",
      message: new RegExp(`Cannot add remote "lab": nobody has accepted .*"${daemon.url}".*${server.fingerprint}`),
    };
    await assert.rejects(addRemote("lab", daemon.url, { password: "open sesame" }), refused);
    await assert.rejects(addRemote("lab", daemon.url, { password: "open sesame", accept: () => false }), refused);
    assert.deepEqual(daemon.requests, []);
    assert.deepEqual(listRemotes(), []);
  }));

test("a fingerprint that is given must be the server's, however it is written", () =>
  withTls(async (daemon) => {
    play(daemon, "open sesame");
    const password = "open sesame";
    const wrong = addRemote("lab", daemon.url, { password, fingerprint: "ab".repeat(32) });
    await assert.rejects(wrong, {
      code: "FORBIDDEN",
      message: new RegExp(`${server.fingerprint}, and ${"ab".repeat(32)} is expected. Nothing was sent`),
    });
    await assert.rejects(addRemote("lab", daemon.url, { password, fingerprint: "abc" }), {
      code: "BAD_REQUEST",
      message: /"abc" is not a fingerprint/,
    });
    assert.deepEqual(daemon.requests, []);
    const colons = server.fingerprint.toUpperCase().replace(/..\B/g, "$&:");
    assert.equal((await addRemote("lab", authority(daemon.url), { password, fingerprint: colons })).url, daemon.url);
  }));

test("a token brings address and fingerprint; LXD 5.0 takes it as a password, Incus as a token", () =>
  withTls(async (daemon) => {
    const token = tokenOf([authority(daemon.url)]);
    const played = play(daemon, token);
    const remote = await addRemote("lab", token);
    assert.deepEqual(remote, { name: "lab", url: daemon.url, fingerprint: server.fingerprint, protocol: "lxd" });
    assert.deepEqual(played.posts, [{ type: "client", name: "", password: token, trust_token: token }]);
  }));

test("a server that tells tokens from passwords gets it as a token", () =>
  withTls(async (daemon) => {
    const token = tokenOf([authority(daemon.url)]);
    const played = play(daemon, token, { extensions: ["explicit_trust_token"], kind: "incus", field: "trust_token" });
    assert.equal((await addRemote("lab", token)).protocol, "incus");
    assert.deepEqual(played.posts, [{ type: "client", name: "", trust_token: token }]);
  }));

test("a token's addresses are tried in order, and another server at one of them hears nothing", () => {
  const other = makeServer();
  return withTls(
    async (stranger) => {
      await withTls(async (daemon) => {
        const token = tokenOf(["127.0.0.1:1", authority(stranger.url), authority(daemon.url)]);
        play(daemon, token);
        assert.equal((await addRemote("lab", token)).url, daemon.url);
      });
      assert.deepEqual(stranger.requests, []);
      const lost = addRemote("lost", tokenOf(["127.0.0.1:1", authority(stranger.url), "no address"]));
      await assert.rejects(lost, (error: Error) => {
        for (const words of [
          "https://127.0.0.1:1",
          `"${stranger.url}" has the fingerprint ${other.fingerprint}`,
          "no address",
        ])
          assert.ok(error.message.includes(words), words);
        assert.ok(!error.message.includes("shh"));
        return true;
      });
    },
    { key: other.key, cert: other.cert },
  );
});

test("a wrong password, a used token and neither of them are refused, and nothing is stored", () =>
  withTls(async (daemon) => {
    const played = play(daemon, "open sesame");
    const place = `Cannot add remote "lab": the server at "${daemon.url}" `;
    await assert.rejects(addRemote("lab", daemon.url, { ...accepting, password: "wrong" }), {
      code: "FORBIDDEN",
      message: `${place}does not take the password (not authorized). Ask for a new token there.`,
    });
    await assert.rejects(addRemote("lab", tokenOf([authority(daemon.url)])), {
      code: "FORBIDDEN",
      message: /does not take the token \(not authorized\)/,
    });
    await assert.rejects(addRemote("lab", daemon.url, accepting), {
      code: "FORBIDDEN",
      message: /does not know this client yet, and neither a token nor a password/,
    });
    assert.deepEqual(listRemotes(), []);
    played.isTrusted = true;
    assert.equal(
      (await addRemote("lab", daemon.url, accepting)).name,
      "lab",
      "one that is known already needs neither",
    );
    assert.equal(played.posts.length, 2);
  }));

test("a server that takes the proof and does not trust is not stored", () =>
  withTls(async (daemon) => {
    daemon.sync("GET /1.0", { auth: "untrusted" });
    daemon.sync("POST /1.0/certificates", null);
    const add = addRemote("lab", daemon.url, { ...accepting, password: "x" });
    await assert.rejects(add, {
      code: "FORBIDDEN",
      message: /does not trust this client's certificate, though it took it/,
    });
    assert.deepEqual(listRemotes(), []);
  }));

test("names and addresses that cannot be are refused before anybody is asked", async () => {
  await assert.rejects(addRemote("a b", "https://127.0.0.1:1", accepting), { code: "BAD_REQUEST" });
  for (const target of ["", "http://host", "ftp://host", "unix:///run/unix.socket", "https://host/1.0", "host:port"])
    await assert.rejects(
      addRemote("lab", target, accepting),
      { code: "BAD_REQUEST", message: /^Cannot use endpoint/ },
      target,
    );
  await assert.rejects(addRemote("lab", "127.0.0.1:1", accepting), {
    code: "UNAVAILABLE",
    message: /"https:\/\/127.0.0.1:1": nobody listens/,
  });
  await withSockets(
    plainServer,
    (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    async (url) => {
      await assert.rejects(addRemote("lab", url, accepting), { code: "UNAVAILABLE", message: /does not speak TLS/ });
    },
  );
});

test("a name that is taken is refused before anybody is asked", () =>
  withTls(async (daemon) => {
    play(daemon, "x").isTrusted = true;
    await addRemote("lab", daemon.url, accepting);
    const before = daemon.requests.length;
    await assert.rejects(addRemote("lab", daemon.url, accepting), { code: "CONFLICT" });
    assert.equal(daemon.requests.length, before);
  }));

test("a server that no authority of this system speaks for is not added as one", () =>
  withTls(async (daemon) => {
    play(daemon, "x");
    await assert.rejects(addRemote("lab", daemon.url, { ca: true, password: "x" }), {
      code: "FORBIDDEN",
      message: /certificate authorities do not know/,
    });
    assert.deepEqual(daemon.requests, []);
  }));
