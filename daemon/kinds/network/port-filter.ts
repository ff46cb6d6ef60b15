/** Port filter: what a guest's port lets in beyond the rules of its network, as the nic asks for it (security.*_filtering, vlan.tagged). */
import type { Device } from "../../../sdk/api/common";
import { nicOptions } from "../../../sdk/api/devices/nic";
import { fixedOf } from "./fixed-options";
import { addressText6, isAddress6, linkLocal6, parseAddress6 } from "./ipv6";

export interface PortFilter {
  /** Whether only the nic's own hardware address is heard. */
  readonly isOwnOnly?: boolean;
  /** The only IPv4 address that is heard; "none" for no IPv4 at all; "own" for the one that the network gives it for good. */
  readonly ipv4?: string;
  /** The same of IPv6; "own" is the address that its hardware address makes. */
  readonly ipv6?: string;
  /** What it may reach, where it has a list of its own. */
  readonly egress?: { readonly allow: string; readonly isLogged: boolean };
  /** VLANs whose tagged frames are let in. */
  readonly tagged?: readonly number[];
}

/** What a nic on a bridge asks for; empty for most. */
export function portFilterOf(options: Device): PortFilter {
  const nic = nicOptions(options);
  const isIpv4 = nic.get("security.ipv4_filtering");
  const isIpv6 = nic.get("security.ipv6_filtering");
  const { ipv4, ipv6 } = fixedOf(options);
  const tagged = nic.get("vlan.tagged");
  const allow = nic.text("security.egress.allow");
  return {
    ...(nic.get("security.mac_filtering") || isIpv4 || isIpv6 || allow !== undefined ? { isOwnOnly: true } : {}),
    ...(isIpv4 ? { ipv4: nic.get("ipv4.address") === "none" ? "none" : (ipv4 ?? "own") } : {}),
    ...(isIpv6 ? { ipv6: nic.get("ipv6.address") === "none" ? "none" : (ipv6 ?? "own") } : {}),
    ...(allow === undefined ? {} : { egress: { allow, isLogged: nic.get("security.egress.logged") } }),
    ...(tagged === undefined ? {} : { tagged }),
  };
}

/** Rules for frames of the VLANs that the nic is in. They are a network of their own, about which ours has no more to say than who sends. */
export const taggedRules = (hwaddr: string, { tagged = [], isOwnOnly = false }: PortFilter): string[] =>
  tagged.length === 0
    ? []
    : [`${isOwnOnly ? `ether saddr ${hwaddr.toLowerCase()} ` : ""}vlan id { ${tagged.join(", ")} } accept`];

/** Rules that drop what comes from others' addresses. A guest without an address yet may ask for one (RFC 2131 section 4.1). */
export function sourceRules(hwaddr: string, { isOwnOnly = false, ipv4, ipv6 }: PortFilter): string[] {
  const own = hwaddr.toLowerCase();
  return [
    ...(isOwnOnly ? [`ether saddr != ${own} drop`, `meta protocol arp arp saddr ether != ${own} drop`] : []),
    // What is neither family's would pass the rules of both.
    ...(ipv4 === undefined && ipv6 === undefined ? [] : ["meta protocol != { arp, ip, ip6 } drop"]),
    ...(ipv4 === undefined ? [] : ipv4Rules(ipv4)),
    ...(ipv6 === undefined ? [] : ipv6Rules(hwaddr, ipv6)),
  ];
}

/** @param address "own" is none that is known */
const ipv4Rules = (address: string): string[] =>
  address === "none" || address === "own"
    ? ["meta protocol { arp, ip } drop"]
    : [
        // Before it uses an address a guest asks whether somebody has it, from none (RFC 5227 section 2.1.1).
        `meta protocol arp arp saddr ip != { 0.0.0.0, ${address} } drop`,
        `meta protocol ip ip saddr != { 0.0.0.0, ${address} } drop`,
        "meta protocol ip ip saddr 0.0.0.0 meta l4proto != udp drop",
        "meta protocol ip ip saddr 0.0.0.0 udp dport != 67 drop",
      ];

/** Its one address, and the link-local one of its hardware address. */
function ipv6Rules(hwaddr: string, address: string): string[] {
  if (!isAddress6(address)) return ["meta protocol ip6 drop"];
  const own = [parseAddress6(address), linkLocal6(hwaddr)];
  return [
    `meta protocol ip6 ip6 saddr != { ::, ${own.map(addressText6).join(", ")} } drop`,
    // Without an address it may ask whether one is free, who is the router, and say which groups it listens to.
    "meta protocol ip6 ip6 saddr :: meta l4proto != ipv6-icmp drop",
    `meta protocol ip6 ip6 saddr :: icmpv6 type != { ${unaddressed.join(", ")} } drop`,
    `${claim} != ${own.map(raw).join(" @th,64,128 != ")} drop`,
  ];
}

const unaddressed = ["nd-neighbor-solicit", "nd-router-solicit", "mld-listener-report", "mld2-listener-report"];

/** An answer of neighbour discovery, and the address that it claims (RFC 4861 section 4.4: 8 bytes on). */
export const claim = "meta protocol ip6 icmpv6 type nd-neighbor-advert @th,64,128";

/** An address as raw bytes of a packet are compared. */
export const raw = (address: bigint): string => `0x${address.toString(16).padStart(32, "0")}`;
