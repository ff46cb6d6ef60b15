/** Fixed addresses: which ones a network can give to a nic that asks for one. */
import { givesIpv6, servesDhcp, subnet6Of, subnetOf } from "./config";
import { type NetworkHost, type NetworkPlace, refusedAddress } from "./driver";
import { contains, firstOf, lastOf, parseAddress, subnetText } from "./ipv4";
import { contains6, firstOf6, parseAddress6, subnetText6 } from "./ipv6";

/** @throws ApiError BAD_REQUEST for an address that the network cannot give */
export function requireGivable(network: NetworkPlace, host: NetworkHost): void {
  const { ipv4, ipv6 } = host;
  const refusal = ipv4 === undefined ? undefined : refusalOf(network, ipv4);
  if (ipv4 !== undefined && refusal !== undefined) throw refusedAddress(host, "ipv4", ipv4, refusal);
  const refusal6 = ipv6 === undefined ? undefined : refusalOf6(network, ipv6, host.filtersIpv6 === true);
  if (ipv6 !== undefined && refusal6 !== undefined) throw refusedAddress(host, "ipv6", ipv6, refusal6);
}

function refusalOf({ name, config }: NetworkPlace, ipv4: string): string | undefined {
  const subnet = subnetOf(config);
  if (subnet === undefined || !servesDhcp(config)) return `network "${name}" gives no IPv4 addresses`;
  const address = parseAddress(ipv4);
  if (!contains(subnet, address)) return `it is outside the subnet ${subnetText(subnet)} of network "${name}"`;
  const isReserved = [firstOf(subnet), lastOf(subnet), subnet.address].includes(address);
  return isReserved ? `network "${name}" needs it for itself` : undefined;
}

/** A filtered nic may have one that it gives itself. */
function refusalOf6({ name, config }: NetworkPlace, ipv6: string, isFiltered: boolean): string | undefined {
  const subnet = subnet6Of(config);
  if (subnet === undefined) return `network "${name}" gives no IPv6 addresses`;
  if (!givesIpv6(config) && !isFiltered)
    return `Cannot specify "ipv6.address" when DHCP or "ipv6.dhcp.stateful" are disabled (unless using security.ipv6_filtering) on network "${name}", and its guests choose their own. Set its ipv6.dhcp.stateful to true`;
  const address = parseAddress6(ipv6);
  if (!contains6(subnet, address)) return `it is outside the subnet ${subnetText6(subnet)} of network "${name}"`;
  return [firstOf6(subnet), subnet.address].includes(address) ? `network "${name}" needs it for itself` : undefined;
}
