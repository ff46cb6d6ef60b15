/** The bridge driver: a Linux bridge with addresses, dnsmasq and nftables tables. */

import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../../../../sdk/api/common";
import { conflict, notFound } from "../../../../sdk/api/errors";
import type { NetworkLease, NetworkState } from "../../../../sdk/api/network";
import type { Platform } from "../../../platform/platform";
import { run } from "../../../platform/processes/run";
import { together } from "../../../platform/processes/together";
import { hasIpv4, hasIpv6, isIsolated } from "../config";
import { DnsmasqKeeper } from "../dnsmasq-keeper";
import { findDnsmasq } from "../dnsmasq-process";
import type {
  NetworkDriver,
  NetworkHost,
  NetworkPlace,
  NetworkStart,
  OnFailure,
  OwnAddress,
  StartOptions,
  Surroundings,
} from "../driver";
import type { RefusedName } from "../egress/refusals";
import { withFilteredAddresses, withOwnIpv4 } from "../filtered-addresses";
import { requireGivable } from "../fixed-addresses";
import { dropHost, findHost, listHosts, writeHost } from "../hosts";
import { leasesShown } from "../lease-list";
import { dropLeases, hasLease, readAllLeases, sendRelease, serverOf } from "../leases";
import { sendRelease6 } from "../leases6";
import { findLink, type HostLinks, isBridge, linksByName, readHostLinks, stateOf } from "../link";
import { DnsNames, makeFolders } from "../names";
import type { NatProxy } from "../nat-proxy";
import { ownAddress } from "../own-address";
import type { Port } from "../port-rules";
import { NetworkPorts } from "../ports";
import { missingForBridges, missingPrograms } from "../requirements";
import { leasesInTheWay, leasesOfNic, type SomeLeases } from "../stale-leases";
import { addressCommands, bridgeCommands } from "./bridge-link";
import { planBridge } from "./bridge-plan";
import { bringInterfaces } from "./bridge-ports";
import { setBridgeSysctls } from "./bridge-sysctl";
import { bringTunnels, removeTunnels } from "./bridge-tunnels";
import { type Part, partByPart } from "./part-by-part";

/** More programs at once would only wait for processors. */
const atOnce = 16;

export class BridgeDriver implements NetworkDriver {
  readonly type = "bridge";
  readonly unavailable = missingForBridges;
  readonly missingPrograms = missingPrograms;
  readonly #dnsmasq: DnsmasqKeeper;
  readonly #ports: NetworkPorts;
  readonly #names: DnsNames;

  constructor(private readonly platform: Pick<Platform, "native" | "log" | "warnings">) {
    this.#ports = new NetworkPorts(platform.log);
    this.#dnsmasq = new DnsmasqKeeper(platform);
    this.#names = new DnsNames(platform.log);
  }

  plan(name: string, config: Config, around: Surroundings): Promise<Config> {
    return planBridge(name, config, around);
  }

