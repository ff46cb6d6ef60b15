/** What dnsmasq is told: one process a network for DHCP and DNS. */
import path from "node:path";
import { type Ipv4Range, networkConfig } from "../../../sdk/api/config/network";
import { subnetOf } from "./config";
import type { Account } from "./dnsmasq-account";
import type { NetworkPlace } from "./driver";
import { hostsDirOf, namelessTag, ownMtuTag } from "./hosts";
import { addressText, firstOf, lastOf, netmaskText, type Subnet } from "./ipv4";
import { leasesFileOf } from "./leases";
import { namesDirOf } from "./names";

export const pidFileOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.pid");
/** The admin's own lines of configuration (raw.dnsmasq). */
export const rawFileOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.raw");

/** @param account whom dnsmasq becomes once its sockets are open */
export function dnsmasqArguments(network: NetworkPlace, account: Account): string[] {
  const { name, config } = network;
  const set = networkConfig(config);
  const subnet = subnetOf(config);
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
    ...(subnet !== undefined && set.get("ipv4.dhcp") ? dhcpArguments(network, subnet) : []),
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

function dhcpArguments(network: NetworkPlace, subnet: Subnet): string[] {
  const set = networkConfig(network.config);
  const expiry = set.get("ipv4.dhcp.expiry");
  const ranges = dhcpRanges(subnet, set.get("ipv4.dhcp.ranges"));
  return [
    "--dhcp-authoritative",
    "--dhcp-rapid-commit",
    // Only nics that we know; what a guest has behind its own, or pretends to have, gets nothing.
    "--dhcp-ignore=tag:!known",
    "--dhcp-no-override",
    // An offer waits for no ping: the addresses are ours alone to give.
    "--no-ping",
    "--quiet-dhcp",
    `--dhcp-lease-max=${Math.min(2 ** (32 - subnet.bits), 65536)}`,
    `--dhcp-leasefile=${leasesFileOf(network)}`,
    `--dhcp-hostsdir=${hostsDirOf(network)}`,
    ...ranges.map(([first, last]) => `--dhcp-range=${first},${last},${netmaskText(subnet)},${expiry}`),
    ...(set.has("bridge.mtu") ? [`--dhcp-option-force=tag:!${ownMtuTag},option:mtu,${set.text("bridge.mtu")}`] : []),
    // The guest's idea of its name counts in dynamic mode only.
    ...(set.get("dns.mode") === "dynamic" ? ignoreFamousNames : ["--dhcp-ignore-names"]),
  ];
}

/** Names that programs trust without having been told to (VU#598349): wpad chooses everybody's proxy. No guest may take one. */
const ignoreFamousNames = [
  ...["wpad", "isatap", "localhost"].map((name) => `--dhcp-name-match=set:famous,${name}`),
  "--dhcp-ignore-names=tag:famous",
  `--dhcp-ignore-names=tag:${namelessTag}`,
];

/** First and last address of each range; the subnet without its bridge when the user chose none. */
export function dhcpRanges(subnet: Subnet, ranges: readonly Ipv4Range[] | undefined): readonly Ipv4Range[] {
  if (ranges !== undefined) return ranges;
  const first = firstOf(subnet) + 1;
  const last = lastOf(subnet) - 1;
  const parts: [number, number][] = [
    [first, subnet.address - 1],
    [subnet.address + 1, last],
  ];
  return parts.filter(([from, to]) => from <= to).map(([from, to]) => [addressText(from), addressText(to)]);
}
