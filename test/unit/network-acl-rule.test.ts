/** Rules of network ACLs: what LXD 5.0.2 refuses, in its words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NetworkAclName } from "../../sdk/api/network-acl";
import { type AclDirection, NetworkAclRule, normalRule, ruleReason, rulesReason } from "../../sdk/api/network-acl-rule";

const rule = (given: Partial<NetworkAclRule>) =>
  normalRule(NetworkAclRule.parse({ action: "allow", state: "enabled", ...given }));

const refused: readonly (readonly [given: Partial<NetworkAclRule>, reason: RegExp])[] = [
  [{ action: "" }, /^Action must be one of: allow, drop, reject$/],
  [{ action: "x" }, /^Action must be one of/],
  [{ state: "" }, /^State must be one of: enabled, disabled, logged$/],
  [{ source: "10.0.0.9-10.0.0.1" }, /^Invalid Source: Invalid subject "10.0.0.9-10.0.0.1"/],
  [{ source: "fd00::9-fd00::1" }, /^Invalid Source: Invalid subject/],
  [{ source: "10.0.0.1-fd00::1" }, /^Invalid Source: Invalid subject/],
  [{ source: "10.0.0.0/33" }, /^Invalid Source: Invalid subject/],
  [{ source: "10.0.0.1,,10.0.0.2" }, /^Invalid Source: Invalid subject ""/],
  [{ destination: "fe80::1%eth0" }, /^Invalid Destination: Invalid subject/],
  [{ source: "10.0.0.1; drop" }, /^Invalid Source: Invalid subject/],
  [{ source: "10.0.0.1", destination: "fd00::1" }, /^Conflicting IP family types used for Source and Destination$/],
  [{ source: "$" }, /^Invalid Source: Invalid subject "\$"/],
  [{ source: "$a b" }, /^Invalid Source: Invalid subject "\$a b"/],
  [{ source: "$web,10.0.0.1", destination: "fd00::1,10.0.0.0/33" }, /^Invalid Destination: Invalid subject/],
  [{ protocol: "gre" }, /^Protocol must be one of: icmp4, icmp6, tcp, udp$/],
  [{ protocol: "tcp", icmp_type: "1" }, /^ICMP type cannot be used with non-ICMP protocol$/],
  [{ protocol: "udp", icmp_code: "1" }, /^ICMP code cannot be used with non-ICMP protocol$/],
  [{ protocol: "tcp", destination_port: "70000" }, /^Invalid Destination port: Invalid port number "70000"$/],
  [
    { protocol: "tcp", destination_port: "80-70" },
    /^Invalid Destination port: Start port 80 must be lower than end port 70$/,
  ],
  [{ protocol: "tcp", source_port: "a" }, /^Invalid Source port: Invalid port number "a"$/],
  [{ protocol: "tcp", source_port: "1, 2 - 5" }, /^Invalid Source port: Invalid port number "2 - 5"$/],
  [{ protocol: "tcp", source_port: "1-2-3" }, /^Invalid Source port: Invalid port number/],
  [{ protocol: "icmp4", source_port: "1" }, /^Source port cannot be used with "icmp4" protocol$/],
  [{ protocol: "icmp6", destination_port: "1" }, /^Destination port cannot be used with "icmp6" protocol$/],
  [{ protocol: "icmp4", source: "fd00::1" }, /^Cannot use IPv6 source addresses with "icmp4" protocol$/],
  [{ protocol: "icmp6", destination: "10.0.0.1" }, /^Cannot use IPv4 destination addresses with "icmp6" protocol$/],
  [
    { protocol: "icmp4", icmp_type: "256" },
    /^Invalid ICMP type: Invalid value for an integer "256". Must be between 0 and 255$/,
  ],
  [{ protocol: "icmp4", icmp_type: "8", icmp_code: "x" }, /^Invalid ICMP code: Invalid value for an integer "x"/],
  [{ icmp_type: "8" }, /^ICMP type cannot be used without specifying protocol$/],
  [{ icmp_code: "8" }, /^ICMP code cannot be used without specifying protocol$/],
  [{ source_port: "8" }, /^Source port cannot be used without specifying protocol$/],
  [{ destination_port: "8" }, /^Destination port cannot be used without specifying protocol$/],
];

test("what is no rule is refused in either direction", () => {
  for (const direction of ["ingress", "egress"] as const)
    for (const [given, reason] of refused)
      assert.match(ruleReason(direction, rule(given)) ?? "nothing", reason, JSON.stringify(given));
});

test("names of ACLs and peers are refused: they mean something on networks of OVN alone", () => {
  const named: readonly (readonly [AclDirection, Partial<NetworkAclRule>, string])[] = [
    [
      "ingress",
      { destination: "web" },
      'Invalid Destination: Named subjects not allowed in "Destination" for "ingress" rules',
    ],
    ["egress", { source: "@internal" }, 'Invalid Source: Named subjects not allowed in "Source" for "egress" rules'],
  ];
  for (const [direction, given, reason] of named) assert.equal(ruleReason(direction, rule(given)), reason);
  for (const subject of ["web", "@internal", "@net/peer"])
    assert.match(ruleReason("ingress", rule({ source: subject })) ?? "", /^Invalid Source: Invalid subject/);
});

test("rules of both families, ranges, address sets, subnets and lists of ports are taken", () => {
  const taken: Partial<NetworkAclRule>[] = [
    {},
    { source: "10.0.0.1,fd00::1" },
    { source: "10.0.0.1/24, 10.0.0.1-10.0.0.9 , fd00::1-fd00::ff,::/0" },
    { source: "10.0.0.1,fd00::1", destination: "fd00::/8,192.0.2.0/24" },
    { source: "$web", destination: "10.0.0.1" },
    { source: "$web, fd00::1", destination: "$db-2,10.0.0.1" },
    { source: "$web", protocol: "icmp4" },
    { protocol: "tcp", source_port: "0", destination_port: "1, 80-90,65535" },
    { protocol: "icmp4", icmp_type: "8", icmp_code: "0" },
    { state: "disabled" },
    { state: "logged" },
  ];
  for (const given of taken) assert.equal(ruleReason("ingress", rule(given)), undefined, JSON.stringify(given));
});

test("two rules that come to the same are a mistake, and their place is told", () => {
  const twice = [
    rule({ source: "10.0.0.1, 10.0.0.2" }),
    rule({ action: "drop" }),
    rule({ source: " 10.0.0.1,10.0.0.2" }),
  ];
  assert.equal(rulesReason("egress", twice), "Duplicate of egress rule 0");
  assert.match(rulesReason("egress", [rule({}), rule({ protocol: "x" })]) ?? "", /^Invalid egress rule 1: Protocol/);
});

test("names of ACLs are those of hosts, and cannot be taken for an address or a selector", () => {
  const names: readonly (readonly [string, string | undefined])[] = [
    ["web-1", undefined],
    ["", "Name is required"],
    ["@x", "Name cannot start with reserved character '@'"],
    ["a.b_c", "Name can only contain alphanumeric and hyphen characters"],
    ["1ab", "Name must not start with a number"],
    ["a".repeat(64), "Name must be 1-63 characters long"],
    ["a-", 'Name must not end with "-" character'],
  ];
  for (const [name, reason] of names)
    assert.equal(NetworkAclName.safeParse(name).error?.issues[0]?.message, reason, JSON.stringify(name));
});
