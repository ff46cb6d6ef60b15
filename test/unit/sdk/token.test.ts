/** Tokens: what servers write into them, and what is refused without repeating it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isToken, parseToken } from "../../../sdk/remote/token";

const told = {
  client_name: "me",
  fingerprint: "AB".repeat(32),
  addresses: ["10.0.0.1:8443", "[fd42::1]:8443"],
  secret: "very-secret",
  expires_at: "0001-01-01T00:00:00Z",
};
const written = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");

test("a token tells the server's fingerprint and addresses, and is itself what the server wants", () => {
  const text = written(told);
  assert.ok(isToken(` ${text}\n`));
  assert.deepEqual(parseToken(` ${text}\n`), {
    fingerprint: "ab".repeat(32),
    addresses: told.addresses,
    text,
  });
});

test("addresses are no tokens", () => {
  for (const text of ["https://host:8443", "host", "eyJhost.example", "10.0.0.1", "[fd42::1]:8443", "eyJ", ""])
    assert.equal(isToken(text), false, text);
});

test("a token that has expired is refused, one that does not expire is not", () => {
  const now = new Date("2026-06-01T00:00:00Z");
  const until = (time: string) => parseToken(written({ ...told, expires_at: time }), now);
  assert.throws(() => until("2026-05-31T00:00:00Z"), { code: "BAD_REQUEST", message: /it expired at 2026-05-31/ });
  assert.equal(until("2026-06-02T00:00:00Z").fingerprint, "ab".repeat(32));
  assert.equal(parseToken(written({ ...told, expires_at: undefined }), now).fingerprint, "ab".repeat(32));
});

test("what is no token is refused with the cause, and its secret is not repeated", () => {
  const wrong: [unknown, RegExp][] = [
    [7, /it /],
    [null, /it /],
    [{ ...told, fingerprint: "abc" }, /fingerprint is not a SHA-256 fingerprint/],
    [{ ...told, fingerprint: undefined }, /fingerprint /],
    [{ ...told, addresses: [] }, /addresses names no address/],
    [{ ...told, addresses: "10.0.0.1" }, /addresses /],
    [{ ...told, secret: "" }, /secret is empty/],
    [{ server_name: "n2", fingerprint: told.fingerprint, addresses: told.addresses, secret: "s" }, /joins a cluster/],
  ];
  for (const [value, cause] of wrong)
    assert.throws(
      () => parseToken(written(value)),
      (error: Error) => cause.test(error.message) && !error.message.includes("very-secret"),
      JSON.stringify(value),
    );
  assert.throws(() => parseToken("eyJ%%%"), { code: "BAD_REQUEST", message: /it is not JSON in base64/ });
});
