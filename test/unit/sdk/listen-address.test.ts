/** Addresses to listen on, as LXD takes them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listenAddress, listenAddressText, parseListenAddress } from "../../../sdk/api/config/listen-address";

for (const [text, host, port] of [
  ["10.0.0.5:8443", "10.0.0.5", 8443],
  ["10.0.0.5", "10.0.0.5", 8443],
  [":9443", "", 9443],
  ["[::]:8443", "::", 8443],
  ["[::1]", "::1", 8443],
  ["fd00::5", "fd00::5", 8443],
  ["localhost:1", "localhost", 1],
  ["host-1.lan:65535", "host-1.lan", 65_535],
] as const)
  test(`"${text}" is an address`, () => {
    assert.equal(listenAddress.check(text), undefined);
    assert.deepEqual(parseListenAddress(text), { host, port });
    const written = listenAddressText({ host, port });
    assert.deepEqual(parseListenAddress(written), { host, port }, written);
  });

for (const text of [
  "",
  ":0",
  ":65536",
  "a:b",
  "10.0.0:80",
  "[10.0.0.1]:80",
  "::1:",
  "[::1",
  "a b:1",
  "-a:1",
  "x:80:90",
  "/a",
])
  test(`"${text}" is none`, () => {
    assert.match(listenAddress.check(text) ?? "", /must be an address such as/);
  });
