/** The bridge driver: a Linux bridge with an IPv4 address, dnsmasq and nftables tables. */

import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import { badRequest, conflict, notFound } from "../../../../sdk/api/errors";
import type { NetworkLease, NetworkState } from "../../../../sdk/api/network";
import type { Platform } from "../../../platform/platform";
import { run } from "../../../platform/processes/run";
import { together } from "../../../platform/processes/together";
import { hasIpv4, subnetOf } from "../config";
import { dhcpRanges } from "../dnsmasq";
import { DnsmasqKeeper } from "../dnsmasq-keeper";
import { findDnsmasq } from "../dnsmasq-process";
import {
  type NetworkDriver,
  type NetworkHost,
  type NetworkPlace,
  type OwnAddress,
  refusedAddress,
  type Surroundings,
} from "../driver";
import { dropHost, findHost, listHosts, writeHost } from "../hosts";
import { randomHwaddr } from "../hwaddr";
import { addressText, contains, firstOf, lastOf, parseAddress, parseSubnet, subnetText } from "../ipv4";
import { filterLeases, hasLease, type Lease, readLeases, sendRelease, serverOf } from "../leases";
import { findLink, isBridge, listRoutes, stateOf } from "../link";
import { DnsNames, makeFolders } from "../names";
import { ownAddress } from "../own-address";
import { freeSubnet, requireFree, takenByNetworks, takenByRoutes } from "../plan";
import type { Port } from "../port-rules";
import { NetworkPorts } from "../ports";
import { missingForBridges, missingPrograms } from "../requirements";
import { bridgeCommands } from "./bridge-link";
import { setBridgeSysctls } from "./bridge-sysctl";

export class BridgeDriver implements NetworkDriver {
  readonly type = "bridge";
  readonly unavailable = missingForBridges;
  readonly missingPrograms = missingPrograms;
  readonly #dnsmasq: DnsmasqKeeper;
  readonly #ports = new NetworkPorts();
  readonly #names: DnsNames;

  constructor(private readonly platform: Pick<Platform, "native" | "log" | "warnings">) {
    this.#dnsmasq = new DnsmasqKeeper(platform);
    this.#names = new DnsNames(platform.log);
  }

  async plan(name: string, config: Config, { current, others }: Surroundings): Promise<Config> {
    const set = networkConfig(config);
    const before = networkConfig(current ?? {});
    const hwaddr = set.get("volatile.bridge.hwaddr") ?? before.get("volatile.bridge.hwaddr") ?? randomHwaddr();
    const planned: Config = { ...config, "volatile.bridge.hwaddr": hwaddr };
    const address = canonical(set.get("ipv4.address"));
    if (address === "none") return planned;
    const taken = async () => [...takenByNetworks(others), ...takenByRoutes(await listRoutes(), name)];
    if (address === "auto") {
      const kept = current !== undefined && hasIpv4(current) ? before.get("ipv4.address") : undefined;
      planned["ipv4.address"] = kept ?? freeSubnet(await taken());
      planned["ipv4.nat"] = set.text("ipv4.nat") ?? "true";
    } else {
      planned["ipv4.address"] = address;
      if (address !== before.get("ipv4.address")) requireFree(name, address, await taken());
    }
    requireRangesInside(planned);
    return planned;
  }

