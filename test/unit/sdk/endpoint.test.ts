/** Endpoints: what a text may be, what it leads to, and what is refused. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { defaultEndpoint, endpointText, localEndpoint, parseEndpoint } from "../../../sdk/index";

const folder = mkdtempSync(path.join(tmpdir(), "bothy-endpoint-"));
after(() => rmSync(folder, { recursive: true }));
const env = { BOTHY_CONFIG: folder };
const leadsTo = (text: string) => endpointText(parseEndpoint(text, env));

test("a unix: address and a path are a socket", () => {
  for (const text of ["unix:///run/bothy/unix.socket", "unix:/run/bothy/unix.socket", "/run/bothy/unix.socket"])
    assert.deepEqual(parseEndpoint(text, env), { kind: "unix", socketPath: "/run/bothy/unix.socket" });
});

test("an https: address has a host and the port 8443, or the one it names", () => {
  assert.deepEqual(parseEndpoint("https://host", env), { kind: "https", host: "host", port: 8443 });
  assert.deepEqual(parseEndpoint("https://host:443/", env), { kind: "https", host: "host", port: 443 });
  assert.deepEqual(parseEndpoint("https://[fd42::1]:9000", env), { kind: "https", host: "fd42::1", port: 9000 });
});

test("one place has one text, however it is written", () => {
  assert.equal(leadsTo("HTTPS://Host.Example/"), "https://host.example:8443");
  assert.equal(leadsTo("https://[FD42:0:0::1]"), "https://[fd42::1]:8443");
  assert.equal(leadsTo("https://[fe80::1%ETH0]"), "https://[fe80::1%eth0]:8443");
  assert.equal(leadsTo("unix:///run/../run/unix.socket"), "/run/unix.socket");
});

test("what is no endpoint is refused, and the message names it and the three ways to write one", () => {
  const wrong = [
    ..."|unix://|unix://relative/path|ftp://host|http://host|https://|https://:8443|https://host:0".split("|"),
    ..."https://host:65536|https://host:port|https://user@host|https://host/1.0|https://host?a=b|https://host#x".split(
      "|",
    ),
    ..."https://fd42::1|https://[fd42::1|https://[host]|https://[]|https://a b|https://300.1.1.1|https:/host".split(
      "|",
    ),
  ];
  for (const text of wrong)
    assert.throws(
      () => parseEndpoint(text, env),
      {
        code: "BAD_REQUEST",
        message: /^Cannot use endpoint ".*": .*\. Use unix:\/\/\/.*, https:\/\/host:8443 or remote:NAME\.$/,
      },
      text,
    );
});

test("a remote that is not stored is refused by its name", () => {
  for (const name of ["lab", "", "../lab", "constructor", "__proto__"])
    assert.throws(() => parseEndpoint(`remote:${name}`, env), {
      code: "BAD_REQUEST",
      message: `Cannot use endpoint "remote:${name}": there is no remote "${name}". See "bothy remote list"; "bothy remote add" makes one.`,
    });
});

test("a remote leads to its address with its certificate, and so does the address alone", () => {
  const fingerprint = "ab".repeat(32);
  const config = path.join(folder, "stored");
  mkdirSync(config);
  writeFileSync(
    path.join(config, "remotes.json"),
    JSON.stringify({ lab: { url: "https://host:8443", fingerprint, protocol: "lxd" } }),
  );
  const stored = { kind: "https", host: "host", port: 8443, fingerprint };
  for (const text of ["remote:lab", "https://host", "https://HOST:8443/"])
    assert.deepEqual(parseEndpoint(text, { BOTHY_CONFIG: config }), stored, text);
  assert.deepEqual(defaultEndpoint({ BOTHY_CONFIG: config, BOTHY_ENDPOINT: "remote:lab" }), stored);
});

test("the environment chooses the endpoint, its most direct word first", () => {
  const named = { BOTHY_ENDPOINT: "unix:///a", BOTHY_DIR: "/c" };
  assert.equal(endpointText(defaultEndpoint(named)), "/a");
  assert.equal(endpointText(defaultEndpoint({ ...named, BOTHY_ENDPOINT: "" })), "/c/unix.socket");
  assert.equal(endpointText(defaultEndpoint({ BOTHY_DIR: "/c" })), "/c/unix.socket");
  assert.equal(endpointText(defaultEndpoint({})), "/var/lib/bothy/unix.socket");
  assert.equal(localEndpoint(named).socketPath, "/c/unix.socket");
});
