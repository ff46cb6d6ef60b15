/** What dnsmasq is told: one process a network for DHCP and DNS. */
import path from "node:path";
import { type AddressRange, networkConfig } from "../../../sdk/api/config/network";
import { dhcpSubnet6 } from "../../../sdk/api/config/network/ipv6";
import { givesIpv6, servesDhcp, servesDhcp6, subnet6Of, subnetOf } from "./config";
import type { Account } from "./dnsmasq-account";
import { pidFileOf } from "./dnsmasq-pid";
import type { NetworkPlace } from "./driver";
import { hostsDirOf, namelessTag, ownMtuTag } from "./hosts";
import { addressText, firstOf, lastOf, netmaskText, type Subnet } from "./ipv4";
import { addressText6, firstOf6, lastOf6, type Subnet6 } from "./ipv6";
import { leasesFileOf } from "./leases";
import { namesDirOf } from "./names";

/** The admin's own lines of configuration (raw.dnsmasq). */
export const rawFileOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.raw");

/** @param account whom dnsmasq becomes once its sockets are open */
export function dnsmasqArguments(network: NetworkPlace, account: Account): string[] {
  const { name, config } = network;
  const set = networkConfig(config);
  const [subnet, subnet6] = [subnetOf(config), subnet6Of(config)];
  return [
    // Empty: the host's own dnsmasq.conf is none of ours.
    `--conf-file=${set.has("raw.dnsmasq") ? rawFileOf(network) : ""}`,
    `--pid-file=${pidFileOf(network)}`,
    `--user=${account.user}`,
    `--group=${account.group}`,
    "--bind-dynamic",
    `--interface=${name}`,
    "--except-interface=lo",
    "--no-hosts",
    // A name without a dot is one of ours or nobody's; asking the world would leak it and make the guest wait.
    "--domain-needed",
    ...dnsArguments(network),
    ...(servesDhcp(config) || servesDhcp6(config) ? leaseArguments(network) : []),
    ...(subnet !== undefined && servesDhcp(config) ? dhcpArguments(network, subnet) : []),
    ...(subnet6 === undefined ? [] : advertArguments(network, subnet6)),
  ];
}

function dnsArguments(network: NetworkPlace): string[] {
  const { name, config } = network;
  const set = networkConfig(config);
  if (set.get("dns.mode") === "none") return [];
  const domain = set.get("dns.domain");
  return [
    `--domain=${domain}`,
    `--local=/${domain}/`,
    `--interface-name=_gateway.${domain},${name}`,
    `--hostsdir=${namesDirOf(network)}`,
  ];
}

/** What both families have in common. */
function leaseArguments(network: NetworkPlace): string[] {
  const set = networkConfig(network.config);
  const subnet = subnetOf(network.config);
  const most = (subnet === undefined ? 0 : 2 ** (32 - subnet.bits)) + (givesIpv6(network.config) ? mostLeases : 0);
  return [
    "--dhcp-authoritative",
    "--dhcp-rapid-commit",
    // Only nics that we know; what a guest has behind its own, or pretends to have, gets nothing.
    "--dhcp-ignore=tag:!known",
    "--dhcp-no-override",
    // An offer waits for no ping: the addresses are ours alone to give.
    "--no-ping",
    "--quiet-dhcp",
    "--quiet-dhcp6",
    `--dhcp-lease-max=${Math.min(most, mostLeases)}`,
    `--dhcp-leasefile=${leasesFileOf(network)}`,
    `--dhcp-hostsdir=${hostsDirOf(network)}`,
    // The guest's idea of its name counts in dynamic mode only.
    ...(set.get("dns.mode") === "dynamic" ? ignoreFamousNames : ["--dhcp-ignore-names"]),
  ];
}

/** As many as dnsmasq can look through in a reasonable time. */
const mostLeases = 65536;

