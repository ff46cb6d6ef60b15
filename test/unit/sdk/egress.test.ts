/** Lists of what guests may reach, as they are written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { meansName, parseEgress } from "../../../sdk/api/egress";

const targets = (text: string) => {
  const parsed = parseEgress(text);
  assert.ok(typeof parsed !== "string", String(parsed));
  return parsed;
};

test("targets have commas or blanks between them, and ports behind their hosts", () => {
  assert.deepEqual(
    targets("Registry.EXAMPLE.org:443, *.example.com:80,443\nudp/192.0.2.9/24:5000-5010 [2001:DB8::1]:443"),
    [
      { protocol: "tcp", host: { name: "registry.example.org", isWildcard: false }, ports: [[443, 443]] },
      {
        protocol: "tcp",
        host: { name: "example.com", isWildcard: true },
        ports: [
          [80, 80],
          [443, 443],
        ],
      },
      { protocol: "udp", host: { family: "ip", subnet: "192.0.2.0/24" }, ports: [[5000, 5010]] },
      { protocol: "tcp", host: { family: "ip6", subnet: "2001:db8::1/128" }, ports: [[443, 443]] },
    ],
  );
  assert.deepEqual(targets("tcp/a.example,2001:db8::/32"), [
    { protocol: "tcp", host: { name: "a.example", isWildcard: false }, ports: [] },
    { protocol: "tcp", host: { family: "ip6", subnet: "2001:db8::/32" }, ports: [] },
  ]);
  assert.deepEqual(targets(" none "), []);
});

test("a wildcard means all names below another, and not itself", () => {
  const [target] = targets("*.example.com");
  const means = (name: string) => target !== undefined && meansName(target, name);
  assert.deepEqual(["a.example.com", "a.b.example.com", "example.com", "badexample.com", "a.example.org"].map(means), [
    ...[true, true],
    ...[false, false, false],
  ]);
});

test("what is no list is refused with the word that is wrong", () => {
  const wrong: [string, RegExp][] = [
    ["", /it must be none, or targets/],
    ["443", /"443" is a port of no host/],
    ["localhost:80", /"localhost:80" must be .* at least two parts/],
    ["*:443", /"\*:443" must be/],
    ["a.*.example:443", /"a\.\*\.example:443" must be/],
    ["exämple.com", /"exämple\.com" must be/],
    ["icmp/a.example", /"icmp\/a\.example" must be/],
    ["http://a.example/", /must be/],
    ["a.example:0", /"0", which must be a port/],
    ["a.example:443-80", /"443-80", which must be a port/],
    ["a.example:80,80", /must not name a port twice/],
    ["a.example:50-60", /must leave out the port 53/],
    ["192.0.2.0/33:80", /has no IPv4 address or subnet/],
    ["[2001:db8::/129]:80", /has no IPv6 address or subnet/],
    [Array.from({ length: 257 }, (_, at) => `h${at}.example`).join(), /at most 256 targets/],
  ];
  for (const [text, message] of wrong) {
    const reason = parseEgress(text);
    assert.equal(typeof reason, "string", text);
    assert.match(String(reason), message);
  }
});
