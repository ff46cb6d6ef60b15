/** What a proxy says of a connection, in both versions of the PROXY protocol. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProxyHeader } from "../../../daemon/http/proxy-header";

const v2 = (command: number, family: number, body: Buffer) =>
  Buffer.concat([
    Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1"),
    Buffer.from([command, family, body.length >> 8, body.length & 255]),
    body,
  ]);
const ports = [0x1f, 0x90, 0x20, 0xfb];

test("the client of a header is read, whatever comes behind it", () => {
  const text = (line: string) => parseProxyHeader(Buffer.from(`${line}\r\nrest`));
  assert.deepEqual(text("PROXY TCP4 203.0.113.7 10.0.0.1 50000 8443"), {
    length: 44,
    client: { host: "203.0.113.7", port: 50_000 },
  });
  assert.deepEqual(text("PROXY TCP6 2001:db8::7 2001:db8::1 50000 8443"), {
    length: 47,
    client: { host: "2001:db8::7", port: 50_000 },
  });
  const four = v2(0x21, 0x11, Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, ...ports]));
  assert.deepEqual(parseProxyHeader(Buffer.concat([four, Buffer.from("rest")])), {
    length: four.length,
    client: { host: "203.0.113.7", port: 8080 },
  });
  const groups = Buffer.from("20010db8000000000000000000000007", "hex");
  // Words behind the addresses are passed over.
  const six = v2(0x21, 0x21, Buffer.concat([groups, groups, Buffer.from(ports), Buffer.from([4, 0, 1, 0])]));
  assert.deepEqual(parseProxyHeader(six), { length: six.length, client: { host: "2001:db8::7", port: 8080 } });
});

test("a proxy may speak for itself, or for a client that is at no address", () => {
  assert.deepEqual(parseProxyHeader(Buffer.from("PROXY UNKNOWN\r\n")), { length: 15 });
  assert.deepEqual(parseProxyHeader(v2(0x20, 0, Buffer.alloc(0))), { length: 16 });
  assert.deepEqual(parseProxyHeader(v2(0x21, 0x31, Buffer.alloc(216))), { length: 232 });
  assert.equal(parseProxyHeader(Buffer.from([22, 3, 1])), "none");
  assert.equal(parseProxyHeader(Buffer.from("GET / HTTP/1.1\r\n")), "none");
});

test("a header that comes in pieces is waited for", () => {
  const text = Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 50000 8443\r\n");
  const binary = v2(0x21, 0x11, Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, ...ports]));
  for (const whole of [text, binary])
    for (let length = 1; length < whole.length; length += 1)
      assert.equal(parseProxyHeader(whole.subarray(0, length)), "more", `${length} bytes`);
});

test("a header that is none is refused", () => {
  for (const line of [
    "PROXY TCP4 2001:db8::7 10.0.0.1 1 2\r\n",
    "PROXY TCP4 203.0.113.7 10.0.0.1 70000 2\r\n",
    "PROXY TCP4 203.0.113.7\r\n",
    "PROXY UNIX a b 1 2\r\n",
    `PROXY ${"x".repeat(200)}`,
  ])
    assert.throws(() => parseProxyHeader(Buffer.from(line)), line);
  assert.throws(() => parseProxyHeader(v2(0x31, 0x11, Buffer.alloc(12))));
  assert.throws(() => parseProxyHeader(v2(0x21, 0x11, Buffer.alloc(4))));
  assert.throws(() => parseProxyHeader(v2(0x21, 0x21, Buffer.alloc(0xfff0))));
});
