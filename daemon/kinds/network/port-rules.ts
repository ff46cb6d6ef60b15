/**
 * What the guests of a network may send: the nftables table `bridge bothy_NAME`, one chain for each port that leads to a guest.
 * Ports that are not ours (an interface of the host that its admin joined to the bridge) pass as they are.
 */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import type { PortAcls } from "./acl/port-acls";
import { bridgeHwaddr, bridgeLinkLocal, hasIpv6, servesDhcp, servesDhcp6, subnet6Of, subnetOf } from "./config";
import { addressText, subnetText } from "./ipv4";
import { addressText6, ownAddress6, subnetText6 } from "./ipv6";
import { claim, type PortFilter, raw, sourceRules, taggedRules } from "./port-filter";
import { portTableOf } from "./tables";

/** The host's end of a guest's nic. */
export interface Port {
  readonly instance: string;
  readonly hostName: string;
  readonly hwaddr: string;
  readonly filter?: PortFilter;
  readonly acls?: PortAcls | undefined;
}

/** Hardware addresses that may appear behind one port besides the nic's own: room for bridges inside a guest. */
export const foreignMacs = 128;
/** As long as the bridge itself remembers one. */
const macTimeout = "5m";

/** The table without ports. */
export function portRulesetOf(name: string, config: Config): string {
  const guest = guestRules(config).map((rule) => `    ${rule}\n`);
  return `table ${portTableOf(name)} {
  map ports {
    type ifname : verdict
  }
  chain guest {
${guest.join("")}  }
  chain prerouting {
    type filter hook prerouting priority filter; policy accept;
    iifname vmap @ports
  }
}
`;
}

/**
 * What no guest has to say to its neighbours, whatever port it comes from. `meta protocol` looks behind a tag of VLAN 0, which receivers ignore;
 * behind a second one it cannot look.
 */
function guestRules(config: Config): string[] {
  const bridge = bridgeHwaddr(config);
  const subnet = subnetOf(config);
  return [
    "meta protocol { 8021q, 8021ad } drop",
    ...(bridge === undefined ? [] : [`ether saddr ${bridge} drop`]),
    ...(subnet === undefined ? [] : [`meta protocol arp arp saddr ip ${addressText(subnet.address)} drop`]),
    ...gatewayRules6(config),
    // A bridge without an address is a switch: whoever is on it may be its router.
    ...(subnet === undefined && !hasIpv6(config)
      ? []
      : [
          "meta protocol ip icmp type redirect drop",
          "meta protocol ip6 icmpv6 type { nd-router-advert, nd-redirect } drop",
          "meta protocol ip6 udp dport 546 drop",
        ]),
    ...(servesDhcp(config) ? ["meta protocol ip udp dport 68 drop"] : []),
    ...(networkConfig(config).has("security.egress.allow") ? gatewayRules(config) : []),
  ];
}

/** Nobody but the bridge says that the router's addresses are its own: in an answer, nor by asking under them. */
function gatewayRules6(config: Config): string[] {
  const subnet = subnet6Of(config);
  if (subnet === undefined) return [];
  const own = [subnet.address, bridgeLinkLocal(config)].filter((address) => address !== undefined);
  return [
    `meta protocol ip6 ip6 saddr { ${own.map(addressText6).join(", ")} } drop`,
    ...own.map((address) => `${claim} ${raw(address)} drop`),
  ];
}

/** Who is held to a list goes out by the bridge alone: a neighbour, or a machine behind an interface of the bridge, is no router of its own. */
function gatewayRules(config: Config): string[] {
  const bridge = bridgeHwaddr(config);
  if (bridge === undefined) return [];
  const [subnet, subnet6] = [subnetOf(config), subnet6Of(config)];
  const near = [
    ...(subnet === undefined ? [] : [subnetText(subnet)]),
    "169.254.0.0/16",
    "224.0.0.0/4",
    "255.255.255.255",
  ];
  const near6 = [...(subnet6 === undefined ? [] : [subnetText6(subnet6)]), "fe80::/10", "ff00::/8"];
  return [
    `ether daddr != ${bridge} meta protocol ip ip daddr != { ${near.join(", ")} } drop`,
    `ether daddr != ${bridge} meta protocol ip6 ip6 daddr != { ${near6.join(", ")} } drop`,
  ];
}

const chainOf = (hostName: string): string => `port_${hostName}`;
const setOf = (hostName: string): string => `macs_${hostName}`;

/** Commands that add a port, or bring it in line. */
export function openPort(name: string, config: Config, { hostName, hwaddr, filter = {} }: Port): string {
  const table = portTableOf(name);
  const own = hwaddr.toLowerCase();
  const rules = [
    ...taggedRules(hwaddr, filter),
    "jump guest",
    ...(filter.egress === undefined ? [] : gatewayRules(config)),
    ...sourceRules(hwaddr, withOwnIpv6(config, hwaddr, filter)),
    ...(servesDhcp(config) ? dhcpQuestions(own) : []),
    ...(servesDhcp6(config) ? dhcp6Questions(own) : []),
    `ether saddr ${own} accept`,
    ...(filter.isOwnOnly ? [] : [`update @${setOf(hostName)} { ether saddr } accept`]),
    "drop",
  ];
  return [
    `add set ${table} ${setOf(hostName)} { type ether_addr; size ${foreignMacs}; flags dynamic,timeout; timeout ${macTimeout}; }\n`,
    `add chain ${table} ${chainOf(hostName)}\n`,
    `flush chain ${table} ${chainOf(hostName)}\n`,
    ...rules.map((rule) => `add rule ${table} ${chainOf(hostName)} ${rule}\n`),
    `add element ${table} ports { "${hostName}" : jump ${chainOf(hostName)} }\n`,
  ].join("");
}

/** A filter with the address that a nic makes of its hardware address, where it is held to that one. */
function withOwnIpv6(config: Config, hwaddr: string, filter: PortFilter): PortFilter {
  if (filter.ipv6 !== "own") return filter;
  const subnet = subnet6Of(config);
  return { ...filter, ipv6: subnet === undefined ? "none" : addressText6(ownAddress6(subnet, hwaddr)) };
}

/**
 * A question for a lease tells three times who asks: it must be this nic each time (RFC 2131 section 2: op, htype and hlen at the start of
 * the message, chaddr 28 bytes on). What is not a whole question is none.
 */
const dhcpQuestions = (own: string): string[] => [
  `meta protocol ip udp dport 67 ether saddr ${own} @th,64,24 0x010106 @th,288,48 0x${own.replaceAll(":", "")} accept`,
  "meta protocol ip udp dport 67 drop",
];

/**
 * A client's message (RFC 8415 section 7.3: types below 12): a relay's could name any hardware address as the asker's. A guest may call itself
 * anything else, and has a lease under each of its names, so they are counted.
 */
const dhcp6Questions = (own: string): string[] => [
  `meta protocol ip6 udp dport 547 ether saddr ${own} @th,64,8 < 12 limit rate 60/minute burst 30 packets accept`,
  "meta protocol ip6 udp dport 547 drop",
];

/** Commands that take a port away, which is there. */
export const closePort = (name: string, hostName: string): string =>
  [
    `delete element ${portTableOf(name)} ports { "${hostName}" }\n`,
    `delete chain ${portTableOf(name)} ${chainOf(hostName)}\n`,
    `delete set ${portTableOf(name)} ${setOf(hostName)}\n`,
  ].join("");
