/** Egress of nics: a running container's nics follow what they may reach, without losing a connection. */
import { isDeepStrictEqual } from "node:util";
import type { Devices } from "../../../../sdk/api/common";
import { portFilterOf } from "../../network/port-filter";
import type { Owner } from "../devices/driver";
import { planNics } from "../devices/nic-plan";
import type { InstanceHome } from "../home";
import { keyOf } from "../record";

/**
 * @param owner with the volatile keys of the nics @param isMeant which nics the container has as it had them
 * @throws ApiError when the rules of a network cannot be loaded
 */
export async function followEgress(
  home: InstanceHome,
  owner: Owner,
  was: Devices,
  is: Devices,
  isMeant: (device: string) => boolean,
): Promise<void> {
  const devices = Object.entries(is).filter(([device, { type }]) => type === "nic" && isMeant(device));
  for (const { device, options, bridge, hostName, hwaddr } of planNics({ home, owner, devices })) {
    const filter = portFilterOf(options);
    if (bridge === "" || isDeepStrictEqual(portFilterOf(was[device] ?? {}), filter)) continue;
    if (home.networks.isManaged(bridge))
      await home.networks.nics.openPorts(bridge, [{ instance: keyOf(owner), hostName, hwaddr, filter }]);
  }
}
