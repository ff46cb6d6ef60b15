/** Packets that a network lives by: what rules of others are tried with. */
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import { type Family, familiesOf, servesDhcp, servesDhcp6, subnet6Of, subnetOf } from "../config";
import { addressText, firstOf } from "../ipv4";
import { addressText6, firstOf6 } from "../ipv6";

export interface Packet {
  /** In words, for people. */
  readonly title: string;
  readonly hook: "input" | "forward";
  readonly family: "ipv4" | "ipv6";
  /** Interface that it came in by. */
  readonly from: string;
  /** Interface that it leaves by; "" for one to the host itself. */
  readonly to: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: "tcp" | "udp" | "ipv6-icmp";
  /** Of TCP and UDP. */
  readonly port?: number;
  /** Of ICMPv6, as nftables names it. */
  readonly icmpType?: string;
  /** As connections are followed. */
  readonly state: "new" | "established";
}

export interface Surroundings {
  /** Interface of the host's default route. */
  readonly uplink: string | undefined;
  /** Families of which br_netfilter shows frames between two ports of a bridge to the rules of IP. */
  readonly bridged: readonly Packet["family"][];
}

/** Addresses that are nobody's (RFC 5737, RFC 3849): rules that name some addresses alone are not about them. */
const world = { ipv4: "203.0.113.1", ipv6: "2001:db8::1" } as const;

/** Of a bridge network. */
export function packetsOf(name: string, config: Config, { uplink, bridged }: Surroundings): Packet[] {
  const set = networkConfig(config);
  return familiesOf(config).flatMap((family): Packet[] => {
    const { key } = family;
    const guest = nth(family, config, 2);
    const base = { family: key, from: name, to: "", source: guest, destination: family.address, state: "new" } as const;
    const dhcp = { ...base, title: "questions of DHCP", hook: "input", protocol: "udp" } as const;
    const out = {
      ...base,
      hook: "forward",
      to: uplink ?? "",
      destination: world[key],
      protocol: "tcp",
      port: 443,
    } as const;
    return [
      ...(key === "ipv4" && servesDhcp(config)
        ? [{ ...dhcp, source: "0.0.0.0", destination: "255.255.255.255", port: 67 }]
        : []),
      ...(key === "ipv6" && servesDhcp6(config)
        ? [{ ...dhcp, source: "fe80::1", destination: "ff02::1:2", port: 547 }]
        : []),
      ...(key === "ipv6"
        ? [
            {
              ...base,
              title: "questions for routers and neighbours",
              hook: "input",
              source: "fe80::1",
              destination: "ff02::2",
              protocol: "ipv6-icmp",
              icmpType: "nd-router-solicit",
            } as const,
          ]
        : []),
      { ...base, title: "questions for names", hook: "input", protocol: "udp", port: 53 },
      ...(set.get(`${key}.routing`) && uplink !== undefined
        ? [
            { ...out, title: "packets to the world" },
            {
              ...out,
              title: "answers from the world",
              from: uplink,
              to: name,
              source: world[key],
              destination: guest,
              state: "established",
            } as const,
          ]
        : []),
      ...(bridged.includes(key)
        ? [{ ...out, title: "packets between its instances", to: name, destination: nth(family, config, 3) }]
        : []),
    ];
  });
}

/** An address of the subnet, so many places behind its first. */
function nth({ key, address }: Family, config: Config, places: number): string {
  const [subnet, subnet6] = [subnetOf(config), subnet6Of(config)];
  if (key === "ipv4") return subnet === undefined ? address : addressText(firstOf(subnet) + places);
  return subnet6 === undefined ? address : addressText6(firstOf6(subnet6) + BigInt(places));
}
