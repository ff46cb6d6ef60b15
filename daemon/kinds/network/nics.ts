/** Nics on managed networks: what DHCP and DNS know of the instances. */
import { badRequest, notFound } from "../../../sdk/api/errors";
import type { NetworkDriver, NetworkHost, NetworkPlace, OwnAddress } from "./driver";
import type { NetworkHome } from "./home";
import type { NatProxy } from "./nat-proxy";
import type { Port } from "./port-rules";
import { isNicOf } from "./usage";

/** A managed network with the driver that serves it. */
export interface ServedNetwork {
  readonly driver: NetworkDriver;
  readonly place: NetworkPlace;
}

export interface ServedNetworks {
  find(name: string): ServedNetwork | undefined;
  list(): ServedNetwork[];
}

export class NetworkNics {
  constructor(
    private readonly home: NetworkHome,
    private readonly networks: ServedNetworks,
  ) {}

  /** @see NetworkService.checkHost */
  check(network: string, host: NetworkHost): void {
    const { driver, place } = this.#need(network);
    driver.checkHost(place, host);
  }

  /** @see NetworkService.addHost */
  async add(network: string, host: NetworkHost): Promise<void> {
    this.check(network, host);
    await this.#forgetOthers(network, host);
    await this.#locked(network, async (served) => {
      if (host.ipv4 !== undefined || host.ipv6 !== undefined) await this.#makeRoom(served, host);
      await served.driver.addHost(served.place, host);
    });
  }

  /**
   * Gives a nic its address, whose container has no DHCP client, and makes it known like any other nic.
   * @param wanted the one that it had before @returns nothing where the network gives none
   * @throws ApiError BAD_REQUEST when all are taken
   */
  async addWithAddress(
    network: string,
    host: NetworkHost,
    wanted: string | undefined,
  ): Promise<OwnAddress | undefined> {
    this.check(network, host);
    let given: OwnAddress | undefined;
    await this.#locked(network, async ({ driver, place }) => {
      given = await driver.ownAddress?.(place, host, wanted);
      if (given === undefined) return;
      const own = { ...host, ipv4: given.ipv4, hasOwnAddress: true };
      await this.#makeRoom({ driver, place }, own);
      await driver.addHost(place, own);
    });
    return given;
  }

  /** A fixed address is whose nic has it and runs; one that does not run gets it back at its own start, when it is free. Of two that start, the first has it. */
  async #makeRoom({ driver, place }: ServedNetwork, { instance, device, ipv4, ipv6 }: NetworkHost): Promise<void> {
    for (const other of await driver.hosts(place)) {
      const address = [ipv4, ipv6].find((one) => one !== undefined && [other.ipv4, other.ipv6].includes(one));
      if (address === undefined || (other.instance === instance && other.device === device)) continue;
      if (this.home.nicOwners.isActive(other.instance))
        throw badRequest(
          `Failed start validation for device "${device}": IP address "${address}" already defined on another NIC: the running instance "${other.instance}" has it. Stop that one, or choose another.`,
        );
      await driver.removeHost(place, other.instance, other.device);
    }
  }

  /** @see NetworkService.removeHost */
  async remove(network: string, instance: string, device: string): Promise<void> {
    if (this.networks.find(network) === undefined) return;
    await this.#locked(network, ({ driver, place }) => driver.removeHost(place, instance, device));
  }

  /** @see NetworkService.forgetInstance */
  async forgetInstance(instance: string): Promise<void> {
    for (const { driver, place } of this.networks.list())
      for (const { device } of await driver.hosts(place, instance)) await this.remove(place.name, instance, device);
  }

  /** Whether there is a network ACL that a nic may name. */
  hasAcl(name: string): boolean {
    return this.home.networkAcls.find(name) !== undefined;
  }

  /** Lets guests in by their ports, under the network's rules for guests. Before their links come up. */
  async openPorts(network: string, ports: readonly Port[]): Promise<void> {
    const { driver, place } = this.#need(network);
    await driver.openPorts(place, ports);
  }

  /** Sets what a port needs once its link is there. */
  async settlePort(network: string, hostName: string): Promise<void> {
    const { driver, place } = this.#need(network);
    await driver.settlePort(place, hostName);
  }

  /** Forgets the ports of an instance, on every network. Never rejects: the rules of a port that is gone harm nobody. */
  async closePorts(instance: string): Promise<void> {
    await this.#keepPorts((port) => port.instance !== instance);
  }

  /** Forgets one port of an instance. Never rejects. */
  async closePort(instance: string, hostName: string): Promise<void> {
    await this.#keepPorts((port) => port.instance !== instance || port.hostName !== hostName);
  }

  /** Forgets the ports of instances that do not run, and what leads to them: how they ended nobody saw. Never rejects. */
  async closeLostPorts(isRunning: (instance: string) => boolean): Promise<void> {
    await this.#keepPorts((port) => isRunning(port.instance));
    await this.#keepProxies(this.networks.list(), (proxy) => isRunning(proxy.instance));
  }

  /** Whether a name, such as a nic's parent, is that of a network whose traffic has rules of ours. */
  isBridge(network: string): boolean {
    return this.networks.find(network)?.driver.type === "bridge";
  }

  /** Lets a proxy in NAT mode in, or changes one. @throws ApiError BAD_REQUEST for a port that another one has */
  async openProxy(network: string, proxy: NatProxy): Promise<void> {
    const { driver, place } = this.#need(network);
    await driver.openProxy(place, proxy);
  }

  /** Forgets a proxy in NAT mode; an unknown one is not an error. Never rejects. @param network that it leads to; any when absent */
  async closeProxy(instance: string, device: string, network?: string): Promise<void> {
    const all = this.networks.list().filter(({ place }) => network === undefined || place.name === network);
    await this.#keepProxies(all, (proxy) => proxy.instance !== instance || proxy.device !== device);
  }

  async #keepProxies(networks: readonly ServedNetwork[], isWanted: (proxy: NatProxy) => boolean): Promise<void> {
    const keep = async ({ driver, place }: ServedNetwork) => {
      try {
        await driver.keepProxies(place, isWanted);
      } catch (error) {
        this.home.log.warning("Cannot remove rules of proxies that are gone", { network: place.name, error });
      }
    };
    await Promise.all(networks.map(keep));
  }

  async #keepPorts(isWanted: (port: Port) => boolean): Promise<void> {
    const keep = async ({ driver, place }: ServedNetwork) => {
      try {
        await driver.keepPorts(place, isWanted);
      } catch (error) {
        this.home.log.warning("Cannot remove rules of ports that are gone", { network: place.name, error });
      }
    };
    await Promise.all(this.networks.list().map(keep));
  }

  /** Forgets nics of a network that no instance has: their removal was cut off. */
  async forgetLost(network: string): Promise<void> {
    const { driver, place } = this.#need(network);
    const isThere = this.#presence();
    for (const { instance, device } of await driver.hosts(place))
      if (!isThere(network, instance, device)) await this.remove(network, instance, device);
  }

  /** Forgets nics that the instance had before its devices changed. */
  async #forgetOthers(network: string, host: NetworkHost): Promise<void> {
    for (const { driver, place } of this.networks.list()) {
      const others = (await driver.hosts(place, host.instance)).filter(
        ({ device }) => place.name !== network || device !== host.device,
      );
      if (others.length === 0) continue;
      const isThere = this.#presence();
      for (const { instance, device } of others)
        if (!isThere(place.name, instance, device)) await this.remove(place.name, instance, device);
    }
  }

  /** @returns a test whether an instance has a nic on a network, as of now */
  #presence(): (network: string, instance: string, device: string) => boolean {
    const devices = new Map(this.home.nicOwners.all().map((use) => [use.key, use.expandedDevices]));
    return (network, instance, device) => {
      const nic = devices.get(instance)?.[device];
      return nic !== undefined && isNicOf(nic, network);
    };
  }

  async #locked(network: string, work: (served: ServedNetwork) => Promise<void>): Promise<void> {
    await this.home.locks.run(`networks/hosts/${network}`, () => work(this.#need(network)));
  }

  #need(network: string): ServedNetwork {
    const served = this.networks.find(network);
    if (served === undefined) throw notFound("Network not found");
    return served;
  }
}
