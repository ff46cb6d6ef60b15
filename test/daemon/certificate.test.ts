/** Certificates: who is on the list, as an administrator keeps it by the unix socket. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Certificate } from "../../sdk/api/certificate";
import { withDaemon } from "../support/daemon";
import { listenAt, makeIdentity, Network, opensslIdentity, trust } from "../support/https";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async () => undefined);

const base = "/1.0/certificates";
const all = async (query = "?recursion=1") =>
  (await shared.send("GET", `${base}${query}`)).json.metadata as Certificate[];

test("a certificate is added as base64 of its DER, listed, filtered, shown by a prefix and deleted", async () => {
  const [first, second] = [makeIdentity(), makeIdentity()];
  const added = await shared.send("POST", base, { certificate: first.der, name: "laptop", type: "client" });
  assert.deepEqual([added.status, added.headers.location], [201, `${base}/${first.fingerprint}`]);
  const lines = second.der.replace(/.{64}/g, "$&\n");
  assert.equal(
    (await shared.send("POST", base, { certificate: lines, name: "pylxd" })).status,
    201,
    "as pylxd sends it",
  );
  assert.deepEqual(
    (await all("")).toSorted(),
    [first, second].map(({ fingerprint }) => `${base}/${fingerprint}`).sort(),
  );
  assert.deepEqual((await all()).map(({ name }) => name).sort(), ["laptop", "pylxd"]);
  assert.deepEqual(
    (await all("?recursion=1&filter=name%20eq%20pylxd")).map(({ name }) => name),
    ["pylxd"],
  );
  const shown = await shared.send("GET", `${base}/${first.fingerprint.slice(0, 12)}`);
  assert.deepEqual(shown.json.metadata, {
    name: "laptop",
    type: "client",
    description: "",
    restricted: false,
    projects: [],
    certificate: first.cert,
    fingerprint: first.fingerprint,
  });
  assert.match(shown.headers.etag ?? "", /^"[0-9a-f]{64}"$/);
  for (const name of ["zz", "", "%00", "0".repeat(64)])
    assert.ok([400, 404].includes((await shared.send("GET", `${base}/${name}`)).status), name);
  await shared.refusesAtOnce("POST", base, { certificate: first.der }, 409, /already in trust store/);
  for (const { fingerprint } of [first, second])
    assert.equal((await shared.send("DELETE", `${base}/${fingerprint.slice(0, 20)}`)).status, 200);
  assert.deepEqual(await all(), []);
  await shared.refusesAtOnce("DELETE", `${base}/${first.fingerprint}`, undefined, 404, /Certificate not found/);
});

test("what is no certificate, or none to trust, is refused with the reason", async () => {
  const { der } = makeIdentity();
  const [old, young] = [new Date("2010-01-01"), new Date(Date.now() + 86_400_000)];
  for (const [certificate, cause] of [
    ["%%%", /not base64/],
    ["AAAA", /not an X\.509 certificate/],
    [Buffer.from("hello").toString("base64"), /not an X\.509 certificate/],
    [Buffer.concat([Buffer.from(der, "base64"), Buffer.from("more")]).toString("base64"), /something follows/],
    [makeIdentity("old", old).der, /it expired at/],
    [makeIdentity("young", young).der, /it counts from/],
    [opensslIdentity("rsa:1024").der, /its RSA key has 1024 bits/],
    ["A".repeat(70_000), /not base64/],
  ] as const)
    await shared.refusesAtOnce("POST", base, { certificate }, 400, cause);
  await shared.refusesAtOnce("POST", base, {}, 400, /already trusted/);
  await shared.refusesAtOnce("POST", base, { token: true, name: "x" }, 400, /isn't listening on network/);
  await shared.refusesAtOnce("POST", base, { certificate: der, type: "server" }, 400, /type/);
  await shared.refusesAtOnce("POST", base, { certificate: der, projects: ["none"] }, 404, /Project not found/);
});

test("name, type, projects and the certificate itself are changed by PUT and PATCH with ETags", async () => {
  const [client, other] = [makeIdentity(), makeIdentity()];
  await shared.client.createProject({ name: "lab" });
  await trust(shared.daemon, client, { name: "one", description: "the first" });
  const url = `${base}/${client.fingerprint}`;
  const read = async () => {
    const { json, headers } = await shared.send("GET", url);
    return { value: json.metadata as Certificate, etag: headers.etag ?? "" };
  };
  const before = await read();
  assert.equal(before.value.description, "the first");
  const put = { ...before.value, name: "two", description: "the second", restricted: true, projects: ["lab", "lab"] };
  assert.equal((await shared.send("PUT", url, put, { "if-match": before.etag })).status, 200);
  assert.equal((await shared.send("PUT", url, put, { "if-match": before.etag })).status, 412);
  const { value } = await read();
  assert.deepEqual(
    [value.name, value.description, value.restricted, value.projects],
    ["two", "the second", true, ["lab"]],
  );
  assert.equal((await shared.send("PATCH", url, { type: "metrics" })).status, 200);
  assert.deepEqual((await read()).value, { ...value, type: "metrics" });
  await trust(shared.daemon, other, { name: "other" });
  const already = /already in trust store/;
  await shared.refusesAtOnce("PATCH", url, { certificate: other.cert }, 409, already);
  await shared.refusesAtOnce("PATCH", url, { certificate: "bm9uZQ==" }, 400, /not an X.509 certificate/);
  assert.equal((await shared.send("DELETE", `${base}/${other.fingerprint}`)).status, 200);
  const name = (await read()).value.name;
  assert.equal((await shared.send("PATCH", url, { certificate: other.cert })).status, 200);
  assert.equal((await shared.send("GET", url)).status, 404);
  assert.equal(((await shared.send("GET", `${base}/${other.fingerprint}`)).json.metadata as Certificate).name, name);
  assert.equal((await shared.send("PATCH", `${base}/${other.fingerprint}`, { certificate: client.cert })).status, 200);
  await shared.refusesAtOnce("PATCH", url, { projects: ["none"] }, 404, /Project not found/);
  // A project that goes takes its name along, and one that is renamed keeps who has it.
  await (await shared.client.renameProject("lab", "hall")).wait();
  assert.deepEqual((await read()).value.projects, ["hall"]);
  await shared.client.deleteProject("hall");
  assert.deepEqual((await read()).value.projects, []);
  assert.equal((await read()).value.restricted, true);
  assert.equal((await shared.send("DELETE", url)).status, 200);
});

test("events tell of certificates, with the fingerprint and the address of who asked", () =>
  withDaemon({}, async (daemon) => {
    const [admin, other] = [makeIdentity(), makeIdentity()];
    await listenAt(daemon);
    await trust(daemon, admin);
    await using network = await Network.to(daemon);
    const events = await daemon.client.openEvents({ types: ["lifecycle"] });
    const url = `${base}/${other.fingerprint}`;
    await network.send(admin, "POST", base, { certificate: other.der });
    await network.send(admin, "PATCH", url, { name: "x" });
    await network.send(admin, "DELETE", url);
    const heard: unknown[] = [];
    for await (const { metadata } of events) {
      const { action, source, requestor } = metadata as {
        action: string;
        source: string;
        requestor: { address: string };
      };
      assert.match(requestor.address, /^127\.0\.0\.1:\d+$/);
      heard.push([action, source, { ...requestor, address: "" }]);
      if (heard.length === 3) break;
    }
    const requestor = { username: admin.fingerprint, protocol: "tls", address: "" };
    const actions = ["certificate-created", "certificate-updated", "certificate-deleted"];
    assert.deepEqual(
      heard,
      actions.map((action) => [action, url, requestor]),
    );
  }));

test("of a password that is set LXD's clients read that it is true, and those of Incus, which take texts alone, the text", async () => {
  assert.equal((await shared.send("PATCH", "/1.0", { config: { "core.trust_password": "sesame" } })).status, 200);
  try {
    const shownTo = async (client: string) => {
      const { json } = await shared.send("GET", "/1.0", undefined, { "user-agent": client });
      return (json.metadata as { config: Record<string, unknown> }).config["core.trust_password"];
    };
    assert.equal(await shownTo("LXD 5.0.2 (Linux; x86_64; 6.1.0; Debian GNU/Linux; 12)"), true);
    assert.equal(await shownTo("python-requests/2.32.0"), true);
    assert.equal(await shownTo("Incus 6.0.4 (Linux; x86_64; 6.1.0; Debian GNU/Linux; 12)"), "true");
    assert.equal(await shownTo("terraform-provider-incus/1.0"), "true");
    assert.equal(await shownTo("Go-http-client/1.1"), "true", "as `incus admin` calls itself");
  } finally {
    await shared.send("PATCH", "/1.0", { config: { "core.trust_password": "" } });
  }
});

test("the list outlives the daemon, and the password is nowhere as it was written", () =>
  withDaemon({}, async (daemon) => {
    const admin = makeIdentity();
    await listenAt(daemon);
    await trust(daemon, admin, { name: "kept" });
    await daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "open sesame" } });
    const config = async () => (await daemon.client.getServer()).value.config;
    const { body } = await daemon.request("GET", "/1.0");
    const shown = (body as { metadata: { config: object } }).metadata.config;
    assert.deepEqual(shown, { "core.https_address": "127.0.0.1:8443", "core.trust_password": true }, "as LXD shows it");
    assert.equal((await config())["core.trust_password"], "true");
    await daemon.stop();
    await assert.rejects(daemon.run("grep", "-rqa", "open sesame", daemon.dir, daemon.logfile));
    await daemon.start();
    await using network = await Network.to(daemon);
    assert.equal((await network.send(admin, "GET", base)).status, 200);
    // Who sends back what was shown, as `lxc config edit` does, leaves the password as it is.
    await daemon.request("PUT", "/1.0", { config: { ...(await config()), "user.x": "1" } });
    const client = makeIdentity();
    assert.equal((await network.send(client, "POST", base, { password: "open sesame" })).status, 201);
    await daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "" } });
    assert.equal((await config())["core.trust_password"], undefined);
    assert.equal((await network.send(makeIdentity(), "POST", base, { password: "open sesame" })).status, 403);
  }));

test("the typed client keeps the list as well, and makes tokens", () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    const [known, guest] = [makeIdentity(), makeIdentity()];
    await listenAt(daemon);
    await using network = await Network.to(daemon);
    await client.addCertificate({ certificate: known.der, name: "known" });
    await assert.rejects(client.addCertificate({ certificate: known.der }), { code: "CONFLICT" });
    const { value, etag } = await client.getCertificate(known.fingerprint.slice(0, 16));
    await client.updateCertificate(
      known.fingerprint,
      { ...value, name: "renamed", type: "client", projects: [] },
      { etag },
    );
    await client.patchCertificate(known.fingerprint, { restricted: true });
    const { id, token } = await client.issueCertificateToken({ name: "guest" });
    assert.equal((await client.getCertificateToken(id)).token, token);
    assert.equal((await network.send(guest, "POST", base, { password: token })).status, 201);
    await assert.rejects(client.getCertificateToken(id), { code: "NOT_FOUND" }, "it is used");
    const found = (await client.listCertificates()).map(({ name, restricted }) => [name, restricted]);
    assert.deepEqual(found.toSorted(), [
      ["guest", false],
      ["renamed", true],
    ]);
    await client.deleteCertificate(known.fingerprint);
    assert.equal((await client.listCertificates()).length, 1);
  }));