  async start(network: NetworkPlace, ports?: readonly Port[]): Promise<void> {
    makeFolders(this.platform.log, network);
    const link = await findLink(network.name);
    if (link !== undefined && !isBridge(link))
      throw conflict(
        `Cannot start network "${network.name}": the host has another interface of that name. Rename one of them.`,
      );
    await run("ip", ["-batch", "-"], { input: bridgeCommands(network, link) });
    await setBridgeSysctls(network);
    await together([this.#ports.replace(network, ports), this.#serve(network, link === undefined)]);
  }

  async #serve(network: NetworkPlace, fresh: boolean): Promise<void> {
    if (!hasIpv4(network.config)) {
      this.#names.stop(network.name);
      return this.#dnsmasq.stop(network);
    }
    const changes = await Promise.all((await listHosts(network)).map((host) => writeHost(network, host)));
    const isStarted = await this.#dnsmasq.ensure(network, fresh);
    if (!isStarted && changes.includes(true)) await this.#dnsmasq.reload(network);
    await this.#names.follow(network);
  }

  applyRules(network: NetworkPlace): Promise<void> {
    return this.#ports.replace(network);
  }

  async stop(network: NetworkPlace): Promise<void> {
    this.#names.stop(network.name);
    await together([this.#dnsmasq.stop(network), this.#ports.remove(network), removeBridge(network.name)]);
  }

  release(): Promise<void> {
    this.#names.stopAll();
    return this.#dnsmasq.release();
  }

  openPorts(network: NetworkPlace, ports: readonly Port[]): Promise<void> {
    return this.#ports.open(network, ports);
  }

  settlePort(network: NetworkPlace, hostName: string): Promise<void> {
    return this.#ports.settle(network, hostName);
  }

  keepPorts(network: NetworkPlace, isWanted: (port: Port) => boolean): Promise<void> {
    return this.#ports.keep(network, isWanted);
  }

  checkHost(network: NetworkPlace, host: NetworkHost): void {
    const refusal = host.ipv4 === undefined ? undefined : refusalOf(network, host.ipv4);
    if (refusal !== undefined) throw refusedAddress(host, refusal);
  }

  async addHost(network: NetworkPlace, host: NetworkHost): Promise<void> {
    this.checkHost(network, host);
    const before = await findHost(network, host.instance, host.device);
    // A new nic without wishes, as most are: nothing to compare, whatever the network's size.
    const stale =
      before === undefined && host.ipv4 === undefined ? [] : await staleLeases(network, host, before?.hwaddr);
    const isChanged = await writeHost(network, host);
    // It may have a lease from before.
    if (host.hasOwnAddress) await this.#names.fix(network, host);
    else if (isChanged && host.dnsName !== undefined) await this.#names.bring(network);
    if (isChanged && before !== undefined) await this.#dnsmasq.reload(network);
    await this.#release(network, stale);
  }

  ownAddress(network: NetworkPlace, host: NetworkHost, wanted: string | undefined): Promise<OwnAddress | undefined> {
    return ownAddress(network, host, wanted);
  }

  async removeHost(network: NetworkPlace, instance: string, device: string): Promise<void> {
    const host = await findHost(network, instance, device);
    if (host === undefined) return;
    await dropHost(network, instance, device);
    await this.#names.drop(network, instance, device);
    // dnsmasq notices new files by itself, never that one is gone.
    await this.#dnsmasq.reload(network);
    await this.#release(
      network,
      (await readLeases(network)).filter((lease) => lease.hwaddr === host.hwaddr),
    );
  }

  /** Frees leases whose guest cannot do it any more, so that name and address are there for the next one. */
  async #release(network: NetworkPlace, leases: readonly Lease[]): Promise<void> {
    const server = serverOf(network);
    if (leases.length === 0 || server === undefined) return;
    const isThere = (one: Lease) => leases.some((lease) => sameLease(lease, one));
    if ((await findDnsmasq(network)) === undefined) return filterLeases(network, (lease) => !isThere(lease));
    for (const lease of leases) await sendRelease(server, lease);
    for (let tries = 0; tries < 100; tries += 1) {
      if (!(await hasLease(network, isThere))) return;
      await delay(5);
    }
    // The datagram was lost, perhaps to a rule of the host's own firewall: go by the file instead.
    await this.#dnsmasq.stop(network);
    await filterLeases(network, (lease) => !isThere(lease));
    await this.#serve(network, false);
  }

  hosts(network: NetworkPlace, instance?: string): Promise<NetworkHost[]> {
    return listHosts(network, instance);
  }

  async leases(network: NetworkPlace, nameOf: (instance: string) => string | undefined): Promise<NetworkLease[]> {
    const server = serverOf(network);
    const hosts = await listHosts(network);
    const fixed = hosts.filter(({ ipv4 }) => ipv4 !== undefined);
    const dynamic = (await readLeases(network)).filter(({ address }) => !fixed.some(({ ipv4 }) => ipv4 === address));
    const location = "none";
    return [
      ...(server === undefined
        ? []
        : [{ hostname: `${network.name}.gw`, hwaddr: "", address: server, type: "gateway", location: "" }]),
      ...fixed.flatMap(({ instance, hwaddr, ipv4 = "" }) => {
        const hostname = nameOf(instance);
        return hostname === undefined ? [] : [{ hostname, hwaddr, address: ipv4, type: "static", location }];
      }),
      ...dynamic.flatMap(({ hostname, hwaddr, address }) => {
        const owner = hosts.find((host) => host.hwaddr.toLowerCase() === hwaddr);
        const isSeen = owner === undefined || nameOf(owner.instance) !== undefined;
        return isSeen ? [{ hostname, hwaddr, address, type: "dynamic", location }] : [];
      }),
    ];
  }

  async state(network: NetworkPlace): Promise<NetworkState> {
    const link = await findLink(network.name);
    if (link === undefined) throw notFound("Network not found");
    return stateOf(link);
  }
}

async function removeBridge(name: string): Promise<void> {
  const link = await findLink(name);
  if (link !== undefined && isBridge(link)) await run("ip", ["link", "delete", "dev", name]);
}

/** "10.1.2.1/08" as the kernel writes it, to be recognised again; other words as they are. */
function canonical(address: string): string {
  const subnet = parseSubnet(address);
  return subnet === undefined ? address : `${addressText(subnet.address)}/${subnet.bits}`;
}

const sameLease = (a: Lease, b: Lease): boolean => a.hwaddr === b.hwaddr && a.address === b.address;

function refusalOf(network: NetworkPlace, ipv4: string): string | undefined {
  const subnet = subnetOf(network.config);
  if (subnet === undefined || !networkConfig(network.config).get("ipv4.dhcp"))
    return `network "${network.name}" gives no IPv4 addresses`;
  const address = parseAddress(ipv4);
  if (!contains(subnet, address)) return `it is outside the subnet ${subnetText(subnet)} of network "${network.name}"`;
  const isReserved = [firstOf(subnet), lastOf(subnet), subnet.address].includes(address);
  return isReserved ? `network "${network.name}" needs it for itself` : undefined;
}

/**
 * Leases that stand in the way of a nic: of its fixed address, left by a nic that is gone; and its own, under another address or hardware address.
 * @throws ApiError BAD_REQUEST when another nic has the fixed address
 */
async function staleLeases(
  network: NetworkPlace,
  host: NetworkHost,
  hwaddrBefore: string | undefined,
): Promise<Lease[]> {
  const hwaddr = host.hwaddr.toLowerCase();
  const others = (await listHosts(network)).filter(
    ({ instance, device }) => instance !== host.instance || device !== host.device,
  );
  const leases = await readLeases(network);
  const holder = leases.find((lease) => lease.address === host.ipv4 && lease.hwaddr !== hwaddr);
  const rival = others.find(
    (other) => host.ipv4 !== undefined && (other.ipv4 === host.ipv4 || other.hwaddr === holder?.hwaddr),
  );
  if (rival !== undefined) throw refusedAddress(host, `instance "${rival.instance}" has it`);
  return leases.filter(
    (lease) =>
      lease === holder ||
      (lease.hwaddr === hwaddrBefore && hwaddrBefore !== hwaddr) ||
      (lease.hwaddr === hwaddr && host.ipv4 !== undefined && lease.address !== host.ipv4),
  );
}

function requireRangesInside(config: Config): void {
  const subnet = subnetOf(config);
  const ranges = networkConfig(config).get("ipv4.dhcp.ranges");
  if (subnet === undefined || ranges === undefined) return;
  for (const [first, last] of dhcpRanges(subnet, ranges)) {
    const ends = [first, last].map(parseAddress);
    if (!ends.every((end) => contains(subnet, end)) || (ends[0] ?? 0) > (ends[1] ?? 0))
      throw badRequest(
        `Invalid value for "ipv4.dhcp.ranges": ${first}-${last} is not a range inside ${subnetText(subnet)}.`,
      );
  }
}
