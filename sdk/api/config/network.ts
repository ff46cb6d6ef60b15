/** Configuration keys of bridge networks; every key here has an effect. */
import { isIPv4 } from "node:net";
import { addressText, contains, firstOf, lastOf, parseAddress, parseSubnet, type Subnet, subnetText } from "../ipv4";
import { networkZoneRows } from "./network/zones";
import { readerOf } from "./reader";
import { grouped, type KeyTable, type ValueType } from "./table";
import { anyText, bool, hwaddr, mtu, oneOf, text } from "./values";

/** An IPv4 address with a prefix length, such as 10.1.2.1/24; or auto; or none. */
const ipv4Cidr = text("address with prefix length, or `auto`, or `none`", (value) => {
  if (value === "none" || value === "auto") return undefined;
  const subnet = value.includes("/") ? parseSubnet(value) : undefined;
  if (subnet === undefined || subnet.bits < 8 || subnet.bits > 30)
    return "it must be an address with a prefix length from 8 to 30 such as 10.1.2.1/24, or auto, or none";
  return hostReason(subnet);
});

/** Why the bridge cannot have an address. */
function hostReason(subnet: Subnet): string | undefined {
  const [first, last] = [firstOf(subnet), lastOf(subnet)];
  if (subnet.address === first)
    return `it is the subnet's own address, not one of a host. Did you mean "${addressText(first + 1)}/${subnet.bits}"?`;
  if (subnet.address === last) return "it is the subnet's broadcast address, not one of a host";
  const firstByte = Math.floor(subnet.address / 2 ** 24);
  return firstByte === 0 || firstByte === 127 || firstByte >= 224
    ? "it is not an address that a host can have"
    : undefined;
}

/** Whether ranges lie in the subnet of the address, each from its lower end to its higher. @returns one reason per wrong range */
export function rangeReasons(cidr: string, ranges: string): string[] {
  const subnet = cidr.includes("/") ? parseSubnet(cidr) : undefined;
  if (subnet === undefined || ipv4Ranges.check(ranges) !== undefined) return [];
  return (ipv4Ranges.parse(ranges) ?? []).flatMap(([first, last]) => {
    const [from, to] = [parseAddress(first), parseAddress(last)];
    const isInside = contains(subnet, from) && contains(subnet, to) && from <= to;
    return isInside ? [] : [`${first}-${last} is not a range inside ${subnetText(subnet)}`];
  });
}

/** First and last address. */
export type Ipv4Range = readonly [string, string];

const ipv4Ranges: ValueType<readonly Ipv4Range[]> = {
  title: "ranges of IPv4 addresses",
  check: (value) =>
    value.split(",").every((range) => {
      const ends = range.replace(/^ +| +$/g, "").split("-");
      return ends.length === 2 && ends.every((end) => isIPv4(end));
    })
      ? undefined
      : "it must be ranges such as 10.1.2.10-10.1.2.99, separated by commas",
  parse: (value) =>
    value.split(",").map((range) => {
      const [first = "", last = ""] = range.split("-").map((end) => end.trim());
      return [first, last];
    }),
};

const domain = text("DNS name", (value) =>
  /^[a-zA-Z0-9_]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?$/.test(value) ? undefined : "it must be a DNS name",
);

const expiry = text("time with a unit, or `infinite`", (value) =>
  /^(\d+[smhdw]?|infinite)$/i.test(value)
    ? undefined
    : "it must be a time such as 90m, 1h or 1d (seconds without a unit, at least 2m), or infinite",
);

const since = "0.1.0";

const bridge = grouped("bridge", {
  "bridge.hwaddr": {
    type: hwaddr,
    unset: "`volatile.bridge.hwaddr`",
    applies: "now",
    since,
    extension: "network_hwaddr",
    example: "00:16:3e:01:02:03",
    doc: "Hardware address of the bridge.",
  },
  "bridge.mtu": {
    type: mtu,
    default: "1500",
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

const ipv4Keys = grouped("ipv4", {
  "ipv4.address": {
    type: ipv4Cidr,
    default: "auto",
    computed: true,
    applies: "now",
    since,
    extension: "network",
    example: "10.1.2.1/24",
    doc: "Address of the bridge. `auto` takes a free subnet once and keeps it. `none` leaves IPv4 out.",
  },
  "ipv4.dhcp": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "network",
    example: "false",
    doc: "Whether nics get their addresses by DHCP.",
  },
  "ipv4.dhcp.expiry": {
    type: expiry,
    default: "1h",
    applies: "now",
    since,
    extension: "network_dhcp_expiry",
    example: "1d",
    doc: "How long a lease holds, at least two minutes. A number without a unit means seconds.",
  },
  "ipv4.dhcp.ranges": {
    type: ipv4Ranges,
    unset: "the whole subnet",
    applies: "now",
    since,
    extension: "network",
    example: "10.1.2.10-10.1.2.99",
    doc: "Ranges of addresses that DHCP gives, separated by commas. They lie in the subnet of `ipv4.address`.",
  },
  "ipv4.firewall": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "network_firewall_filtering",
    example: "false",
    doc: "Whether the host's firewall gets rules that let DHCP, DNS and forwarded traffic of the network pass.",
  },
  "ipv4.nat": {
    type: bool,
    unset: "`true` when the daemon chose the address, else `false`",
    computed: true,
    applies: "now",
    since,
    extension: "network",
    example: "true",
    doc: "Whether traffic that leaves the network has the host's address as its source.",
  },
  "ipv4.routing": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "network",
    example: "false",
    doc: "Whether traffic can leave the bridge.",
  },
});

const ipv6Keys = grouped("ipv6", {
  "ipv6.address": {
    type: oneOf("none"),
    default: "none",
    applies: "now",
    since,
    extension: "network",
    example: "none",
    doc: "Networks have no IPv6 yet, so the only value is `none`.",
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
  ...bridge,
  ...dns,
  ...networkZoneRows,
  ...ipv4Keys,
  ...ipv6Keys,
  ...raw,
  ...user,
  ...volatile,
} satisfies KeyTable;

/** Reads the configuration of a network. */
export const networkConfig = readerOf(networkKeys);
