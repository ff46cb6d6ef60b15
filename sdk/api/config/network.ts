/** Configuration keys of bridge networks; every key here has an effect. */
import { isIPv4 } from "node:net";
import { addressText, contains, firstOf, lastOf, parseAddress, parseSubnet, type Subnet, subnetText } from "../ipv4";
import { mtu } from "./device";
import type { KeyRow, ValueType } from "./table";
import { anyText, bool, hwaddr, oneOf } from "./values";

/** An IPv4 address with a prefix length, such as 10.1.2.1/24; or auto; or none. */
const ipv4Cidr: ValueType = (value) => {
  if (value === "none" || value === "auto") return undefined;
  const subnet = value.includes("/") ? parseSubnet(value) : undefined;
  if (subnet === undefined || subnet.bits < 8 || subnet.bits > 30)
    return "it must be an address with a prefix length from 8 to 30 such as 10.1.2.1/24, or auto, or none";
  return hostReason(subnet);
};

/** Why the bridge cannot have an address. */
function hostReason(subnet: Subnet): string | undefined {
  const [first, last] = [firstOf(subnet), lastOf(subnet)];
  if (subnet.address === first)
    return `it is the subnet's own address, not one of a host. Did you mean "${addressText(first + 1)}/${subnet.bits}"?`;
  if (subnet.address === last) return "it is the subnet's broadcast address, not one of a host";
  const firstByte = Math.floor(subnet.address / 2 ** 24);
  return firstByte === 0 || firstByte === 127 || firstByte >= 224 ? "it is no address that a host can have" : undefined;
}

/** Whether ranges lie in the subnet of the address, each from its lower end to its higher. @returns one reason per wrong range */
export function rangeReasons(cidr: string, ranges: string): string[] {
  const subnet = cidr.includes("/") ? parseSubnet(cidr) : undefined;
  if (subnet === undefined || ipv4Ranges(ranges) !== undefined) return [];
  return ranges.split(",").flatMap((range) => {
    const [from = 0, to = 0] = range.split("-").map((end) => parseAddress(end.trim()));
    const isInside = contains(subnet, from) && contains(subnet, to) && from <= to;
    return isInside ? [] : [`${range.trim()} is not a range inside ${subnetText(subnet)}`];
  });
}

const ipv4Ranges: ValueType = (value) =>
  value.split(",").every((range) => {
    const ends = range.replace(/^ +| +$/g, "").split("-");
    return ends.length === 2 && ends.every((end) => isIPv4(end));
  })
    ? undefined
    : "it must be ranges such as 10.1.2.10-10.1.2.99, separated by commas";

const domain: ValueType = (value) =>
  /^[a-zA-Z0-9_]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?$/.test(value) ? undefined : "it must be a DNS name";

const expiry: ValueType = (value) =>
  /^(\d+[smhdw]?|infinite)$/i.test(value)
    ? undefined
    : "it must be a time such as 90m, 1h or 1d (seconds without a unit, at least 2m), or infinite";

export const networkKeys: readonly KeyRow[] = [
  { key: "bridge.hwaddr", type: hwaddr, live: true, doc: "Hardware address of the bridge." },
  { key: "bridge.mtu", type: mtu, live: true, doc: "MTU of the bridge, in bytes." },
  { key: "dns.domain", type: domain, live: true, doc: "Domain of the names that the network serves; lxd when unset." },
  {
    key: "dns.mode",
    type: oneOf("managed", "dynamic", "none"),
    live: true,
    doc: "Who names the addresses; managed when unset.",
  },
  {
    key: "ipv4.address",
    type: ipv4Cidr,
    live: true,
    doc: "Address of the bridge; auto and unset pick a free subnet once and keep it, none switches IPv4 off.",
  },
  { key: "ipv4.dhcp", type: bool, live: true, doc: "Whether addresses are given by DHCP; true when unset." },
  { key: "ipv4.dhcp.expiry", type: expiry, live: true, doc: "How long a lease holds, such as 1h." },
  { key: "ipv4.dhcp.ranges", type: ipv4Ranges, live: true, doc: "Ranges for DHCP; the whole subnet when unset." },
  {
    key: "ipv4.firewall",
    type: bool,
    live: true,
    doc: "Whether rules for DHCP, DNS and forwarding are made; true when unset.",
  },
  {
    key: "ipv4.nat",
    type: bool,
    live: true,
    doc: "Whether traffic that leaves is translated; true when unset and the address was picked.",
  },
  { key: "ipv4.routing", type: bool, live: true, doc: "Whether traffic may leave the bridge; true when unset." },
  { key: "ipv6.address", type: oneOf("none"), live: true, doc: "Only none so far: the bridge has no IPv6." },
  { key: "raw.dnsmasq", type: anyText, live: true, doc: "More lines for dnsmasq's configuration." },
  { key: "user.", type: anyText, live: true, doc: "Free for the user." },
  { key: "volatile.bridge.hwaddr", type: hwaddr, live: true, doc: "Hardware address that the daemon gave the bridge." },
];
