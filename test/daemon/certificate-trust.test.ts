/** Trust: how a client that nobody knows becomes one that is trusted, by a password or a token, and what stops those who guess. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "../../sdk/api/operation";
import type { Server } from "../../sdk/api/server";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { type Identity, listenAt, makeIdentity, Network, trust } from "../support/https";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const base = "/1.0/certificates";

const authOf = async (network: Network, who: Identity | undefined) =>
  ((await network.send(who, "GET", "/1.0")).json.metadata as Server).auth;

interface TokenMetadata {
  readonly secret: string;
  readonly fingerprint: string;
  readonly addresses: readonly string[];
  readonly request: { readonly name: string };
  readonly expiresAt?: string;
}

/** Has the daemon make a token. @returns it as clients write it, and its operation */
async function makeToken(daemon: TestDaemon, post: object = {}): Promise<{ token: string; operation: Operation }> {
  const { status, body } = await daemon.request("POST", base, { name: "guest", type: "client", token: true, ...post });
  assert.equal(status, 202, JSON.stringify(body));
  const operation = (body as { metadata: Operation }).metadata;
  const { secret, fingerprint, addresses, request } = operation.metadata as unknown as TokenMetadata;
  const token = { client_name: request.name, fingerprint, addresses, secret, expires_at: "0001-01-01T00:00:00Z" };
  return { token: Buffer.from(JSON.stringify(token)).toString("base64"), operation };
}

const withHttps = (work: (daemon: TestDaemon, network: Network) => Promise<void>) =>
  withDaemon({}, async (daemon) => {
    await listenAt(daemon);
    await using network = await Network.to(daemon);
    await work(daemon, network);
  });

test("a token makes one client trusted, once, as its maker said", { skip }, () =>
  withHttps(async (daemon, network) => {
    await daemon.client.createProject({ name: "lab" });
    const { token, operation } = await makeToken(daemon, { restricted: true, projects: ["lab"] });
    assert.deepEqual([operation.class, operation.may_cancel], ["token", true]);
    const { fingerprint, addresses } = operation.metadata as unknown as TokenMetadata;
    const server = (await daemon.client.getServer()).value;
    assert.equal(fingerprint, server.environment.certificate_fingerprint);
    assert.deepEqual(addresses, ["127.0.0.1:8443"]);
    const clients = Array.from({ length: 8 }, (_, index) => makeIdentity(`c${index}`));
    const told = await Promise.all(clients.map((one) => network.send(one, "POST", base, { password: token })));
    assert.deepEqual(told.map(({ status }) => status).sort(), [201, ...Array<number>(7).fill(403)]);
    const winner = clients[told.findIndex(({ status }) => status === 201)]!;
    assert.equal(await authOf(network, winner), "trusted");
    const { json } = await network.send(winner, "GET", `${base}?recursion=1`);
    const [own, ...others] = json.metadata as { name: string; restricted: boolean; projects: string[] }[];
    assert.deepEqual([own?.name, own?.restricted, own?.projects, others.length], ["guest", true, ["lab"], 0]);
    const after = (await daemon.client.listOperations()).filter((one) => one.class === "token");
    assert.ok(
      after.every(({ status }) => status === "Cancelled"),
      "a used token is no token",
    );
  }),
);

test("a token counts no more when it is cancelled, expired, spelled wrong, or of a daemon before", { skip }, () =>
  withHttps(async (daemon, network) => {
    const use = async (token: string, field = "password") =>
      (await network.send(makeIdentity(), "POST", base, { [field]: token })).status;
    const cancelled = await makeToken(daemon);
    assert.equal((await daemon.request("DELETE", `/1.0/operations/${cancelled.operation.id}`)).status, 200);
    assert.equal(await use(cancelled.token), 403);
    await daemon.request("PATCH", "/1.0", { config: { "core.remote_token_expiry": "1S" } });
    const expired = await makeToken(daemon);
    assert.match((expired.operation.metadata as unknown as TokenMetadata).expiresAt ?? "", /^\d{4}-/);
    await delay(1500);
    assert.equal(await use(expired.token), 403);
    const left = (await daemon.client.listOperations()).filter(({ status }) => status === "Running");
    assert.deepEqual(left, [], "an expired token is taken off the list");
    await daemon.request("PATCH", "/1.0", { config: { "core.remote_token_expiry": "" } });
    assert.equal(await use((await makeToken(daemon)).token, "trust_token"), 201, "the name that Incus has for it");
    const lost = await makeToken(daemon);
    await daemon.stop();
    await daemon.start();
    assert.equal(await use(lost.token), 403);
    const bent = Buffer.from(JSON.stringify({ secret: "0".repeat(64) })).toString("base64");
    assert.equal(await use(bent), 403);
    assert.equal(
      (await network.send(makeIdentity(), "POST", base, { token: true })).status,
      403,
      "no stranger makes one",
    );
  }),
);

