/** What the daemon asks of a network's configuration in more than one place. */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { parseSubnet, type Subnet } from "./ipv4";

/** The network's subnet with the bridge's address; nothing without IPv4. */
export const subnetOf = (config: Config): Subnet | undefined => parseSubnet(networkConfig(config).get("ipv4.address"));

export const hasIpv4 = (config: Config): boolean =>
  !["auto", "none"].includes(networkConfig(config).get("ipv4.address"));

/** The bridge's hardware address in small letters: the user's, else the daemon's; nothing before one was chosen. */
export function bridgeHwaddr(config: Config): string | undefined {
  const set = networkConfig(config);
  return (set.get("bridge.hwaddr") ?? set.get("volatile.bridge.hwaddr"))?.toLowerCase();
}
