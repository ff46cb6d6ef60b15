/** Who uses a network: nics of instances and profiles, by network= or by parent=. */
import type { Device } from "../../../sdk/api/common";
import { instanceConfig } from "../../../sdk/api/config/instance";
import { ref, urlOf } from "../../core/ref";
import type { References } from "../../core/references/references";
import { portAclsOf } from "./acl/port-acls";
import { fixedOf } from "./fixed-options";
import type { NicOwner, NicOwners } from "./home";
import { portFilterOf } from "./port-filter";
import type { Port } from "./port-rules";

/** Whether the device is a nic on that network or bridge. */
export const isNicOf = (device: Device, network: string): boolean =>
  device.type === "nic" && (device.network === network || (device.nictype === "bridged" && device.parent === network));

/** Paths of the instances and profiles whose nics are on the network. */
export const usedBy = (references: References, network: string): string[] =>
  references.to(ref("network", network)).map(urlOf);

/** The ends of guests' nics that the network's bridge has, by what the instances last noted of them. */
export const portsOn = (owners: NicOwners, network: string): Port[] =>
  owners.all().flatMap(({ key, config, expandedDevices }) =>
    Object.entries(expandedDevices).flatMap(([device, nic]) => {
      const kept = instanceConfig(config);
      const hostName = kept.get(`volatile.${device}.host_name`);
      const hwaddr = nic.hwaddr || kept.get(`volatile.${device}.hwaddr`);
      return isNicOf(nic, network) && hostName && hwaddr
        ? [{ instance: key, hostName, hwaddr, filter: portFilterOf(nic), acls: portAclsOf(nic) }]
        : [];
    }),
  );

interface Wanted {
  readonly instance: string;
  readonly device: string;
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly hwaddr?: string | undefined;
}

/**
 * The instance among some whose nic has an address that another one's wants on the same network or bridge.
 * @returns its name and the address, as LXD words it
 */
export function rivalOf(
  uses: readonly NicOwner[],
  network: string,
  { instance, device, ipv4, ipv6, hwaddr }: Wanted,
): { readonly instance: string; readonly address: string } | undefined {
  for (const { key, config, expandedDevices } of uses)
    for (const [other, nic] of Object.entries(expandedDevices)) {
      if (!isNicOf(nic, network) || (key === instance && other === device)) continue;
      if (ipv4 && fixedOf(nic).ipv4 === ipv4) return { instance: key, address: `IP address "${ipv4}"` };
      if (ipv6 && fixedOf(nic).ipv6 === ipv6) return { instance: key, address: `IP address "${ipv6}"` };
      const own = nic.hwaddr || instanceConfig(config).get(`volatile.${other}.hwaddr`);
      if (hwaddr && own?.toLowerCase() === hwaddr.toLowerCase())
        return { instance: key, address: `MAC address "${hwaddr}"` };
    }
  return undefined;
}
