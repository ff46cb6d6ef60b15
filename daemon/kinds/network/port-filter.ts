/** Port filter: what a guest's port lets in beyond the rules of its network, as the nic asks for it (security.mac_filtering, security.ipv4_filtering, vlan.tagged). */
import type { Device } from "../../../sdk/api/common";
import { nicOptions } from "../../../sdk/api/devices/nic";

export interface PortFilter {
  /** Whether only the nic's own hardware address is heard. */
  readonly isOwnOnly?: boolean;
  /** The only IPv4 address that is heard; "none" for no IPv4 at all. */
  readonly ipv4?: string;
  /** VLANs whose tagged frames are let in. */
  readonly tagged?: readonly number[];
}

/** What a nic on a bridge asks for; empty for most. */
export function portFilterOf(options: Device): PortFilter {
  const nic = nicOptions(options);
  const isIpv4 = nic.get("security.ipv4_filtering");
  const ipv4 = nic.get("ipv4.address");
  const tagged = nic.get("vlan.tagged");
  return {
    ...(nic.get("security.mac_filtering") || isIpv4 ? { isOwnOnly: true } : {}),
    ...(isIpv4 && ipv4 !== undefined ? { ipv4 } : {}),
    ...(tagged === undefined ? {} : { tagged }),
  };
}

/** Rules for frames of the VLANs that the nic is in. They are a network of their own, about which ours has no more to say than who sends. */
export const taggedRules = (hwaddr: string, { tagged = [], isOwnOnly = false }: PortFilter): string[] =>
  tagged.length === 0
    ? []
    : [`${isOwnOnly ? `ether saddr ${hwaddr.toLowerCase()} ` : ""}vlan id { ${tagged.join(", ")} } accept`];

/** Rules that drop what comes from others' addresses. A guest without an address yet may ask for one (RFC 2131 section 4.1). */
export function sourceRules(hwaddr: string, { isOwnOnly = false, ipv4 }: PortFilter): string[] {
  const own = hwaddr.toLowerCase();
  return [
    ...(isOwnOnly ? [`ether saddr != ${own} drop`, `meta protocol arp arp saddr ether != ${own} drop`] : []),
    ...(ipv4 === "none" ? ["meta protocol { arp, ip } drop"] : []),
    ...(ipv4 === undefined || ipv4 === "none"
      ? []
      : [
          // Before it uses an address a guest asks whether somebody has it, from none (RFC 5227 section 2.1.1).
          `meta protocol arp arp saddr ip != { 0.0.0.0, ${ipv4} } drop`,
          "meta protocol ip ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept",
          `meta protocol ip ip saddr != ${ipv4} drop`,
        ]),
  ];
}
