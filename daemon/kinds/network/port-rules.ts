/**
 * What the guests of a network may send: the nftables table `bridge bothy_NAME`, one chain for each port that leads to a guest.
 * Ports that are not ours (an interface of the host that its admin joined to the bridge) pass as they are.
 */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { bridgeHwaddr, hasIpv4, subnetOf } from "./config";
import { addressText } from "./ipv4";
import { type PortFilter, sourceRules, taggedRules } from "./port-filter";

/** The host's end of a guest's nic. */
export interface Port {
  readonly instance: string;
  readonly hostName: string;
  readonly hwaddr: string;
  readonly filter?: PortFilter;
}

/** Hardware addresses that may appear behind one port besides the nic's own: room for bridges inside a guest. */
export const foreignMacs = 128;
/** As long as the bridge itself remembers one. */
const macTimeout = "5m";

export const portTableOf = (network: string): string => `bridge bothy_${network}`;

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
    // A bridge without an address is a switch: whoever is on it may be its router.
    ...(subnet === undefined
      ? []
      : [
          `meta protocol arp arp saddr ip ${addressText(subnet.address)} drop`,
          "meta protocol ip icmp type redirect drop",
          "meta protocol ip6 icmpv6 type { nd-router-advert, nd-redirect } drop",
          "meta protocol ip6 udp dport 546 drop",
        ]),
    ...(servesDhcp(config) ? ["meta protocol ip udp dport 68 drop"] : []),
  ];
}

const servesDhcp = (config: Config): boolean => hasIpv4(config) && networkConfig(config).get("ipv4.dhcp");

const chainOf = (hostName: string): string => `port_${hostName}`;
const setOf = (hostName: string): string => `macs_${hostName}`;

/**
 * Commands that add a port, or bring it in line. A question for a lease tells three times who asks: it must be this nic each time
 * (RFC 2131 section 2: op, htype and hlen at the start of the message, chaddr 28 bytes on). What is not a whole question is none.
 */
export function openPort(name: string, config: Config, { hostName, hwaddr, filter = {} }: Port): string {
  const table = portTableOf(name);
  const own = hwaddr.toLowerCase();
  const rule = (text: string) => `add rule ${table} ${chainOf(hostName)} ${text}\n`;
  const question = `ether saddr ${own} @th,64,24 0x010106 @th,288,48 0x${own.replaceAll(":", "")}`;
  return [
    `add set ${table} ${setOf(hostName)} { type ether_addr; size ${foreignMacs}; flags dynamic,timeout; timeout ${macTimeout}; }\n`,
    `add chain ${table} ${chainOf(hostName)}\n`,
    `flush chain ${table} ${chainOf(hostName)}\n`,
    ...taggedRules(hwaddr, filter).map(rule),
    rule("jump guest"),
    ...(servesDhcp(config)
      ? [rule(`meta protocol ip udp dport 67 ${question} accept`), rule("meta protocol ip udp dport 67 drop")]
      : []),
    ...sourceRules(hwaddr, filter).map(rule),
    rule(`ether saddr ${own} accept`),
    ...(filter.isOwnOnly ? [] : [rule(`update @${setOf(hostName)} { ether saddr } accept`)]),
    rule("drop"),
    `add element ${table} ports { "${hostName}" : jump ${chainOf(hostName)} }\n`,
  ].join("");
}

/** Commands that take a port away, which is there. */
export const closePort = (name: string, hostName: string): string =>
  [
    `delete element ${portTableOf(name)} ports { "${hostName}" }\n`,
    `delete chain ${portTableOf(name)} ${chainOf(hostName)}\n`,
    `delete set ${portTableOf(name)} ${setOf(hostName)}\n`,
  ].join("");
