/** Who uses a network: nics of instances and profiles, by network= or by parent=. */

import type { Device, Devices } from "../../../sdk/api/common";
import { instanceConfig } from "../../../sdk/api/config/instance";
import type { Context } from "../../context";
import type { InstanceUse } from "../instance/service";
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
      const kept = instanceConfig(config);
      const hostName = kept.get(`volatile.${device}.host_name`);
      const hwaddr = nic.hwaddr || kept.get(`volatile.${device}.hwaddr`);
      return isNicOf(nic, network) && hostName && hwaddr ? [{ instance: name, hostName, hwaddr }] : [];
    }),
  );

interface Wanted {
  readonly instance: string;
  readonly device: string;
  readonly ipv4?: string | undefined;
  readonly hwaddr?: string | undefined;
}

/**
 * The instance among some whose nic has an address that another one's wants on the same network or bridge.
 * @returns its name and the address, as LXD words it
 */
export function rivalOf(
  uses: readonly InstanceUse[],
  network: string,
  { instance, device, ipv4, hwaddr }: Wanted,
): { readonly instance: string; readonly address: string } | undefined {
  for (const { name, config, expandedDevices } of uses)
    for (const [other, nic] of Object.entries(expandedDevices)) {
      if (!isNicOf(nic, network) || (name === instance && other === device)) continue;
      if (ipv4 && nic["ipv4.address"] === ipv4) return { instance: name, address: `IP address "${ipv4}"` };
      const own = nic.hwaddr || instanceConfig(config).get(`volatile.${other}.hwaddr`);
      if (hwaddr && own?.toLowerCase() === hwaddr.toLowerCase())
        return { instance: name, address: `MAC address "${hwaddr}"` };
    }
  return undefined;
}
