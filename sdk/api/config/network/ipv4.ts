/** Configuration keys of a network's IPv4. */
import { isIPv4 } from "node:net";
import { addressText, contains, firstOf, lastOf, parseAddress, parseSubnet, type Subnet, subnetText } from "../../ipv4";
import { grouped } from "../table";
import { bool, ipv4, text } from "../values";
import { expiry, natOrder, ranges, subnets } from "./shared";

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
export function ipv4RangeReasons(cidr: string, text: string): string[] {
  const subnet = cidr.includes("/") ? parseSubnet(cidr) : undefined;
  if (subnet === undefined || ipv4Ranges.check(text) !== undefined) return [];
  return (ipv4Ranges.parse(text) ?? []).flatMap(([first, last]) => {
    const [from, to] = [parseAddress(first), parseAddress(last)];
    const isInside = contains(subnet, from) && contains(subnet, to) && from <= to;
    return isInside ? [] : [`${first}-${last} is not a range inside ${subnetText(subnet)}`];
  });
}

const ipv4Ranges = ranges("IPv4", "10.1.2.10-10.1.2.99", isIPv4);

const ipv4Subnets = subnets("IPv4", "10.9.0.0/24", (value) => {
  const subnet = value.includes("/") ? parseSubnet(value) : undefined;
  return subnet !== undefined && subnet.bits > 0 && subnet.address === firstOf(subnet);
});

const since = "0.1.0";

export const ipv4Keys = grouped("ipv4", {
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
  "ipv4.dhcp.gateway": {
    type: ipv4,
    unset: "the address of the bridge",
    applies: "now",
    since,
    extension: "network_dhcp_gateway",
    example: "10.1.2.9",
    doc: "Router that DHCP tells the guests, in the subnet of `ipv4.address`.",
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
  "ipv4.nat.address": {
    type: ipv4,
    unset: "that of the interface through which it leaves",
    applies: "now",
    since,
    extension: "network_nat_address",
    example: "192.0.2.7",
    doc: "Source of the traffic that leaves the network by NAT. The host has to have the address.",
  },
  "ipv4.nat.order": {
    type: natOrder,
    default: "before",
    applies: "now",
    since,
    extension: "network_nat_order",
    example: "after",
    doc: "Whether the rule of NAT comes before or after those of other programs.",
  },
  "ipv4.routes": {
    type: ipv4Subnets,
    applies: "now",
    since,
    extension: "network_routes",
    example: "10.9.0.0/24,10.9.1.0/24",
    doc: "Further subnets that the host sends to the bridge, separated by commas: those behind its guests.",
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