function dhcpArguments(network: NetworkPlace, subnet: Subnet): string[] {
  const set = networkConfig(network.config);
  const expiry = set.get("ipv4.dhcp.expiry");
  const ranges = dhcpRanges(subnet, set.get("ipv4.dhcp.ranges"));
  return [
    ...ranges.map(([first, last]) => `--dhcp-range=${first},${last},${netmaskText(subnet)},${expiry}`),
    ...(set.has("ipv4.dhcp.gateway") ? [`--dhcp-option-force=option:router,${set.text("ipv4.dhcp.gateway")}`] : []),
    ...(set.has("dns.search") ? [`--dhcp-option-force=option:domain-search,${searchOf(network)}`] : []),
    ...(set.has("bridge.mtu") ? [`--dhcp-option-force=tag:!${ownMtuTag},option:mtu,${set.text("bridge.mtu")}`] : []),
  ];
}

/** Router advertisements, and DHCPv6. Without routing the bridge is nobody's default router: what a guest sends there would be lost in silence. */
function advertArguments(network: NetworkPlace, subnet: Subnet6): string[] {
  const { name, config } = network;
  const set = networkConfig(config);
  // As with DHCP: a nic's own MTU stays, unless the network has one.
  const mtu = set.has("bridge.mtu") ? set.text("bridge.mtu") : "off";
  const [intervalSeconds, lifetimeSeconds] = [600, set.get("ipv6.routing") ? 1800 : 0];
  return [
    "--enable-ra",
    "--quiet-ra",
    `--ra-param=${name},mtu:${mtu},${intervalSeconds},${lifetimeSeconds}`,
    // Of itself it tells the domain in advertisements only.
    ...(searchOf(network) === "" ? [] : [`--dhcp-option=option6:domain-search,${searchOf(network)}`]),
    ...rangeArguments6(network, subnet),
  ];
}

/** Domains for short names; "" where nobody has a name. */
function searchOf({ config }: NetworkPlace): string {
  const set = networkConfig(config);
  return set.get("dns.search")?.join(",") ?? (set.get("dns.mode") === "none" ? "" : set.get("dns.domain"));
}

/** @see dnsmasq(8) --dhcp-range: `constructor` takes the prefix of the bridge, `ra-names` names what SLAAC made of a nic with a name */
function rangeArguments6({ name, config }: NetworkPlace, subnet: Subnet6): string[] {
  const set = networkConfig(config);
  if (!servesDhcp6(config)) return [`--dhcp-range=::,constructor:${name},ra-only`];
  if (!givesIpv6(config)) {
    const names = set.get("dns.mode") === "none" ? "" : ",ra-names";
    return [`--dhcp-range=::,constructor:${name},ra-stateless${names}`];
  }
  const own = dhcpSubnet6(subnet);
  const expiry = set.get("ipv6.dhcp.expiry");
  return dhcpRanges6(own, set.get("ipv6.dhcp.ranges")).map(
    ([first, last]) => `--dhcp-range=${first},${last},${own.bits},${expiry}`,
  );
}

/** Names that programs trust without having been told to (VU#598349): wpad chooses everybody's proxy. No guest may take one. */
const ignoreFamousNames = [
  ...["wpad", "isatap", "localhost"].map((name) => `--dhcp-name-match=set:famous,${name}`),
  "--dhcp-ignore-names=tag:famous",
  `--dhcp-ignore-names=tag:${namelessTag}`,
];

/** First and last address of each range; the subnet without its bridge when the user chose none. */
export function dhcpRanges(subnet: Subnet, ranges: readonly AddressRange[] | undefined): readonly AddressRange[] {
  if (ranges !== undefined) return ranges;
  const first = firstOf(subnet) + 1;
  const last = lastOf(subnet) - 1;
  const parts: [number, number][] = [
    [first, subnet.address - 1],
    [subnet.address + 1, last],
  ];
  return parts.filter(([from, to]) => from <= to).map(([from, to]) => [addressText(from), addressText(to)]);
}

/** As dhcpRanges. The first address of a subnet is every router's (RFC 4291), the last is like any other. */
export function dhcpRanges6(subnet: Subnet6, ranges: readonly AddressRange[] | undefined): readonly AddressRange[] {
  if (ranges !== undefined) return ranges;
  const parts: [bigint, bigint][] = [
    [firstOf6(subnet) + 1n, subnet.address - 1n],
    [subnet.address + 1n, lastOf6(subnet)],
  ];
  return parts.filter(([from, to]) => from <= to).map(([from, to]) => [addressText6(from), addressText6(to)]);
}
