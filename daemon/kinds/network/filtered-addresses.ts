/** Filtered addresses: a nic that is held to one address has to get that one, and the rules of its port have to know it. */
import { givesIpv6, servesDhcp, subnet6Of } from "./config";
import type { NetworkHost, NetworkPlace } from "./driver";
import { listHosts } from "./hosts";
import { addressText6, ownAddress6 } from "./ipv6";
import { readLeases } from "./leases";
import { ownAddress } from "./own-address";
import type { Port } from "./port-rules";

/**
 * Gives a filtered nic the addresses that it has not asked for: of IPv4 the one that it had, or a free one; of IPv6 that of its hardware address.
 * @param before what was known of the nic @throws ApiError BAD_REQUEST when all are taken
 */
export async function withFilteredAddresses(
  network: NetworkPlace,
  host: NetworkHost,
  before: NetworkHost | undefined,
): Promise<NetworkHost> {
  const ipv4 = host.filtersIpv4 && host.ipv4 === undefined ? await keptIpv4(network, host, before) : undefined;
  const ipv6 = host.filtersIpv6 && host.ipv6 === undefined ? ipv6Of(network, host) : undefined;
  return { ...host, ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

async function keptIpv4(
  network: NetworkPlace,
  host: NetworkHost,
  before: NetworkHost | undefined,
): Promise<string | undefined> {
  if (!servesDhcp(network.config)) return undefined;
  const lease = (await readLeases(network)).find(({ hwaddr }) => hwaddr === host.hwaddr.toLowerCase());
  return (await ownAddress(network, host, before?.ipv4 ?? lease?.address))?.ipv4;
}

/** Where guests choose for themselves, nobody has to give it. */
function ipv6Of({ config }: NetworkPlace, { hwaddr }: NetworkHost): string | undefined {
  const subnet = subnet6Of(config);
  return subnet === undefined || !givesIpv6(config) ? undefined : addressText6(ownAddress6(subnet, hwaddr));
}

/** Ports with the IPv4 addresses that their nics were given. */
export async function withOwnIpv4(network: NetworkPlace, ports: readonly Port[]): Promise<Port[]> {
  if (!ports.some(({ filter }) => filter?.ipv4 === "own")) return [...ports];
  const hosts = await listHosts(network);
  return ports.map((port) => {
    if (port.filter?.ipv4 !== "own") return port;
    const given = hosts.find(
      ({ instance, hwaddr }) => instance === port.instance && hwaddr.toLowerCase() === port.hwaddr.toLowerCase(),
    );
    return { ...port, filter: { ...port.filter, ipv4: given?.ipv4 ?? "none" } };
  });
}
