/** IPv6 arithmetic: what is read, how it is written, and what holds what. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressText6,
  contains6,
  firstOf6,
  isAddress6,
  lastOf6,
  linkLocal6,
  overlaps6,
  ownAddress6,
  parseAddress6,
  parseSubnet6,
  type Subnet6,
  subnetText6,
} from "../../../sdk/api/ipv6";

const subnet = (text: string): Subnet6 => parseSubnet6(text) ?? assert.fail(`${text} is not a subnet`);

test("an address has one way to be written, whatever way it was written in (RFC 5952)", () => {
  for (const [written, text] of [
    ["::", "::"],
    ["::1", "::1"],
    ["FD42:0:0:0:0:0:0:1", "fd42::1"],
    ["fd42:0001:2:3::", "fd42:1:2:3::"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ] as const)
    assert.equal(addressText6(parseAddress6(written)), text, written);
  assert.equal(parseAddress6("::1:0"), 65536n);
});

test("what is no subnet is not read as one", () => {
  for (const text of ["", "fd42::1/129", "fd42::1/", "fd42::1/6x", "10.0.0.1/24", "fe80::1%eth0/64", "fd42::1/64/64"])
    assert.equal(parseSubnet6(text), undefined, text);
  assert.deepEqual(parseSubnet6("::1"), { address: 1n, bits: 128 });
  assert.equal(isAddress6("fe80::1%eth0"), false);
});

test("a subnet has its first and last address, and holds what lies between", () => {
  const net = subnet("fd42:1:2:3::99/64");
  assert.equal(subnetText6(net), "fd42:1:2:3::/64");
  assert.equal(addressText6(firstOf6(net)), "fd42:1:2:3::");
  assert.equal(addressText6(lastOf6(net)), "fd42:1:2:3:ffff:ffff:ffff:ffff");
  assert.equal(contains6(net, parseAddress6("fd42:1:2:3:8000::")), true);
  assert.equal(contains6(net, parseAddress6("fd42:1:2:4::")), false);
  assert.equal(overlaps6(net, subnet("fd42::/16")), true);
  assert.equal(overlaps6(subnet("::/0"), net), true);
  assert.equal(overlaps6(subnet("fd42:1:2:2::/64"), net), false);
  assert.equal(overlaps6(subnet("fd42:1:2:3::/127"), subnet("fd42:1:2:3::2/127")), false);
});

test("a nic's own address is the one that its kernel makes of its hardware address, and fits smaller subnets", () => {
  const hwaddr = "00:16:3e:09:5f:c8";
  assert.equal(addressText6(ownAddress6(subnet("fd42:1:2:3::1/64"), hwaddr)), "fd42:1:2:3:216:3eff:fe09:5fc8");
  assert.equal(addressText6(ownAddress6(subnet("fd42:1:2:3::1/48"), hwaddr)), "fd42:1:2:3:216:3eff:fe09:5fc8");
  assert.equal(addressText6(ownAddress6(subnet("fd42:1:2:3::1/112"), hwaddr)), "fd42:1:2:3::5fc8");
  assert.equal(addressText6(linkLocal6("02:00:00:00:00:01")), "fe80::ff:fe00:1");
});