test("the password makes clients trusted, by their own certificate or by one that they send", { skip }, () =>
  withHttps(async (daemon, network) => {
    const [own, sent, bearer] = [makeIdentity(), makeIdentity(), makeIdentity()];
    const post = (who: Identity | undefined, body: object) => network.send(who, "POST", base, body);
    assert.equal((await post(own, { password: "" })).status, 403, "no password is set");
    assert.equal((await post(own, { password: "true" })).status, 403);
    await daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "sesame" } });
    assert.equal((await post(own, { password: "true" })).status, 403, "what is shown in its place is not it");
    assert.equal((await post(own, { password: "sesame", type: "client" })).status, 201);
    assert.equal(await authOf(network, own), "trusted");
    assert.equal((await post(undefined, { password: "sesame" })).status, 400, "nothing to trust");
    assert.equal((await post(bearer, { password: "sesame", certificate: sent.der })).status, 201);
    assert.deepEqual([await authOf(network, sent), await authOf(network, bearer)], ["trusted", "untrusted"]);
    assert.equal((await post(own, { certificate: bearer.der })).status, 201, "who is trusted needs none");
    const again = await post(sent, {});
    assert.deepEqual([again.status, /Client is already trusted/.test(again.text)], [400, true]);
    assert.equal((await post(sent, { certificate: sent.der })).status, 409);
    const named = (await network.send(own, "GET", `${base}?recursion=1`)).json.metadata as { name: string }[];
    assert.deepEqual([...new Set(named.map(({ name }) => name))].sort(), ["127.0.0.1", "somebody"]);
    const restricted = makeIdentity();
    assert.equal((await post(restricted, { password: "sesame", restricted: true })).status, 201);
    assert.equal((await network.send(restricted, "GET", "/1.0/profiles")).status, 403);
    const expired = makeIdentity("old", new Date("2010-01-01"));
    assert.equal((await post(expired, { password: "sesame" })).status, 400);
    const metrics = makeIdentity();
    await trust(daemon, metrics, { type: "metrics" });
    assert.equal(await authOf(network, metrics), "untrusted");
  }),
);

test("two hundred wrong passwords are refused, cost little, and keep nobody else out", { skip }, () =>
  withHttps(async (daemon, network) => {
    const admin = makeIdentity();
    await trust(daemon, admin);
    await daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "sesame" } });
    const guess = (password: string) => network.send(makeIdentity(), "POST", base, { password });
    const texts: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const told = await Promise.all(Array.from({ length: 10 }, (_, index) => guess(`wrong ${round} ${index}`)));
      for (const { status, json } of told) {
        assert.equal(status, 403);
        texts.push(json.error ?? "");
      }
    }
    assert.ok(texts.filter((text) => text === "not authorized").length <= 16, "few of them are looked at");
    assert.match(texts.at(-1) ?? "", /not authorized: too many wrong.*Try again in \d+ seconds/);
    assert.equal((await guess("sesame")).status, 403, "the right one has to wait as well");
    assert.equal(await authOf(network, admin), "trusted");
    assert.equal((await daemon.request("GET", "/1.0")).status, 200);
  }),
);

test(
  "a deleted certificate ends its client's connections at once, websockets too; one that is restricted anew as well",
  { skip },
  () =>
    withHttps(async (daemon, network) => {
      const [admin, client, other] = [makeIdentity(), makeIdentity(), makeIdentity()];
      for (const one of [admin, client, other]) await trust(daemon, one);
      const events = await network.websocket(client, "/1.0/events?all-projects=true");
      const idle = await network.connect(client);
      const untouched = await network.websocket(other, "/1.0/events");
      const ended = [once(events, "close"), once(idle, "close")];
      assert.equal((await network.send(admin, "DELETE", `${base}/${client.fingerprint}`)).status, 200);
      await Promise.all(ended);
      assert.equal(await authOf(network, client), "untrusted");
      assert.equal(untouched.readyState, untouched.OPEN);
      const restricted = once(untouched, "close");
      assert.equal(
        (await network.send(admin, "PATCH", `${base}/${other.fingerprint}`, { restricted: true })).status,
        200,
      );
      await restricted;
      assert.equal((await network.send(other, "GET", "/1.0/profiles")).status, 403);
      // The answer to the deletion of one's own comes still.
      const own = await network.send(admin, "DELETE", `${base}/${admin.fingerprint}`);
      assert.deepEqual([own.status, own.headers.connection], [200, "close"]);
      assert.equal(await authOf(network, admin), "untrusted");
    }),
);

test("a TLS session is of the certificate that began it, and of no other", { skip }, () =>
  withHttps(async (daemon, network) => {
    const [trusted, stranger] = [makeIdentity(), makeIdentity()];
    await trust(daemon, trusted);
    for (const maxVersion of ["TLSv1.3", "TLSv1.2"] as const) {
      const ask = async (who: Identity | undefined, session?: Buffer) => {
        const socket = await network.connect(who, { maxVersion, ...(session === undefined ? {} : { session }) });
        let given = socket.getSession();
        socket.on("session", (next) => {
          given = next;
        });
        socket.write("GET /1.0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let told = "";
        for await (const chunk of socket) told += String(chunk);
        return { auth: /"auth":"(\w+)"/.exec(told)?.[1], session: given };
      };
      const first = await ask(stranger);
      assert.equal(first.auth, "untrusted");
      assert.equal((await ask(stranger, first.session)).auth, "untrusted", "a session does not make it trusted");
      const own = await ask(trusted);
      assert.equal(own.auth, "trusted");
      assert.equal((await ask(trusted, own.session)).auth, "trusted", maxVersion);
      const { status } = await daemon.request("DELETE", `${base}/${trusted.fingerprint}`);
      assert.equal(status, 200);
      assert.equal((await ask(trusted, own.session)).auth, "untrusted", "trust is asked of the list each time");
      await trust(daemon, trusted);
    }
  }),
);
