/** Configuration keys of networks; every key here has an effect. Which type has which: network-parent.ts. */
import type { Config } from "../common";
import { hostInterfaceName } from "../devices/interface-name";
import { dnsNameReason } from "../dns-name";
import { aclKeys } from "./network/acls";
import { bgpKeys } from "./network/bgp";
import { egressKeys } from "./network/egress";
import { ipv4Keys, ipv4RangeReasons } from "./network/ipv4";
import { ipv6Keys, ipv6RangeReasons } from "./network/ipv6";
import { tunnelKeys } from "./network/tunnel";
import { networkZoneRows } from "./network/zones";
import { parentKeys } from "./network-parent";
import { readerOf } from "./reader";
import { grouped, type KeyTable, type ValueType } from "./table";
import { anyText, bool, hwaddr, mtu, oneOf, text } from "./values";

export type { AddressRange } from "./network/shared";

/** Its letters are fewer than those of a zone: dnsmasq has it on its command line. */
const domain = text("DNS name", (value) =>
  /^[a-zA-Z0-9_]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?$/.test(value) ? dnsNameReason(value) : "it must be a DNS name",
);

const since = "0.1.0";

/** What a bridge of Linux is. */
const native = text("`native`", (value) =>
  value === "native"
    ? undefined
    : value === "openvswitch"
      ? "it must be native: this server makes the kernel's own bridges, none of Open vSwitch"
      : "it must be native",
);

const standard = text("`standard`", (value) =>
  value === "standard"
    ? undefined
    : value === "fan"
      ? "it must be standard: no kernel but Ubuntu's has fan bridges"
      : "it must be standard",
);

const interfaces: ValueType<readonly string[]> = {
  title: "list of interface names",
  check: (value) => {
    const names = value.split(",").map((one) => one.trim());
    const wrong = names.find((one) => hostInterfaceName.check(one) !== undefined);
    if (wrong !== undefined) return `"${wrong}" is no interface name: ${hostInterfaceName.check(wrong)}`;
    return new Set(names).size < names.length ? "it must not name an interface twice" : undefined;
  },
  parse: (value) => value.split(",").map((one) => one.trim()),
};

const domains: ValueType<readonly string[]> = {
  title: "list of DNS names",
  check: (value) =>
    value.split(",").every((one) => domain.check(one.trim()) === undefined)
      ? undefined
      : "it must be DNS names with commas between, such as lab.example,example",
  parse: (value) => value.split(",").map((one) => one.trim()),
};

const bridge = grouped("bridge", {
  "bridge.driver": {
    type: native,
    default: "native",
    applies: "now",
    since,
    extension: "network",
    example: "native",
    doc: "What the bridge is made by: the kernel. LXD's `openvswitch` is refused.",
  },
  "bridge.external_interfaces": {
    type: interfaces,
    applies: "now",
    since,
    extension: "network",
    example: "eth1,eth2",
    doc: "Interfaces of the host that are ports of the bridge too, separated by commas. They have no addresses and belong to no other bridge.",
  },
  "bridge.hwaddr": {
    type: hwaddr,
    unset: "`volatile.bridge.hwaddr`",
    applies: "now",
    since,
    extension: "network_hwaddr",
    example: "00:16:3e:01:02:03",
    doc: "Hardware address of the bridge.",
  },
  "bridge.isolated": {
    type: bool,
    default: "false",
    applies: "at creation",
    since,
    extension: "bothy_network_isolated",
    example: "true",
    doc: "Whether the gateway, with DHCP and DNS, is in a network namespace of its own. Then the host has no address in the network and routes nothing of it, and another network may have the same `ipv4.address`. There is no IPv6.",
  },
  "bridge.mode": {
    type: standard,
    default: "standard",
    applies: "now",
    since,
    extension: "network",
    example: "standard",
    doc: "How the bridge works. LXD's `fan` is refused: it needs a kernel of Ubuntu's.",
  },
  "bridge.mtu": {
    type: mtu,
    unset: "`1500`, and `1400` with a tunnel",
    applies: "now",
    since,
    extension: "network",
    example: "9000",
    doc: "Largest packet of the bridge, in bytes. A nic follows at its next start. When the key is set, DHCP tells it to the guests.",
  },
});

const dns = grouped("dns", {
  "dns.domain": {
    type: domain,
    default: "lxd",
    applies: "now",
    since,
    extension: "network",
    example: "example.lan",
    doc: "Domain of the names that the network serves.",
  },
  "dns.mode": {
    type: oneOf("managed", "dynamic", "none"),
    default: "managed",
    applies: "now",
    since,
    extension: "network",
    example: "dynamic",
    doc: "Who gives addresses their names. `managed`: the daemon, by the instances' names. `dynamic`: the guests. `none`: nobody.",
  },
});

const dnsSearch = grouped("dns", {
  "dns.search": {
    type: domains,
    unset: "the domain of the network",
    applies: "now",
    since,
    extension: "network_dns_search",
    example: "lab.example,example",
    doc: "Domains that guests try for short names, separated by commas. DHCP of both families tells them.",
  },
});

const raw = grouped("raw", {
  "raw.dnsmasq": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    extension: "network",
    example: "host-record=printer.lan,10.1.2.9",
    doc: "More lines for the configuration of the network's dnsmasq.",
  },
});

const user = grouped("user", {
  "user.*": { type: anyText, secret: true, applies: "now", since, example: "lab", doc: "Free for the user." },
});

const volatile = grouped("volatile", {
  "volatile.bridge.hwaddr": {
    type: hwaddr,
    computed: true,
    applies: "now",
    since,
    example: "00:16:3e:01:02:03",
    doc: "Hardware address that the daemon chose for the bridge.",
  },
});

export const networkKeys = {
  ...bgpKeys,
  ...bridge,
  ...dns,
  ...networkZoneRows,
  ...dnsSearch,
  ...ipv4Keys,
  ...ipv6Keys,
  ...parentKeys,
  ...raw,
  ...aclKeys,
  ...egressKeys,
  ...tunnelKeys,
  ...user,
  ...volatile,
} satisfies KeyTable;

/** Reads the configuration of a network. */
export const networkConfig = readerOf(networkKeys);

/** Where each key of ranges has to lie, and what tells why ranges do not. */
const rangeKeys = [
  ["ipv4.dhcp.ranges", "ipv4.address", ipv4RangeReasons],
  ["ipv6.dhcp.ranges", "ipv6.address", ipv6RangeReasons],
] as const;

/** Whether the ranges of both families lie in the subnets of the addresses, each from its lower end to its higher. @returns one reason per wrong range */
export function rangeReasons(config: Config): { readonly key: string; readonly reason: string }[] {
  const set = networkConfig(config);
  return rangeKeys.flatMap(([key, address, reasonsOf]) =>
    reasonsOf(set.get(address), set.text(key) ?? "").map((reason) => ({ key, reason })),
  );
}
