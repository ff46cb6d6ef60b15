/** What the daemon asks of a network's configuration in more than one place. */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { addressText, parseSubnet, type Subnet, subnetText } from "./ipv4";
import { addressText6, linkLocal6, parseSubnet6, type Subnet6, subnetText6 } from "./ipv6";

/** The network's IPv4 subnet with the bridge's address; nothing without IPv4. */
export const subnetOf = (config: Config): Subnet | undefined => parseSubnet(networkConfig(config).get("ipv4.address"));

/** The network's IPv6 subnet with the bridge's address; nothing without IPv6. */
export const subnet6Of = (config: Config): Subnet6 | undefined =>
  parseSubnet6(networkConfig(config).get("ipv6.address"));

const isAddressed = (address: string): boolean => !["auto", "none"].includes(address);

export const hasIpv4 = (config: Config): boolean => isAddressed(networkConfig(config).get("ipv4.address"));

export const hasIpv6 = (config: Config): boolean => isAddressed(networkConfig(config).get("ipv6.address"));

/** Whether the host has no part in the network but its bridge (isolated.ts). */
export const isIsolated = (config: Config): boolean => networkConfig(config).get("bridge.isolated");

export const servesDhcp = (config: Config): boolean => hasIpv4(config) && networkConfig(config).get("ipv4.dhcp");

/** Whether DHCPv6 answers, with addresses or without. */
export const servesDhcp6 = (config: Config): boolean => hasIpv6(config) && networkConfig(config).get("ipv6.dhcp");

/** Whether nics get their IPv6 addresses by DHCPv6. */
export const givesIpv6 = (config: Config): boolean =>
  servesDhcp6(config) && networkConfig(config).get("ipv6.dhcp.stateful");

/** One family of a network that has an address of it, for what treats both alike. */
export interface Family {
  readonly key: "ipv4" | "ipv6";
  /** nftables' word. */
  readonly ip: "ip" | "ip6";
  /** The bridge's. */
  readonly address: string;
  readonly subnet: string;
}

export function familiesOf(config: Config): Family[] {
  const [subnet, subnet6] = [subnetOf(config), subnet6Of(config)];
  return [
    ...(subnet === undefined
      ? []
      : [{ key: "ipv4", ip: "ip", address: addressText(subnet.address), subnet: subnetText(subnet) } as const]),
    ...(subnet6 === undefined
      ? []
      : [{ key: "ipv6", ip: "ip6", address: addressText6(subnet6.address), subnet: subnetText6(subnet6) } as const]),
  ];
}

/** Names of the tunnels that any key is about. */
export const tunnelNames = (config: Config): string[] => [
  ...new Set(Object.keys(config).flatMap((key) => /^tunnel\.([^.]+)\./.exec(key)?.[1] ?? [])),
];

/** Largest packet of the bridge. As in LXD a tunnel leaves room for what it puts around each. */
export const mtuOf = (config: Config): number =>
  networkConfig(config).get("bridge.mtu") ?? (tunnelNames(config).length > 0 ? 1400 : 1500);

/** The bridge's hardware address in small letters: the user's, else the daemon's; nothing before one was chosen. */
export function bridgeHwaddr(config: Config): string | undefined {
  const set = networkConfig(config);
  return (set.get("bridge.hwaddr") ?? set.get("volatile.bridge.hwaddr"))?.toLowerCase();
}

/** The link-local address by which guests know the bridge as their router. */
export function bridgeLinkLocal(config: Config): bigint | undefined {
  const hwaddr = bridgeHwaddr(config);
  return hwaddr === undefined ? undefined : linkLocal6(hwaddr);
}
