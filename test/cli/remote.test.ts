/** bothy remote: servers elsewhere under a name, and commands that go there. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type FakeDaemon, sendSync } from "../sdk/support/fake-daemon";
import { ownConfigFolder, server, withTls } from "../sdk/support/fake-tls";
import { runCli } from "./support/cli";

const folder = ownConfigFolder();

function trusting(daemon: FakeDaemon): void {
  let auth = "untrusted";
  daemon.on("GET /1.0", (_seen, response) => sendSync(response, { auth, environment: { server: "incus" } }));
  daemon.on("POST /1.0/certificates", (_seen, response) => {
    auth = "trusted";
    sendSync(response, null);
  });
}

test("remotes are added, listed, used by --endpoint and BOTHY_ENDPOINT, and removed", () =>
  withTls(async (daemon) => {
    trusting(daemon);
    const wellKnown = JSON.parse((await runCli(["remote", "list", "-f", "json"])).stdout) as { name: string }[];
    assert.deepEqual(
      wellKnown.map(({ name }) => name),
      ["docker", "images", "ubuntu", "ubuntu-daily"],
    );
    const unasked = await runCli(["remote", "add", "lab", daemon.url, "--password", "x"]);
    assert.deepEqual([unasked.code, unasked.stdout], [1, ""]);
    assert.match(unasked.stderr, new RegExp(`nobody has accepted .*${server.fingerprint}`));
    assert.deepEqual(daemon.requests, []);

    const added = await runCli(["remote", "add", "lab", daemon.url, "--password", "x", "--accept-certificate"]);
    assert.deepEqual(added, { code: 0, stdout: `Added lab: ${daemon.url}, ${server.fingerprint}\n`, stderr: "" });
    const listed = await runCli(["remote", "list", "--format", "json"]);
    const stored = [{ name: "lab", url: daemon.url, fingerprint: server.fingerprint, protocol: "incus" }];
    assert.deepEqual(JSON.parse(listed.stdout), [...stored, ...wellKnown]);
    assert.match(
      (await runCli(["remote", "list"])).stdout,
      new RegExp(`^NAME +URL +PROTOCOL +FINGERPRINT\nlab +${daemon.url} +incus +`),
    );

    daemon.sync("GET /1.0/instances", []);
    assert.deepEqual(JSON.parse((await runCli(["list", "--endpoint", "remote:lab", "-f", "json"])).stdout), []);
    assert.equal((await runCli(["list"], { env: { BOTHY_ENDPOINT: "remote:lab" } })).code, 0);
    assert.equal(daemon.requests.filter((request) => request === "GET /1.0/instances").length, 2);

    assert.equal((await runCli(["remote", "remove", "lab"])).stdout, "Removed lab\n");
    const gone = await runCli(["list", "--endpoint", "remote:lab"]);
    assert.deepEqual([gone.code, gone.stdout], [1, ""]);
    assert.match(gone.stderr, /there is no remote "lab"/);
    assert.match((await runCli(["remote", "remove", "lab"])).stderr, /Cannot remove remote "lab"/);
  }));

test("a server that the system trusts is added by --ca, whatever its certificate is later", () =>
  withTls(async (daemon) => {
    trusting(daemon);
    const authority = path.join(folder, "authority.pem");
    writeFileSync(authority, server.cert);
    const env = { SSL_CERT_FILE: authority };
    const added = await runCli(["remote", "add", "sys", daemon.url, "--ca", "--password", "x", "-f", "json"], { env });
    assert.deepEqual(JSON.parse(added.stdout), { name: "sys", url: daemon.url, ca: true, protocol: "incus" });
    daemon.sync("GET /1.0/instances", []);
    assert.equal((await runCli(["list", "--endpoint", "remote:sys"], { env })).code, 0);
    const untrusting = await runCli(["list", "--endpoint", "remote:sys"]);
    assert.match(untrusting.stderr, /this system does not trust it/);
    await runCli(["remote", "remove", "sys"]);
  }));

for (const [answer, code] of [
  ["yes", 0],
  ["no", 1],
] as const)
  test(`on a terminal the fingerprint is asked about, and "${answer}" ends with exit code ${code}`, () =>
    withTls(async (daemon) => {
      trusting(daemon);
      const result = await runCli(["remote", "add", `asked-${answer}`, daemon.url, "--password", "x"], {
        isTerminal: true,
        input: `${answer}\n`,
      });
      assert.equal(result.code, code, result.stdout);
      assert.ok(result.stdout.includes(server.fingerprint));
      assert.equal(daemon.requests.length > 0, code === 0);
    }));

test("the help of remote names its commands", async () => {
  const { code, stdout } = await runCli(["remote", "--help"]);
  assert.equal(code, 0);
  for (const name of ["add", "list", "remove"]) assert.match(stdout, new RegExp(`^ {2}${name} `, "m"));
});
