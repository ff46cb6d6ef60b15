/** Configuration keys of a network's IPv6. */
import {
  addressText6,
  contains6,
  firstOf6,
  isAddress6,
  parseAddress6,
  parseSubnet6,
  type Subnet6,
  subnetText6,
} from "../../ipv6";
import { grouped } from "../table";
import { bool, ipv6, text } from "../values";
import { expiry, natOrder, ranges, subnets } from "./shared";

/** An IPv6 address with a prefix length, such as fd42:1:2:3::1/64; or auto; or none. */
const ipv6Cidr = text("address with prefix length, or `auto`, or `none`", (value) => {
  if (value === "none" || value === "auto") return undefined;
  const subnet = value.includes("/") ? parseSubnet6(value) : undefined;
  if (subnet === undefined || subnet.bits < 16 || subnet.bits > 126)
    return "it must be an address with a prefix length from 16 to 126 such as fd42:1:2:3::1/64, or auto, or none";
  return hostReason(subnet);
});

/** Why the bridge cannot have an address: RFC 4291 has what follows for the unspecified, mapped, link-local and group addresses. */
function hostReason(subnet: Subnet6): string | undefined {
  const first = firstOf6(subnet);
  if (subnet.address === first)
    return `it is the subnet's own address, not one of a host. Did you mean "${addressText6(first + 1n)}/${subnet.bits}"?`;
  const firstBits = Number(subnet.address >> 112n);
  return firstBits < 0x100 || firstBits >= 0xfe80 ? "it is not an address that routers can have" : undefined;
}

/** The /64 of the bridge, or what is smaller: in it DHCPv6 gives addresses. */
export const dhcpSubnet6 = ({ address, bits }: Subnet6): Subnet6 => ({ address, bits: Math.max(bits, 64) });

/** Whether ranges lie in the subnet of the address, each from its lower end to its higher. @returns one reason per wrong range */
export function ipv6RangeReasons(cidr: string, text: string): string[] {
  const whole = cidr.includes("/") ? parseSubnet6(cidr) : undefined;
  if (whole === undefined || ipv6Ranges.check(text) !== undefined) return [];
  const subnet = dhcpSubnet6(whole);
  return (ipv6Ranges.parse(text) ?? []).flatMap(([first, last]) => {
    const [from, to] = [parseAddress6(first), parseAddress6(last)];
    const isInside = contains6(subnet, from) && contains6(subnet, to) && from <= to;
    return isInside ? [] : [`${first}-${last} is not a range inside ${subnetText6(subnet)}`];
  });
}

const ipv6Ranges = ranges("IPv6", "fd42:1:2:3::10-fd42:1:2:3::99", isAddress6);

const ipv6Subnets = subnets("IPv6", "fd42:1:2:9::/64", (value) => {
  const subnet = value.includes("/") ? parseSubnet6(value) : undefined;
  return subnet !== undefined && subnet.bits > 0 && subnet.address === firstOf6(subnet);
});

const since = "0.1.0";

export const ipv6Keys = grouped("ipv6", {
  "ipv6.address": {
    type: ipv6Cidr,
    default: "auto",
    computed: true,
    applies: "now",
    since,
    extension: "network",
    example: "fd42:1:2:3::1/64",
    doc: "Address of the bridge. `auto` takes a free /64 below fd42::/16 once and keeps it; so has a new network where the host's kernel has IPv6. `none` leaves IPv6 out.",
  },
  "ipv6.dhcp": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "network",
    example: "false",
    doc: "Whether DHCPv6 answers. Without it guests know routes and DNS by router advertisements alone.",
  },
  "ipv6.dhcp.expiry": {
    type: expiry,
    default: "1h",
    applies: "now",
    since,
    extension: "network_dhcp_expiry",
    example: "1d",
    doc: "How long a lease of stateful DHCPv6 holds, at least two minutes. A number without a unit means seconds.",
  },
  "ipv6.dhcp.ranges": {
    type: ipv6Ranges,
    unset: "the whole subnet",
    applies: "now",
    since,
    extension: "network",
    example: "fd42:1:2:3::10-fd42:1:2:3::99",
    doc: "Ranges of addresses that stateful DHCPv6 gives, separated by commas. They lie in the subnet of `ipv6.address`, in the first /64 of a larger one.",
  },
  "ipv6.dhcp.stateful": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "network",
    example: "true",
    doc: "Whether nics get their addresses by DHCPv6. Otherwise guests choose their own in the /64 that the router advertises (SLAAC); in a subnet smaller than a /64 they have none then.",
  },
  "ipv6.firewall": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "network_firewall_filtering",
    example: "false",
    doc: "Whether the host's firewall gets rules that let neighbour discovery, DHCPv6, DNS and forwarded traffic of the network pass.",
  },
  "ipv6.nat": {
    type: bool,
    unset: "`true` when the daemon chose the address, else `false`",
    computed: true,
    applies: "now",
    since,
    extension: "network",
    example: "true",
    doc: "Whether traffic that leaves the network has the host's address as its source.",
  },
  "ipv6.nat.address": {
    type: ipv6,
    unset: "that of the interface through which it leaves",
    applies: "now",
    since,
    extension: "network_nat_address",
    example: "2001:db8::7",
    doc: "Source of the traffic that leaves the network by NAT. The host has to have the address.",
  },
  "ipv6.nat.order": {
    type: natOrder,
    default: "before",
    applies: "now",
    since,
    extension: "network_nat_order",
    example: "after",
    doc: "Whether the rule of NAT comes before or after those of other programs.",
  },
  "ipv6.routes": {
    type: ipv6Subnets,
    applies: "now",
    since,
    extension: "network_routes",
    example: "fd42:1:2:9::/64",
    doc: "Further subnets that the host sends to the bridge, separated by commas: those behind its guests.",
  },
  "ipv6.routing": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "network",
    example: "false",
    doc: "Whether traffic can leave the bridge. With it the host forwards IPv6 between all its interfaces, as the kernel has one switch for them.",
  },
});
