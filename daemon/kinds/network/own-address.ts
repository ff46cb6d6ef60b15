/** Own address: which address a nic has from its beginning, whose container has no DHCP client. It is the network's to choose, as with DHCP. */
import { createHash } from "node:crypto";
import { networkConfig } from "../../../sdk/api/config/network";
import { badRequest } from "../../../sdk/api/errors";
import { subnetOf } from "./config";
import { dhcpRanges } from "./dnsmasq";
import type { NetworkHost, NetworkPlace, OwnAddress } from "./driver";
import { listHosts } from "./hosts";
import { addressText, contains, parseAddress } from "./ipv4";
import { readLeases } from "./leases";

/**
 * @param wanted what it had before: it has that again where it is free
 * @returns nothing where the network gives no addresses
 * @throws ApiError BAD_REQUEST when all are taken
 */
export async function ownAddress(
  network: NetworkPlace,
  host: NetworkHost,
  wanted: string | undefined,
): Promise<OwnAddress | undefined> {
  const set = networkConfig(network.config);
  const subnet = subnetOf(network.config);
  if (subnet === undefined || !set.get("ipv4.dhcp")) return undefined;
  const given = (ipv4: string): OwnAddress => ({
    ipv4,
    bits: subnet.bits,
    gateway: set.get("ipv4.dhcp.gateway") ?? addressText(subnet.address),
    server: addressText(subnet.address),
    domain: set.get("dns.search")?.join(" ") ?? set.get("dns.domain"),
  });
  if (host.ipv4 !== undefined) return given(host.ipv4);
  const taken = await takenIn(network, host);
  const isFree = (address: number) => address !== subnet.address && !taken.has(address);
  if (wanted !== undefined && contains(subnet, parseAddress(wanted)) && isFree(parseAddress(wanted)))
    return given(wanted);
  const ranges = dhcpRanges(subnet, set.get("ipv4.dhcp.ranges")).map(
    ([first, last]) => [parseAddress(first), parseAddress(last)] as const,
  );
  const count = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const nth = (index: number): number => {
    let rest = index;
    for (const [first, last] of ranges) {
      if (rest <= last - first) return first + rest;
      rest -= last - first + 1;
    }
    return 0;
  };
  // By its hardware address, so that one that was just given back is not the next one's.
  const start = createHash("sha256").update(host.hwaddr.toLowerCase()).digest().readUInt32BE() % Math.max(count, 1);
  for (let i = 0; i < Math.min(count, taken.size + 2); i += 1) {
    const address = nth((start + i) % count);
    if (isFree(address)) return given(addressText(address));
  }
  throw badRequest(
    `Failed start validation for device "${host.device}": network "${network.name}" has no free address. Delete instances that are not needed, or widen "ipv4.dhcp.ranges".`,
  );
}

/** What other nics have, by lease or for themselves. */
async function takenIn(network: NetworkPlace, host: NetworkHost): Promise<Set<number>> {
  const [hosts, leases] = await Promise.all([listHosts(network), readLeases(network)]);
  const others = hosts.filter((other) => other.instance !== host.instance || other.device !== host.device);
  const hwaddr = host.hwaddr.toLowerCase();
  return new Set([
    ...others.flatMap(({ ipv4 }) => (ipv4 === undefined ? [] : [parseAddress(ipv4)])),
    ...leases.filter((lease) => lease.hwaddr !== hwaddr).map(({ address }) => parseAddress(address)),
  ]);
}
