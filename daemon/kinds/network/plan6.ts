/** Planning of IPv6 subnets: from the route table and our own networks, as plan.ts does for IPv4. */
import { randomInt } from "node:crypto";
import { networkConfig } from "../../../sdk/api/config/network";
import { badRequest } from "../../../sdk/api/errors";
import { subnet6Of } from "./config";
import { addressText6, overlaps6, parseAddress6, parseSubnet6, type Subnet6, subnetText6 } from "./ipv6";
import type { RouteEntry } from "./plan";

/** A subnet that somebody has, and who. */
export interface Taken6 {
  readonly subnet: Subnet6;
  /** For messages: `the network "net1"`, `the route fd00:1::/32 through eth0`. */
  readonly by: string;
}

/** Routes this wide are default routes in disguise, or hold all private addresses: nothing would be free beside them. */
const widestRoute = 16;
/** Every interface has these: link-local addresses and groups (RFC 4291). */
const everywhere = ["fe80::/10", "ff00::/8"].map((text) => parseSubnet6(text) as Subnet6);

/** @param except interface whose own routes do not count */
export function takenByRoutes6(routes: readonly RouteEntry[], except: string): Taken6[] {
  return routes.flatMap(({ dst = "default", dev }) => {
    const subnet = parseSubnet6(dst);
    if (subnet === undefined || subnet.bits < widestRoute || dev === except) return [];
    if (everywhere.some((other) => overlaps6(other, subnet))) return [];
    return [{ subnet, by: `the route ${dst}${dev === undefined ? "" : ` through ${dev}`}` }];
  });
}

/** The subnets of networks that have one, and those that they send to their guests. */
export function takenByNetworks6(networks: readonly { name: string; config: Record<string, string> }[]): Taken6[] {
  return networks.flatMap(({ name, config }) => {
    const routes = (networkConfig(config).get("ipv6.routes") ?? []).map(parseSubnet6);
    return [subnet6Of(config), ...routes].flatMap((subnet) =>
      subnet === undefined ? [] : [{ subnet, by: `the network "${name}" (${subnetText6(subnet)})` }],
    );
  });
}

/** Checks that routes lead to nobody else. @throws ApiError BAD_REQUEST that names what one collides with */
export function requireFreeRoutes6(routes: readonly string[], taken: readonly Taken6[]): void {
  for (const route of routes) {
    const subnet = parseSubnet6(route);
    const other = subnet && taken.find((one) => overlaps6(one.subnet, subnet));
    if (other !== undefined) throw badRequest(`Invalid value for "ipv6.routes": ${route} overlaps ${other.by}.`);
  }
}

/**
 * Finds a free private /64 at random below fd42::/16, as LXD does, so that hosts that meet later seldom collide.
 * @param random whole number from 0 to below its argument
 * @returns the bridge's address, such as "fd42:8c1:22f:91a4::1/64"
 */
export function freeSubnet6(taken: readonly Taken6[], random: (below: number) => number = randomInt): string {
  for (let tries = 0; tries < 256; tries += 1) {
    const group = () => BigInt(random(65536));
    const address = parseAddress6("fd42::") + (group() << 96n) + (group() << 80n) + (group() << 64n);
    if (!taken.some((other) => overlaps6(other.subnet, { address, bits: 64 })))
      return `${addressText6(address + 1n)}/64`;
  }
  throw badRequest(
    "Cannot plan an IPv6 subnet: those below fd42::/16 overlap a route or a network. Set ipv6.address to a subnet of your choice, or to none.",
  );
}

/** Checks an address that the user chose. @throws ApiError BAD_REQUEST that names what it collides with */
export function requireFree6(network: string, cidr: string, taken: readonly Taken6[]): void {
  const subnet = parseSubnet6(cidr);
  const other = subnet && taken.find((one) => overlaps6(one.subnet, subnet));
  if (other !== undefined)
    throw badRequest(
      `Cannot use ipv6.address ${cidr} for network "${network}": it overlaps ${other.by}. Choose another subnet, or auto.`,
    );
}