  async start(network: NetworkPlace, options: StartOptions = {}): Promise<void> {
    const isNew = await this.#bringLink(network, linksByName);
    await together([this.#bringRules(network, options), this.#serve(network, isNew)]);
    await this.#bringPorts(network, options);
  }

  /**
   * Part by part: each dnsmasq looks at all addresses of the host whenever one changes, so that all addresses come before the first of them; and
   * nft reads all rules before it changes some, so that all rules go in few transactions.
   */
  async startAll(starts: readonly NetworkStart[], failed: OnFailure): Promise<void> {
    // Once for all; where it fails, each of them has not started.
    const links = readHostLinks();
    const isNew = new Map<string, boolean>();
    const parts: Part<NetworkStart>[] = [
      {
        atOnce,
        work: async ({ network }) => void isNew.set(network.name, await this.#bringLink(network, await links)),
      },
      { atOnce: starts.length, work: ({ network, options }) => this.#bringRules(network, options) },
      { atOnce, work: ({ network }) => this.#serve(network, isNew.get(network.name) === true) },
      { atOnce, work: ({ network, options }) => this.#bringPorts(network, options) },
    ];
    await partByPart(starts, parts, failed);
  }

  /** The interface with its addresses. @param links those of the host, as they are @returns whether it was made just now */
  async #bringLink(network: NetworkPlace, links: HostLinks): Promise<boolean> {
    makeFolders(this.platform.log, network);
    const link = await links.find(network.name);
    if (link !== undefined && !isBridge(link))
      throw conflict(
        `Cannot start network "${network.name}": the host has another interface of that name. Rename one of them.`,
      );
    await batch(bridgeCommands(network, link));
    await setBridgeSysctls(network);
    await batch(addressCommands(network, link, link === undefined ? [] : await links.staticRoutes(network.name)));
    return link === undefined;
  }

  async #bringRules(network: NetworkPlace, { ports, proxies }: StartOptions): Promise<void> {
    await this.#ports.replace(network, ports && (await withOwnIpv4(network, ports)), proxies);
  }

  /** Ports that are no guests'. */
  async #bringPorts(network: NetworkPlace, { before }: StartOptions): Promise<void> {
    await bringInterfaces(network, before ?? network.config, this.platform.log);
    await bringTunnels(network);
  }

  async #serve(network: NetworkPlace, fresh: boolean): Promise<void> {
    if (!hasIpv4(network.config) && !hasIpv6(network.config)) {
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
    await together([this.#endServices(network), this.#ports.remove(network), removeLinks(network)]);
  }

  /** Part by part, in the order that is startAll's, back. */
  async stopAll(networks: readonly NetworkPlace[], failed: OnFailure): Promise<void> {
    const parts: Part<{ network: NetworkPlace }>[] = [
      { atOnce, work: ({ network }) => this.#endServices(network) },
      { atOnce: networks.length, work: ({ network }) => this.#ports.remove(network) },
      { atOnce, work: ({ network }) => removeLinks(network) },
    ];
    const stops = networks.map((network) => ({ network }));
    await partByPart(stops, parts, failed);
  }

  #endServices(network: NetworkPlace): Promise<void> {
    this.#names.stop(network.name);
    return this.#dnsmasq.stop(network);
  }

  release(): Promise<void> {
    this.#names.stopAll();
    this.#ports.release();
    return this.#dnsmasq.release();
  }

  async openPorts(network: NetworkPlace, ports: readonly Port[]): Promise<void> {
    await this.#ports.open(network, await withOwnIpv4(network, ports));
  }

  settlePort(network: NetworkPlace, hostName: string): Promise<void> {
    return this.#ports.settle(network, hostName);
  }

  keepPorts(network: NetworkPlace, isWanted: (port: Port) => boolean): Promise<void> {
    return this.#ports.keep(network, isWanted);
  }

  openProxy(network: NetworkPlace, proxy: NatProxy): Promise<void> {
    return this.#ports.openProxy(network, proxy);
  }

  keepProxies(network: NetworkPlace, isWanted: (proxy: NatProxy) => boolean): Promise<void> {
    return this.#ports.keepProxies(network, isWanted);
  }

  refusedNames({ name }: NetworkPlace): readonly RefusedName[] {
    return this.#ports.refusedNames(name);
  }

  checkHost(network: NetworkPlace, host: NetworkHost): void {
    requireGivable(network, host);
  }

  async addHost(network: NetworkPlace, asked: NetworkHost): Promise<void> {
    this.checkHost(network, asked);
    const before = await findHost(network, asked.instance, asked.device);
    const host = await withFilteredAddresses(network, asked, before);
    // A new nic without wishes, as most are: nothing to compare, whatever the network's size.
    const isNew = before === undefined && host.ipv4 === undefined && host.ipv6 === undefined;
    const stale = isNew ? { ipv4: [], ipv6: [] } : await leasesInTheWay(network, host, before);
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
    await this.#release(network, await leasesOfNic(network, host));
  }

  /** Frees leases whose guest cannot do it any more, so that name and address are there for the next one. */
  async #release(network: NetworkPlace, stale: SomeLeases): Promise<void> {
    const { ipv4, ipv6 } = stale;
    const addresses = new Set([...ipv4, ...ipv6].map(({ address }) => address));
    if (addresses.size === 0) return;
    const dropped = (address: string) => addresses.has(address);
    if ((await findDnsmasq(network)) === undefined) return dropLeases(network, dropped);
    // What we send does not get there, but perhaps to another network of the same subnet.
    if (!isIsolated(network.config) && (await this.#isReleased(network, stale))) return;
    await this.#dnsmasq.stop(network);
    await dropLeases(network, dropped);
    await this.#serve(network, false);
  }

  /** Tells dnsmasq, as the guests would. @returns false where a datagram was lost, perhaps to a rule of the host's own firewall */
  async #isReleased(network: NetworkPlace, { ipv4, ipv6 }: SomeLeases): Promise<boolean> {
    const addresses = new Set([...ipv4, ...ipv6].map(({ address }) => address));
    const server = serverOf(network);
    if (server !== undefined) for (const lease of ipv4) await sendRelease(server, lease);
    const { serverDuid } = await readAllLeases(network);
    if (serverDuid !== undefined) for (const lease of ipv6) await sendRelease6(network.name, serverDuid, lease);
    for (let tries = 0; tries < 100; tries += 1) {
      if (!(await hasLease(network, addresses))) return true;
      await delay(5);
    }
    return false;
  }

  hosts(network: NetworkPlace, instance?: string): Promise<NetworkHost[]> {
    return listHosts(network, instance);
  }

  leases(network: NetworkPlace, nameOf: (instance: string) => string | undefined): Promise<NetworkLease[]> {
    return leasesShown(network, nameOf);
  }

  async state(network: NetworkPlace): Promise<NetworkState> {
    const link = await findLink(network.name);
    if (link === undefined) throw notFound("Network not found");
    return stateOf(link);
  }
}

async function removeLinks(network: NetworkPlace): Promise<void> {
  await removeTunnels(network);
  await removeBridge(network.name);
}

async function removeBridge(name: string): Promise<void> {
  const link = await findLink(name);
  if (link !== undefined && isBridge(link)) await run("ip", ["link", "delete", "dev", name]);
}

/** Nothing to do costs nothing. */
async function batch(commands: string): Promise<void> {
  if (commands !== "") await run("ip", ["-batch", "-"], { input: commands });
}
