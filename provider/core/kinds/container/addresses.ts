/** Container addresses: which of the many interfaces of a running container a program is told of. */

import type { Devices } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { InstanceState } from "../../../../sdk/api/instance";
import type { Props } from "../../engine/values";

interface Interface {
  readonly name: string;
  readonly macAddress: string;
  readonly ipv4Addresses: string[];
  readonly ipv6Addresses: string[];
}

type Addresses = InstanceState["network"];

/** Interfaces that the container's nics made; those that software inside made (bridges of a nested engine) come after. */
function interfacesOf(network: Addresses, devices: Devices): Interface[] {
  const nics = Object.entries(devices)
    .filter(([, device]) => device.type === "nic")
    .map(([device, { name }]) => name ?? device);
  const rank = (name: string) => (nics.includes(name) ? nics.indexOf(name) : nics.length);
  return Object.entries(network ?? {})
    .filter(([, { type }]) => type !== "loopback")
    .map(([name, { hwaddr, addresses }]) => {
      const globals = (family: string) =>
        addresses.filter((one) => one.family === family && one.scope === "global").map(({ address }) => address);
      return { name, macAddress: hwaddr, ipv4Addresses: globals("inet"), ipv6Addresses: globals("inet6") };
    })
    .sort((a, b) => rank(a.name) - rank(b.name));
}

/** @returns the address outputs of a container; without addresses while it is stopped */
export function addressOuts(network: Addresses, devices: Devices, config: Readonly<Record<string, string>>): Props {
  const interfaces = interfacesOf(network, devices);
  const preferred = interfaces.find(({ name }) => name === instanceConfig(config).get("user.access_interface"));
  const main =
    preferred !== undefined && preferred.ipv4Addresses.length > 0
      ? preferred
      : interfaces.find(({ ipv4Addresses }) => ipv4Addresses.length > 0);
  return {
    ipv4Address: main?.ipv4Addresses[0],
    ipv4Addresses: interfaces.flatMap(({ ipv4Addresses }) => ipv4Addresses),
    macAddress: (main ?? interfaces[0])?.macAddress,
    interfaces,
  };
}

export type Family = "inet" | "inet6";

/** @param name of an interface; all but loopback when absent @returns global addresses of the family */
export const globalAddresses = ({ network }: InstanceState, family: Family, name?: string): string[] =>
  Object.entries(network ?? {})
    .filter(([one, { type }]) => (name === undefined ? type !== "loopback" : one === name))
    .flatMap(([, { addresses }]) => addresses)
    .filter((one) => one.family === family && one.scope === "global")
    .map(({ address }) => address);

/** Says what is there in place of an address that is waited for, for the message of a wait that failed. */
export function seenOf(state: InstanceState): string {
  const seen = Object.entries(state.network ?? {})
    .filter(([, { type }]) => type !== "loopback")
    .map(([name, { state: link, addresses }]) => {
      const list = addresses.map(({ address, scope }) => `${address} (${scope})`).join(", ");
      return `${name} is ${link}, ${list === "" ? "no address" : `with ${list}`}`;
    });
  const interfaces = seen.length === 0 ? "it has no network interface" : seen.join("; ");
  return `the container is ${state.status}, ${interfaces}`;
}
