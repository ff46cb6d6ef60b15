/** HTTPS: where the daemon listens, with which certificate, and that the unix socket does not notice. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os, { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";
import type { Server } from "../../sdk/api/server";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { type Identity, identityOf, listenAt, makeIdentity, Network, opensslIdentity, trust } from "../support/https";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

/** What is asked of GET /1.0. */
async function setAddress(daemon: TestDaemon, address: string): Promise<{ status: number; error: string }> {
  const { status, body } = await daemon.request("PATCH", "/1.0", { config: { "core.https_address": address } });
  return { status, error: (body as { error: string }).error };
}

const server = async (daemon: TestDaemon) => (await daemon.client.getServer()).value;

/** Whether somebody speaks TLS at an address of the daemon's namespace. */
const answers = (daemon: TestDaemon, address: string): Promise<boolean> =>
  daemon.run("curl", "-sk", "--max-time", "5", `https://${address}/`).then(
    (told) => told.includes('"/1.0"'),
    () => false,
  );

const publicFields = ["api_extensions", "api_status", "api_version", "auth", "auth_methods", "public"];

test(
  "core.https_address opens HTTPS at once, with a certificate of names and addresses; the socket goes on",
  { skip },
  () =>
    withDaemon({}, async (daemon) => {
      assert.equal((await server(daemon)).environment.certificate, "", "nothing is made before it is needed");
      assert.deepEqual((await server(daemon)).environment.addresses, []);
      await listenAt(daemon);
      await using network = await Network.to(daemon);
      const told = await network.send(undefined, "GET", "/1.0");
      assert.equal(told.status, 200);
      const greeting = told.json.metadata as Server;
      assert.deepEqual(Object.keys(greeting).sort(), publicFields);
      assert.deepEqual([greeting.auth, greeting.public, greeting.auth_methods], ["untrusted", false, ["tls"]]);
      const { config, environment, auth } = await server(daemon);
      assert.equal(auth, "trusted");
      assert.equal(config["core.https_address"], "127.0.0.1:8443");
      assert.deepEqual(environment.addresses, ["127.0.0.1:8443"]);
      const certificate = new X509Certificate(readFileSync(path.join(daemon.dir, "server.crt")));
      assert.equal(environment.certificate, certificate.toString());
      assert.equal(environment.certificate_fingerprint, certificate.fingerprint256.replaceAll(":", "").toLowerCase());
      const socket = await network.connect(undefined);
      assert.equal(socket.getPeerX509Certificate()?.fingerprint256, certificate.fingerprint256);
      assert.equal(socket.getProtocol(), "TLSv1.3");
      socket.destroy();
      for (const name of [os.hostname(), "localhost"]) assert.ok(certificate.checkHost(name), name);
      for (const address of ["127.0.0.1", "::1"]) assert.ok(certificate.checkIP(address), address);
      const { asymmetricKeyDetails: key } = certificate.publicKey;
      assert.equal(key?.namedCurve, "secp384r1");
      assert.ok(Date.parse(certificate.validTo) - Date.now() > 9.9 * 365 * 86_400_000, "ten years");
      assert.equal(statSync(path.join(daemon.dir, "server.key")).mode & 0o777, 0o600);
      await daemon.stop();
      await daemon.start();
      const again = await network.connect(undefined);
      assert.equal(again.getPeerX509Certificate()?.fingerprint256, certificate.fingerprint256, "a restart keeps both");
      again.destroy();
    }),
);

test("another address counts at once, one that cannot be had is refused, and an empty one closes HTTPS", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await daemon.run("ip", "addr", "add", "10.9.8.7/24", "dev", "lo");
    for (const [address, where, port] of [
      [":8443", "10.9.8.7", 8443],
      ["10.9.8.7:8443", "10.9.8.7", 8443],
      ["[::1]:8443", "[::1]", 8443],
      ["127.0.0.1", "127.0.0.1", 8443],
      ["localhost:8444", "127.0.0.1", 8444],
      ["127.0.0.1:8445", "127.0.0.1", 8445],
    ] as const) {
      assert.deepEqual(await setAddress(daemon, address), { status: 200, error: "" }, address);
      assert.ok(await answers(daemon, `${where}:${port}`), address);
    }
    assert.ok(!(await answers(daemon, "127.0.0.1:8444")), "nobody listens at the old one");
    for (const [address, cause] of [
      ["192.0.2.1:8445", /"192\.0\.2\.1:8445": this host has no such address/],
      ["192.0.2.1:9000", /no such address/],
      ["nope.invalid:8443", /host name/],
    ] as const) {
      const refused = await setAddress(daemon, address);
      assert.equal(refused.status, 400, address);
      assert.match(refused.error, cause);
      assert.equal((await server(daemon)).config["core.https_address"], "127.0.0.1:8445");
      assert.ok(await answers(daemon, "127.0.0.1:8445"), `after ${address}`);
    }
    for (const address of ["127.0.0.1:0", "127.0.0.1:70000", "a b", "[1.2.3.4]:8443", "1.2.3:80", "http://x", "x:y"])
      assert.equal((await setAddress(daemon, address)).status, 400, address);
    assert.equal((await setAddress(daemon, "")).status, 200);
    assert.ok(!(await answers(daemon, "127.0.0.1:8445")));
    assert.deepEqual((await server(daemon)).environment.addresses, []);
    await listenAt(daemon);
    const { body } = await daemon.request("PUT", "/1.0", { config: {} });
    assert.equal((body as { error: string }).error, "", "PUT takes it away as well");
    assert.ok(!(await answers(daemon, "127.0.0.1:8443")));
  }),
);

