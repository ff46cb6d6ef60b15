/** Planning of subnets: from the route table and our own networks, never by probing addresses. */

import { randomInt } from "node:crypto";
import { networkConfig } from "../../../sdk/api/config/network";
import { badRequest } from "../../../sdk/api/errors";
import { isIsolated, subnetOf } from "./config";
import { addressText, firstOf, lastOf, overlaps, parseAddress, parseSubnet, type Subnet, subnetText } from "./ipv4";

/** A subnet that somebody has, and who. */
export interface Taken {
  readonly subnet: Subnet;
  /** For messages: `the network "net1"`, `the route 10.0.0.0/8 through eth0`. */
  readonly by: string;
}

/** One entry of `ip -j route`. */
export interface RouteEntry {
  readonly dst?: string;
  readonly dev?: string;
}

/** Routes this wide are a default route in disguise (VPNs split it in two): nothing would be free beside them. */
const widestRoute = 8;

/** @param except interface whose own routes do not count */
export function takenByRoutes(routes: readonly RouteEntry[], except: string): Taken[] {
  return routes.flatMap(({ dst = "default", dev }) => {
    const subnet = parseSubnet(dst);
    if (subnet === undefined || subnet.bits < widestRoute || dev === except) return [];
    return [{ subnet, by: `the route ${dst}${dev === undefined ? "" : ` through ${dev}`}` }];
  });
}

/** The subnets of networks that the host is in, and those that they send to their guests. */
export function takenByNetworks(networks: readonly { name: string; config: Record<string, string> }[]): Taken[] {
  return networks.flatMap(({ name, config }) => {
    if (isIsolated(config)) return [];
    const routes = (networkConfig(config).get("ipv4.routes") ?? []).map(parseSubnet);
    return [subnetOf(config), ...routes].flatMap((subnet) =>
      subnet === undefined ? [] : [{ subnet, by: `the network "${name}" (${subnetText(subnet)})` }],
    );
  });
}

/** Checks that routes lead to nobody else. @throws ApiError BAD_REQUEST that names what one collides with */
export function requireFreeRoutes(routes: readonly string[], taken: readonly Taken[]): void {
  for (const route of routes) {
    const subnet = parseSubnet(route);
    const other = subnet && taken.find((one) => overlaps(one.subnet, subnet));
    if (other !== undefined) throw badRequest(`Invalid value for "ipv4.routes": ${route} overlaps ${other.by}.`);
  }
}

/**
 * Finds a free private /24: at random in 10.0.0.0/8, so that hosts that meet later seldom collide, then in order in the smaller private ranges.
 * @param random whole number from 0 to below its argument
 * @returns the bridge's address, such as "10.83.12.1/24"
 */
export function freeSubnet(taken: readonly Taken[], random: (below: number) => number = randomInt): string {
  for (const address of candidates(random))
    if (!taken.some((other) => overlaps(other.subnet, { address, bits: 24 }))) return `${addressText(address + 1)}/24`;
  throw badRequest(
    "Cannot plan a subnet: every private /24 overlaps a route or a network. Set ipv4.address to a subnet of your choice, or to none.",
  );
}

function* candidates(random: (below: number) => number): Generator<number> {
  const ten = parseAddress("10.0.0.0");
  for (let tries = 0; tries < 256; tries += 1) yield ten + random(65536) * 256;
  for (const range of ["172.16.0.0/12", "192.168.0.0/16"].map((text) => parseSubnet(text) as Subnet))
    for (let address = firstOf(range); address < lastOf(range); address += 256) yield address;
}

/** Checks an address that the user chose. @throws ApiError BAD_REQUEST that names what it collides with */
export function requireFree(network: string, cidr: string, taken: readonly Taken[]): void {
  const refusal = refusalOf(cidr, taken);
  if (refusal !== undefined)
    throw badRequest(
      `Cannot use ipv4.address ${cidr} for network "${network}": it ${refusal}. Choose another subnet, or auto.`,
    );
}

function refusalOf(cidr: string, taken: readonly Taken[]): string | undefined {
  const subnet = parseSubnet(cidr);
  if (subnet === undefined) return "is not an address with a prefix length";
  if (subnet.address === firstOf(subnet)) return "is the subnet's own address, not one of a host";
  if (subnet.address === lastOf(subnet)) return "is the subnet's broadcast address";
  const firstByte = Math.floor(subnet.address / 2 ** 24);
  if (firstByte === 0 || firstByte === 127 || firstByte >= 224) return "is not an address that hosts can have";
  const other = taken.find((one) => overlaps(one.subnet, subnet));
  return other === undefined ? undefined : `overlaps ${other.by}`;
}
