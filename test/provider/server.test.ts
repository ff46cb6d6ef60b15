/** Resources of the server itself: its configuration, those that it trusts, and tokens for them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeIdentity, Network } from "../support/https";
import { needs } from "../support/needs";
import { shareDaemon } from "../support/shared-daemon";
import { DynamicProcess } from "./support/dynamic-process";
import { Managed } from "./support/managed";
import { PluginProcess, secret } from "./support/plugin-process";

const skip = needs("root");
const address = "127.0.0.1:8443";

let dynamic: DynamicProcess;
let plugin: PluginProcess;
const shared = shareDaemon({}, async ({ socket }) => {
  const env = { BOTHY_ENDPOINT: `unix://${socket}` };
  [dynamic, plugin] = await Promise.all([DynamicProcess.start({ env }), PluginProcess.start({ env })]);
  return async () => {
    await Promise.all([dynamic[Symbol.asyncDispose](), plugin[Symbol.asyncDispose]()]);
  };
});

const configNow = async () => (await shared.client.getServer()).value.config;

test("a resource has the keys of a server's configuration that it names, and leaves all others alone", {
  skip,
}, async () => {
  const { client } = shared;
  await client.patchServer({ config: { "user.admin": "a", "user.note": "theirs" } });
  const own = new Managed(dynamic, "server-config");
  const given = { config: { "core.shutdown_timeout": 7, "user.note": "ours" } };
  await assert.rejects(own.up(given), /config\["user\.note"\]: the server has another value for it.*"adopt: true"/);
  assert.deepEqual(await configNow(), { "user.admin": "a", "user.note": "theirs" }, "nothing half made");
  assert.equal(await own.up({ ...given, adopt: true }), "create");
  assert.equal(await own.up(given), "same");
  const other = new Managed(plugin, "server-config");
  assert.equal(await other.up({ config: { "core.remote_token_expiry": "1d" } }), "create");
  await client.patchServer({ config: { "user.admin": "b" } });
  assert.ok(await own.refresh());
  assert.equal(await own.up(given), "same", "what it has not named is not its own");
  assert.equal(await own.up({ config: { "core.shutdown_timeout": 7 } }), "update");
  assert.deepEqual(await configNow(), {
    "core.remote_token_expiry": "1d",
    "core.shutdown_timeout": "7",
    "user.admin": "b",
  });
  await own.destroy();
  await other.destroy();
  assert.deepEqual(await configNow(), { "user.admin": "b" });
});

test("a password of a server is written when the program has another, and only then", { skip }, async () => {
  const server = new Managed(plugin, "server-config");
  const given = (text: string) => ({ config: { "core.trust_password": secret(text) } });
  await server.up(given("correct-horse"));
  assert.ok(await server.refresh());
  assert.equal(await server.up(given("correct-horse")), "same");
  assert.equal((await configNow())["core.trust_password"], "true");
  assert.equal(await server.up(given("battery-staple")), "update");
  await shared.client.patchServer({ config: { "core.trust_password": "" } });
  assert.equal(await server.refresh(), false);
  await server.destroy();
});

test("an import of a server's configuration is the program's in the keys that it names, and an end of it unsets nothing", {
  skip,
}, async () => {
  await shared.client.patchServer({ config: { "user.admin": "b", "user.more": "c" } });
  const server = new Managed(plugin, "server-config");
  await server.import("server");
  assert.deepEqual(server.outs.config, { "user.admin": "b", "user.more": "c" });
  // A server need not tell of what is the default.
  assert.equal(await server.up({ config: { "user.more": "c", "core.shutdown_timeout": "5" } }), "same");
  assert.equal(await server.up({ config: { "user.more": "c" } }), "same");
  await server.destroy();
  assert.deepEqual(await configNow(), { "user.admin": "b", "user.more": "c" });
  assert.equal(await server.up({ config: { "user.more": "d" } }), "update");
  await server.destroy();
  assert.deepEqual(await configNow(), { "user.admin": "b" });
  await assert.rejects(plugin.read("server-config", "lab/server", undefined), /Write it as \[remote:\]<id>/);
});

test("a certificate is one however its text is laid out, and its type is another one's", { skip }, async () => {
  const { client } = shared;
  const { cert, fingerprint } = makeIdentity();
  for (const door of [dynamic, plugin]) {
    const trusted = new Managed(door, "certificate");
    const given = { name: "one", certificate: cert };
    await trusted.up(given);
    assert.equal(trusted.id, fingerprint);
    assert.equal(await trusted.up({ ...given, certificate: `of somebody\n${cert.replaceAll("\n", "\r\n")}` }), "same");
    const inputs = await door.checked("certificate", { ...given, type: "metrics" });
    const { replaces, deleteBeforeReplace } = await door.diff("certificate", trusted.id, trusted.outs, inputs);
    assert.deepEqual([replaces, deleteBeforeReplace], [["type"], true]);
    assert.equal(await trusted.up({ ...given, type: "metrics" }), "replace");
    assert.equal((await client.getCertificate(fingerprint)).value.type, "metrics");
    await trusted.destroy();
  }
});

test("a certificate that is trusted already is taken over when the program says so", { skip }, async () => {
  const { client } = shared;
  const { cert, der, fingerprint } = makeIdentity();
  await client.addCertificate({ name: "theirs", certificate: der });
  const trusted = new Managed(plugin, "certificate");
  assert.equal(await trusted.up({ name: "ours", certificate: cert, adopt: true }), "create");
  assert.equal((await client.getCertificate(fingerprint)).value.name, "ours");
  assert.equal((await plugin.invoke("getCertificate", { fingerprint })).name, "ours");
  await trusted.destroy();
  await trusted.destroy();
});

test("a token that was used is done, or made again where the program wants one always", { skip }, async () => {
  const { client, daemon } = shared;
  await client.patchServer({ config: { "core.https_address": address } });
  await using network = await Network.to(daemon);
  const use = async (outs: { token?: unknown }) => {
    const guest = makeIdentity();
    const answer = await network.send(guest, "POST", "/1.0/certificates", { password: outs.token });
    assert.equal(answer.status, 201);
    await client.deleteCertificate(guest.fingerprint);
  };
  const once = new Managed(dynamic, "trust-token");
  const stray = { name: "guest", restricted: true, projects: ["nowhere"] };
  await assert.rejects(once.up(stray), /Cannot create trust token "guest": projects: .*not found/i);
  await once.up({ name: "guest" });
  await use(once.outs);
  assert.ok(await once.refresh());
  assert.equal(await once.up({ name: "guest" }), "same");
  assert.equal(await once.up({ name: "guest", trigger: "always" }), "update");
  assert.equal(await once.refresh(), false);
  await once.destroy();

  const hidden = new Managed(plugin, "trust-token");
  await hidden.up({ name: "guest" });
  assert.deepEqual(hidden.outs.token, secret((hidden.outs.token as { value: unknown }).value));
  await hidden.destroy();
  assert.deepEqual(
    (await client.listOperations()).filter((one) => one.class === "token" && one.status === "Running"),
    [],
  );
  await client.patchServer({ config: { "core.https_address": "" } });
});