test(
  "a request under way gets its answer from the old address, and an address that comes later is listened at",
  { skip },
  () =>
    withDaemon({}, async (daemon) => {
      const admin = makeIdentity();
      await listenAt(daemon);
      await trust(daemon, admin);
      await using network = await Network.to(daemon);
      // The answer to the very request that moves the listener away comes on the connection of the old one.
      const moved = await network.send(admin, "PATCH", "/1.0", { config: { "core.https_address": "127.0.0.1:9443" } });
      assert.equal(moved.status, 200);
      assert.equal(moved.headers.connection, "close");
      assert.ok(await answers(daemon, "127.0.0.1:9443"));
      await daemon.run("ip", "addr", "add", "10.9.8.7/24", "dev", "lo");
      await listenAt(daemon, "10.9.8.7:8443");
      await daemon.stop();
      await daemon.run("ip", "addr", "del", "10.9.8.7/24", "dev", "lo");
      await daemon.start();
      const warnings = await daemon.client.listWarnings();
      assert.match(
        warnings.find(({ type }) => type === "Cannot listen for HTTPS")?.last_message ?? "",
        /no such address/,
      );
      await daemon.run("ip", "addr", "add", "10.9.8.7/24", "dev", "lo");
      for (let tries = 0; !(await answers(daemon, "10.9.8.7:8443")); tries += 1) {
        assert.ok(tries < 60, "it tries again by itself");
        await delay(500);
      }
    }),
);

test("an administrator's own certificate is used; a broken one is kept aside with a warning", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const own = opensslIdentity("rsa:2048");
    const file = (name: string) => path.join(daemon.dir, name);
    writeFileSync(file("server.crt"), own.cert);
    writeFileSync(file("server.key"), own.key);
    await listenAt(daemon);
    assert.equal((await server(daemon)).environment.certificate_fingerprint, own.fingerprint);
    writeFileSync(file("server.key"), "nonsense");
    await listenAt(daemon, "127.0.0.1:8444");
    const { environment } = await server(daemon);
    assert.notEqual(environment.certificate_fingerprint, own.fingerprint);
    const kept = readdirSync(daemon.dir).filter((name) => name.includes(".aside-"));
    assert.deepEqual(kept.map((name) => name.slice(0, 10)).sort(), ["server.crt", "server.key"]);
    const crt = kept.find((name) => name.startsWith("server.crt")) ?? "";
    assert.equal(readFileSync(file(crt), "utf8"), own.cert, "nothing is lost");
    const warnings = (await daemon.client.listWarnings()).filter(
      ({ type }) => type === "Server certificate not usable",
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.last_message ?? "", /server\.key is not a private key in PEM.*kept as/);
    assert.ok(existsSync(file("server.crt")));
  }),
);

test("with a server.ca the certificates of clients count only when it signed them", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const authority = opensslIdentity("rsa:2048");
    const file = (name: string) => path.join(daemon.dir, name);
    writeFileSync(file("server.ca"), "nonsense");
    const refused = await setAddress(daemon, "127.0.0.1:8443");
    assert.deepEqual([refused.status, /server\.ca" is not a certificate/.test(refused.error)], [400, true]);
    writeFileSync(file("server.ca"), authority.cert);
    const stranger = makeIdentity();
    await trust(daemon, stranger);
    await trust(daemon, authority);
    await listenAt(daemon);
    await using network = await Network.to(daemon);
    const authOf = async (one: typeof stranger) =>
      ((await network.send(one, "GET", "/1.0")).json.metadata as Server).auth;
    assert.equal(await authOf(stranger), "untrusted");
    assert.equal(await authOf(authority), "trusted");
    // With core.trust_ca_certificates a signature is enough; what is stored of a client goes before it.
    const [member, limited] = [signedBy(authority, "member"), signedBy(authority, "limited")];
    assert.equal(await authOf(member), "untrusted");
    await trust(daemon, limited, { restricted: true, projects: [] });
    const set = await daemon.request("PATCH", "/1.0", { config: { "core.trust_ca_certificates": "true" } });
    assert.equal(set.status, 200);
    assert.equal(await authOf(member), "trusted");
    assert.equal((await network.send(member, "GET", "/1.0/profiles")).status, 200);
    assert.equal((await network.send(limited, "GET", "/1.0/profiles")).status, 403);
    assert.equal(await authOf(makeIdentity()), "untrusted");
  }),
);

