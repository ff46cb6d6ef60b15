/** Network driver: what makes a network of one type; the bridge is the first. */
import type { Config } from "../../sdk/api/common";
import type { NetworkLease, NetworkState } from "../../sdk/api/network";

export interface NetworkPlace {
  readonly name: string;
  /** networks/NAME below the state folder: dnsmasq's files. */
  readonly path: string;
  readonly config: Config;
}

/** A nic of an instance as the network's DHCP and DNS know it. */
export interface NetworkHost {
  readonly instance: string;
  readonly device: string;
  readonly hwaddr: string;
  /** Fixed address, when the device asks for one. */
  readonly ipv4?: string;
}

export interface NetworkDriver {
  readonly type: string;
  /** Says why this host cannot have such networks, or nothing when it can. */
  unavailable(): Promise<string | undefined>;
  /** Fills what the user left open: ipv4.address auto, ipv4.nat, volatile.bridge.hwaddr. @throws ApiError for impossible settings */
  plan(name: string, config: Config): Promise<Config>;
  /** Makes interface, DHCP, DNS and rules; brings existing ones in line. Idempotent: also used at the daemon's start, when all may still be there. */
  start(network: NetworkPlace): Promise<void>;
  /** Removes them; missing ones are no error. */
  stop(network: NetworkPlace): Promise<void>;
  /** Makes a nic known to DHCP and DNS, at once; replaces what was known of the same instance and device. */
  addHost(network: NetworkPlace, host: NetworkHost): Promise<void>;
  removeHost(network: NetworkPlace, instance: string, device: string): Promise<void>;
  leases(network: NetworkPlace): Promise<NetworkLease[]>;
  state(network: NetworkPlace): Promise<NetworkState>;
}
