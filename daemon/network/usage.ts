/** Who uses a network: nics of instances and profiles, by network= or by parent=. */
import type { Device, Devices } from "../../sdk/api/common";
import type { Context } from "../context";
import type { Port } from "./port-rules";

/** Whether the device is a nic on that network or bridge. */
export const isNicOf = (device: Device, network: string): boolean =>
  device.type === "nic" && (device.network === network || (device.nictype === "bridged" && device.parent === network));

const usesNetwork = (devices: Devices, network: string): boolean =>
  Object.values(devices).some((device) => isNicOf(device, network));

/** Paths of the instances and profiles whose nics are on the network. */
export function usedBy({ instances, profiles }: Context, network: string): string[] {
  return [
    ...instances
      .uses()
      .filter((use) => usesNetwork(use.expandedDevices, network))
      .map(({ name }) => `/1.0/instances/${name}`),
    ...profiles
      .list()
      .filter((profile) => usesNetwork(profile.devices, network))
      .map(({ name }) => `/1.0/profiles/${encodeURIComponent(name)}`),
  ];
}

/** The ends of guests' nics that the network's bridge has, by what the instances last noted of them. */
export const portsOn = ({ instances }: Context, network: string): Port[] =>
  instances.uses().flatMap(({ name, config, expandedDevices }) =>
    Object.entries(expandedDevices).flatMap(([device, nic]) => {
      const hostName = config[`volatile.${device}.host_name`];
      const hwaddr = nic.hwaddr || config[`volatile.${device}.hwaddr`];
      return isNicOf(nic, network) && hostName && hwaddr ? [{ instance: name, hostName, hwaddr }] : [];
    }),
  );

/** The instance, other than the given nic's own, whose nic asks for the same fixed address on the network. */
export function rivalFor(
  { instances }: Context,
  network: string,
  nic: { instance: string; device: string; ipv4?: string },
): string | undefined {
  const isRival = (instance: string, name: string, device: Device) =>
    isNicOf(device, network) &&
    device["ipv4.address"] === nic.ipv4 &&
    !(instance === nic.instance && name === nic.device);
  if (nic.ipv4 === undefined) return undefined;
  return instances
    .uses()
    .find((use) => Object.entries(use.expandedDevices).some(([name, device]) => isRival(use.name, name, device)))?.name;
}