/** A client whose certificate an authority signed. */
function signedBy(authority: Identity, name: string): Identity {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-signed-"));
  const at = (file: string) => path.join(folder, file);
  try {
    writeFileSync(at("ca.crt"), authority.cert);
    writeFileSync(at("ca.key"), authority.key);
    const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${name}`, "-keyout", at("key"), "-out", at("csr"));
    openssl(
      "x509",
      "-req",
      "-in",
      at("csr"),
      "-CA",
      at("ca.crt"),
      "-CAkey",
      at("ca.key"),
      "-CAcreateserial",
      "-out",
      at("crt"),
    );
    return identityOf(readFileSync(at("crt"), "utf8"), readFileSync(at("key"), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("pages of a site that the configuration allows act for their user, others do not", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const admin = makeIdentity();
    await listenAt(daemon);
    await trust(daemon, admin);
    await using network = await Network.to(daemon);
    const from = (origin: string) => ({ origin, "sec-fetch-site": "cross-site" });
    const ask = (origin: string, method = "GET") =>
      network.send(admin, method, "/1.0/profiles", undefined, from(origin));
    const panel = "https://panel.example";
    const before = await ask(panel);
    assert.deepEqual([before.status, before.headers["access-control-allow-origin"]], [403, undefined]);
    const set = (config: Record<string, string>) => daemon.request("PATCH", "/1.0", { config });
    await set({ "core.https_allowed_origin": panel, "core.https_allowed_methods": "GET, PUT" });
    const shown = await ask(panel);
    assert.equal(shown.status, 403, "without credentials it is nobody's page");
    assert.equal(shown.headers["access-control-allow-origin"], panel);
    assert.equal(shown.headers["access-control-allow-methods"], "GET, PUT");
    await set({ "core.https_allowed_credentials": "true" });
    const allowed = await ask(panel);
    assert.equal(allowed.status, 200);
    assert.equal(allowed.headers["access-control-allow-credentials"], "true");
    const asked = await network.send(undefined, "OPTIONS", "/1.0/profiles", undefined, from(panel));
    assert.deepEqual([asked.status, asked.text, asked.headers["access-control-allow-origin"]], [200, "", panel]);
    assert.equal((await ask("https://evil.example")).status, 403);
    await set({ "core.https_allowed_origin": "" });
    assert.equal((await ask(panel)).status, 403);
  }),
);

test("TLS is 1.3 or 1.2 and nothing older", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await listenAt(daemon);
    const speak = (version: string) =>
      daemon.run("sh", "-c", `echo | openssl s_client -connect 127.0.0.1:8443 ${version} 2>&1 || true`);
    assert.match(await speak("-tls1_3"), /New, TLSv1\.3, Cipher is TLS_/);
    assert.match(await speak("-tls1_2"), /New, TLSv1\.2, Cipher is ECDHE/);
    for (const old of ["-tls1_1 -cipher ALL@SECLEVEL=0", "-tls1 -cipher ALL@SECLEVEL=0"])
      assert.doesNotMatch(await speak(old), /Cipher is [A-Z]+-/);
  }),
);

test(
  "an event names the client whom a proxy of core.https_trusted_proxy brings, however its address is written",
  { skip },
  () =>
    withDaemon({}, async (daemon) => {
      await listenAt(daemon);
      const friend = makeIdentity("friend");
      await trust(daemon, friend);
      const set = (proxies: string) =>
        daemon.request("PATCH", "/1.0", { config: { "core.https_trusted_proxy": proxies } });
      const { status, body } = await set("10.0.0.7,proxy");
      assert.equal(status, 400);
      assert.match((body as { error: string }).error, /it must be IP addresses with commas between/);
      assert.equal((await set("fd00::7, ::ffff:127.0.0.1")).status, 200);
      await using network = await Network.to(daemon);
      const events = await daemon.client.openEvents({ types: ["lifecycle"] });
      const socket = network.raw();
      socket.write("PROXY TCP6 2001:db8::7 2001:db8::1 50000 8443\r\n");
      const { cert, key, fingerprint } = friend;
      const secured = tlsConnect({ socket, rejectUnauthorized: false, cert, key });
      const request = JSON.stringify({ name: "brought" });
      const head = ["POST /1.0/profiles HTTP/1.1", "Host: x", `Content-Length: ${request.length}`, "Connection: close"];
      secured.write(`${head.join("\r\n")}\r\n\r\n${request}`);
      assert.match(await text(secured), /^HTTP\/1.1 201/);
      for await (const { metadata } of events) {
        const { action, requestor } = metadata as { action: string; requestor: unknown };
        if (action !== "profile-created") continue;
        assert.deepEqual(requestor, { username: fingerprint, protocol: "tls", address: "[2001:db8::7]:50000" });
        break;
      }
    }),
);
