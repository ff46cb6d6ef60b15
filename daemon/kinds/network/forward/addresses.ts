/** Addresses of forwards, of either family, and how they lie to subnets of networks. */
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import type { Address } from "../../../../sdk/api/ip-address";
import { contains6, parseAddress6, parseSubnet6, subnetText6 } from "../../../../sdk/api/ipv6";
import { subnetOf } from "../config";
import { contains, parseAddress, parseSubnet, subnetText } from "../ipv4";

/** Names of the families, for people. */
export const familyNames = { ip: "IPv4", ip6: "IPv6" } as const;

/** A network's subnet of a family as CIDR text; nothing where it has none. */
export function subnetTextOf(config: Config, family: Address["family"]): string | undefined {
  if (family === "ip") {
    const subnet = subnetOf(config);
    return subnet && subnetText(subnet);
  }
  const subnet = parseSubnet6(networkConfig(config).get("ipv6.address"));
  return subnet && subnetText6(subnet);
}

/** Whether an address lies in a subnet, which may be of the other family. @param cidr text that may also be no subnet */
export function isWithin({ family, text }: Address, cidr: string): boolean {
  if (family === "ip") {
    const subnet = parseSubnet(cidr);
    return subnet !== undefined && contains(subnet, parseAddress(text));
  }
  const subnet = parseSubnet6(cidr);
  return subnet !== undefined && contains6(subnet, parseAddress6(text));
}

/** Whether an address lies in the network's subnet of its family. */
export function isInNetwork(address: Address, config: Config): boolean {
  const subnet = subnetTextOf(config, address.family);
  return subnet !== undefined && isWithin(address, subnet);
}
