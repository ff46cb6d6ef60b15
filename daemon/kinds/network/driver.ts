/** Network driver: what makes a network of one type; the bridge is the first. */
import type { Config } from "../../../sdk/api/common";
import { type ApiError, badRequest } from "../../../sdk/api/errors";
import type { NetworkLease, NetworkState } from "../../../sdk/api/network";
import type { NetworkAcl } from "./acl/lines";
import type { AddressesOf } from "./acl/sets";
import type { RefusedName } from "./egress/refusals";
import type { ForwardRules } from "./forward/rules";
import type { NatProxy } from "./nat-proxy";
import type { Port } from "./port-rules";

export interface NetworkPlace {
  readonly name: string;
  /** networks/NAME below the state folder: dnsmasq's files. */
  readonly path: string;
  readonly config: Config;
  /** Those that `security.acls` names, in its order; none when absent. */
  readonly acls?: readonly NetworkAcl[];
  /** ACLs as they are now, for the nics that name them. */
  readonly findAcl?: (name: string) => NetworkAcl;
  /** Addresses of a set that ACLs name, as they are now. */
  readonly addressesOf?: AddressesOf;
  readonly forwards?: readonly ForwardRules[];
}

/** A nic of an instance as the network's DHCP and DNS know it. */
export interface NetworkHost {
  /** Its name on the host. */
  readonly instance: string;
  /** Its name in DNS, where that is not the one on the host but one with a dot. */
  readonly dnsName?: string;
  readonly device: string;
  readonly hwaddr: string;
  /** Fixed address, when the device asks for one. */
  readonly ipv4?: string;
  /** The same of IPv6, as the kernel writes it. */
  readonly ipv6?: string;
  /** Whether it is held to one IPv4 address: then it has the first that it gets for good. */
  readonly filtersIpv4?: boolean;
  /** Whether it is held to one IPv6 address: then it may give itself the fixed one, and DHCPv6 gives it that of its hardware address. */
  readonly filtersIpv6?: boolean;
  /** Whether it has the address by itself and asks for none by DHCP, so that its name follows no lease. */
  readonly hasOwnAddress?: boolean;
  /** Whether it has an MTU of its own: then DHCP tells it none. */
  readonly hasOwnMtu?: boolean;
}

/** What a container without a DHCP client is given. */
export interface OwnAddress {
  readonly ipv4: string;
  /** Length of the network's prefix. */
  readonly bits: number;
  readonly gateway: string;
  /** The server of names: the bridge. */
  readonly server: string;
  /** Domains for short names, with blanks between. */
  readonly domain: string;
}

/** What a plan has to fit with. */
export interface Surroundings {
  /** The network's configuration so far, when it is there already. */
  readonly current?: Config;
  /** The other networks of this daemon. */
  readonly others: readonly { readonly name: string; readonly type: string; readonly config: Config }[];
}

export interface StartOptions {
  /** Where guests are joined to it; as before when absent. */
  readonly ports?: readonly Port[];
  /** Proxies in NAT mode that lead to it; as before when absent. */
  readonly proxies?: readonly NatProxy[];
  /** The configuration that counted until now, where that is another one. */
  readonly before?: Config;
}

export interface NetworkStart {
  readonly network: NetworkPlace;
  readonly options: StartOptions;
}

/** Told of each of many networks that fails; the others go on. */
export type OnFailure = (network: NetworkPlace, error: unknown) => void;

export interface NetworkDriver {
  readonly type: string;
  /** Says why this host cannot have such networks, or nothing when it can. */
  unavailable(): Promise<string | undefined>;
  /** The part of that answer which costs nothing: asked before anything is made. */
  missingPrograms(): Promise<string | undefined>;
  /** Fills what the user left open: addresses that are auto, NAT of both families, volatile.bridge.hwaddr. @throws ApiError for impossible settings */
  plan(name: string, config: Config, around: Surroundings): Promise<Config>;
  /**
   * Makes interface, DHCP, DNS and rules; brings existing ones in line. Idempotent: also used at the daemon's start, when all may still be there.
   */
  start(network: NetworkPlace, options?: StartOptions): Promise<void>;
  /** Starts many networks, in less time than one by one. */
  startAll(starts: readonly NetworkStart[], failed: OnFailure): Promise<void>;
  /** Replaces the rules of a network that is up, in one step. */
  applyRules(network: NetworkPlace): Promise<void>;
  /** Removes them; missing ones are no error. */
  stop(network: NetworkPlace): Promise<void>;
  /** Stops many networks, as `startAll`. */
  stopAll(networks: readonly NetworkPlace[], failed: OnFailure): Promise<void>;
  /** Lets go of what it watches; the networks go on. */
  release(): Promise<void>;
  /** Lets guests in by their ports, which need not be there yet, under the network's rules for guests. */
  openPorts(network: NetworkPlace, ports: readonly Port[]): Promise<void>;
  /** Sets what a port of a guest needs that only one that is there can have. */
  settlePort(network: NetworkPlace, hostName: string): Promise<void>;
  /** Forgets the ports that are not wanted any more. */
  keepPorts(network: NetworkPlace, isWanted: (port: Port) => boolean): Promise<void>;
  /** Lets a proxy in NAT mode in, or changes one. @throws ApiError BAD_REQUEST for a port that another one has */
  openProxy(network: NetworkPlace, proxy: NatProxy): Promise<void>;
  /** Forgets the proxies that are not wanted any more. */
  keepProxies(network: NetworkPlace, isWanted: (proxy: NatProxy) => boolean): Promise<void>;
  /** Refuses a fixed address that this network cannot give. @throws ApiError BAD_REQUEST */
  checkHost(network: NetworkPlace, host: NetworkHost): void;
  /** Makes a nic known to DHCP and DNS, at once; replaces what was known of the same instance and device. */
  addHost(network: NetworkPlace, host: NetworkHost): Promise<void>;
  /** Which address a nic has from its beginning, whose container has no DHCP client; nothing where the network gives none. @param wanted the one before @throws ApiError BAD_REQUEST */
  ownAddress?(network: NetworkPlace, host: NetworkHost, wanted: string | undefined): Promise<OwnAddress | undefined>;
  /** Forgets a nic, its name and its leases; an unknown one is not an error. */
  removeHost(network: NetworkPlace, instance: string, device: string): Promise<void>;
  /** The nics known to DHCP and DNS, of all instances or of one. */
  hosts(network: NetworkPlace, instance?: string): Promise<NetworkHost[]>;
  /** @param nameOf the name that an instance is shown by, from its name on the host; nothing for one that is not to be seen */
  leases(network: NetworkPlace, nameOf: (instance: string) => string | undefined): Promise<NetworkLease[]>;
  state(network: NetworkPlace): Promise<NetworkState>;
  /** Names that lists of what may be reached have kept from guests; absent where there are no lists. */
  refusedNames?(network: NetworkPlace): readonly RefusedName[];
}

/** The error for a nic whose fixed address is not to be had. @param why a clause, such as `instance "web" has it` */
export const refusedAddress = (
  { instance, device }: NetworkHost,
  key: "ipv4" | "ipv6",
  address: string,
  why: string,
): ApiError =>
  badRequest(
    `Cannot give address ${address} to device "${device}" of instance "${instance}": ${why}. Choose another ${key}.address.`,
  );
