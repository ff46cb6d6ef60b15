/** Content of a zone: names of the instances on its networks, and its own records. */
import { isIPv4, isIPv6 } from "node:net";
import type { Answer } from "dns-packet";
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { networkZoneConfig } from "../../../sdk/api/config/network-zone";
import { dnsNameReason, reverseFamily } from "../../../sdk/api/dns-name";
import { parseAddress6 } from "../../../sdk/api/ipv6";
import { answerOf, usualTtl } from "./entries";
import type { ZoneNetworks } from "./home";
import type { NetworkZoneStore, ZoneRow } from "./store";

/** Name of an address for questions the other way round (RFC 1035, 3.5; RFC 3596, 2.5). */
export function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const digits = parseAddress6(address).toString(16).padStart(32, "0");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}

/** Servers of the zone: the primary one is the first. */
export const serversOf = (config: Config): readonly string[] => networkZoneConfig(config).get("dns.nameservers") ?? [];

/** All that the zone says but its SOA, in an order that stays. */
export async function contentOf(store: NetworkZoneStore, networks: ZoneNetworks, zone: ZoneRow): Promise<Answer[]> {
  const own = store
    .records(zone.name)
    .flatMap(({ name, entries }) => entries.flatMap((entry) => answerOf(zone.name, name, entry) ?? []));
  const servers = serversOf(zone.config).map((data): Answer => ({ name: zone.name, type: "NS", ttl: usualTtl, data }));
  const lists = await Promise.all(networks.all().map((network) => ofNetwork(networks, zone, network)));
  return [...servers, ...lists.flat(), ...own];
}

async function ofNetwork(
  networks: ZoneNetworks,
  zone: ZoneRow,
  { name: network, config }: { readonly name: string; readonly config: Config },
): Promise<Answer[]> {
  const set = networkConfig(config);
  const forward = set.get("dns.zone.forward");
  const family = reverseFamily(zone.name);
  const key = family === 0 ? "dns.zone.forward" : (`dns.zone.reverse.ipv${family}` as const);
  // What leads back to a name needs the zone of that name.
  if (set.get(key) !== zone.name || forward === undefined) return [];
  const leases = (await networks.leases(network)).filter(
    ({ hostname, address }) => dnsNameReason(`${hostname}.${forward}`) === undefined && isIn(zone, config, address),
  );
  return leases.flatMap(({ hostname, address }): Answer[] => {
    if (family === 0)
      return [{ name: `${hostname}.${zone.name}`, type: isIPv4(address) ? "A" : "AAAA", ttl: usualTtl, data: address }];
    const name = reverseName(address);
    return name.endsWith(`.${zone.name.toLowerCase()}`)
      ? [{ name, type: "PTR", ttl: usualTtl, data: `${hostname}.${forward}` }]
      : [];
  });
}

/** Whether a zone has an address of a network: not one that is hidden behind the host's, when it says so, and no address of a link. */
function isIn({ config }: ZoneRow, network: Config, address: string): boolean {
  if (isIPv6(address) && /^fe[89ab]/i.test(address)) return false;
  return networkZoneConfig(config).get("network.nat") || !isHidden(network, address);
}

const isHidden = (network: Config, address: string): boolean =>
  networkConfig(network).get(isIPv4(address) ? "ipv4.nat" : "ipv6.nat") === true;
