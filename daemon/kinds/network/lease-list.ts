/** The list of leases that a network shows: its own addresses, those that nics have for good, and those that guests have taken. */
import type { NetworkLease } from "../../../sdk/api/network";
import { familiesOf, givesIpv6, subnet6Of } from "./config";
import type { NetworkHost, NetworkPlace } from "./driver";
import { listHosts } from "./hosts";
import { addressText6, ownAddress6 } from "./ipv6";
import { readAllLeases } from "./leases";
import { ownerOf6 } from "./stale-leases";

const location = "none";

/** @param nameOf the name that an instance is shown by, from its name on the host; nothing for one that is not to be seen */
export async function leasesShown(
  network: NetworkPlace,
  nameOf: (instance: string) => string | undefined,
): Promise<NetworkLease[]> {
  const hosts = await listHosts(network);
  const leases = await readAllLeases(network);
  const named = ({ instance, hwaddr }: NetworkHost, type: string, address: string | undefined): NetworkLease[] => {
    const hostname = nameOf(instance);
    return hostname === undefined || address === undefined ? [] : [{ hostname, hwaddr, address, type, location }];
  };
  const isFixed = (address: string) => hosts.some(({ ipv4, ipv6 }) => ipv4 === address || ipv6 === address);
  const isSeen = (owner: NetworkHost | undefined) => owner === undefined || nameOf(owner.instance) !== undefined;
  return [
    ...familiesOf(network.config).map(({ address }) => ({
      hostname: `${network.name}.gw`,
      hwaddr: "",
      address,
      type: "gateway",
      location: "",
    })),
    ...hosts.flatMap((host) => [...named(host, "static", host.ipv4), ...named(host, "static", host.ipv6)]),
    ...hosts.flatMap((host) => named(host, "dynamic", chosenByItself(network, host))),
    ...leases.ipv4.flatMap(({ hostname, hwaddr, address }) => {
      const owner = hosts.find((host) => host.hwaddr.toLowerCase() === hwaddr);
      return isSeen(owner) && !isFixed(address) ? [{ hostname, hwaddr, address, type: "dynamic", location }] : [];
    }),
    ...leases.ipv6.flatMap((lease) => {
      const owner = ownerOf6(network, lease, hosts);
      if (!isSeen(owner) || isFixed(lease.address)) return [];
      const hostname = (owner && nameOf(owner.instance)) ?? lease.hostname;
      return [{ hostname, hwaddr: owner?.hwaddr ?? "", address: lease.address, type: "dynamic", location }];
    }),
  ];
}

/** What a nic takes by SLAAC. Nobody notes it; LXD shows it too. */
function chosenByItself({ config }: NetworkPlace, { hwaddr, ipv6 }: NetworkHost): string | undefined {
  const subnet = subnet6Of(config);
  if (subnet === undefined || subnet.bits > 64 || givesIpv6(config) || ipv6 !== undefined) return undefined;
  return addressText6(ownAddress6(subnet, hwaddr));
}
