/** Leases that nobody has any more, or that stand in the way of a nic. */
import { networkConfig } from "../../../sdk/api/config/network";
import { type NetworkHost, type NetworkPlace, refusedAddress } from "./driver";
import { listHosts } from "./hosts";
import { type Lease, readAllLeases } from "./leases";
import { hwaddrOf, type Lease6 } from "./leases6";

export interface SomeLeases {
  readonly ipv4: readonly Lease[];
  readonly ipv6: readonly Lease6[];
}

/**
 * Leases in the way of a nic: of its fixed addresses, left by a nic that is gone; and its own, under another address or hardware address.
 * @param before what was known of the nic
 * @throws ApiError BAD_REQUEST when another nic has a fixed address
 */
export async function leasesInTheWay(
  network: NetworkPlace,
  host: NetworkHost,
  before: NetworkHost | undefined,
): Promise<SomeLeases> {
  const hwaddr = host.hwaddr.toLowerCase();
  const others = (await listHosts(network)).filter(
    ({ instance, device }) => instance !== host.instance || device !== host.device,
  );
  const leases = await readAllLeases(network);
  const holder = leases.ipv4.find((lease) => lease.address === host.ipv4 && lease.hwaddr !== hwaddr);
  const rival = others.find(
    (other) => host.ipv4 !== undefined && (other.ipv4 === host.ipv4 || other.hwaddr === holder?.hwaddr),
  );
  if (rival !== undefined && host.ipv4 !== undefined)
    throw refusedAddress(host, "ipv4", host.ipv4, `instance "${rival.instance}" has it`);
  const rival6 = others.find(({ ipv6 }) => host.ipv6 !== undefined && ipv6 === host.ipv6);
  if (rival6 !== undefined && host.ipv6 !== undefined)
    throw refusedAddress(host, "ipv6", host.ipv6, `instance "${rival6.instance}" has it`);
  const hwaddrBefore = before?.hwaddr;
  return {
    ipv4: leases.ipv4.filter(
      (lease) =>
        lease === holder ||
        (lease.hwaddr === hwaddrBefore && hwaddrBefore !== hwaddr) ||
        (lease.hwaddr === hwaddr && host.ipv4 !== undefined && lease.address !== host.ipv4),
    ),
    ipv6: host.ipv6 === undefined ? [] : leases.ipv6.filter((lease) => isInTheWay6(network, host, lease, others)),
  };
}

const isInTheWay6 = (
  network: NetworkPlace,
  host: NetworkHost,
  lease: Lease6,
  others: readonly NetworkHost[],
): boolean => (lease.address === host.ipv6) !== isLease6Of(network, host, lease, others);

/** All leases of a nic that goes. */
export async function leasesOfNic(network: NetworkPlace, host: NetworkHost): Promise<SomeLeases> {
  const [leases, hosts] = [await readAllLeases(network), await listHosts(network)];
  const others = hosts.filter(({ instance, device }) => instance !== host.instance || device !== host.device);
  return {
    ipv4: leases.ipv4.filter((lease) => lease.hwaddr === host.hwaddr),
    ipv6: leases.ipv6.filter((lease) => lease.address === host.ipv6 || isLease6Of(network, host, lease, others)),
  };
}

/**
 * Whether a lease is one of the instance's, whose only nic here this is. DHCPv6 knows clients, not interfaces: one of two nics cannot be told
 * from the other.
 */
const isLease6Of = (network: NetworkPlace, host: NetworkHost, lease: Lease6, others: readonly NetworkHost[]): boolean =>
  !others.some(({ instance }) => instance === host.instance) && ownerOf6(network, lease, [host]) !== undefined;

/**
 * The nic that has a lease of DHCPv6: the one whose fixed address it is; where the daemon names the guests, which dnsmasq does by whom it has found
 * at the other end, the one of that name; else the one whose hardware address the client calls itself by.
 */
export function ownerOf6(network: NetworkPlace, lease: Lease6, hosts: readonly NetworkHost[]): NetworkHost | undefined {
  const isManaged = networkConfig(network.config).get("dns.mode") === "managed";
  const hwaddr = hwaddrOf(lease);
  return (
    hosts.find(({ ipv6 }) => ipv6 === lease.address) ??
    hosts.find(({ instance, dnsName }) => isManaged && dnsName === undefined && instance === lease.hostname) ??
    hosts.find((host) => hwaddr !== undefined && host.hwaddr.toLowerCase() === hwaddr)
  );
}
