/** Announce: the networks learn of an instance's nics. */
import { ApiError } from "../../../../sdk/api/errors";
import { defaultProject } from "../../../core/call";
import { toApiError } from "../../../platform/errors";
import type { InstanceHome } from "../home";
import { type InstanceId, keyOf } from "../record";
import type { Nic } from "./nics";

/** Makes the nics known to DHCP and DNS, and lets them in, before the container can send anything. */
export async function announce({ networks }: InstanceHome, instance: InstanceId, nics: readonly Nic[]): Promise<void> {
  const key = keyOf(instance);
  for (const nic of nics) {
    const network = nic.network ?? nic.bridge;
    if (!networks.isManaged(network)) continue;
    const { device, hwaddr, ipv4 } = nic;
    const host = {
      instance: key,
      device,
      hwaddr,
      ...(ipv4 ? { ipv4 } : {}),
      ...(nic.mtu ? { hasOwnMtu: true } : {}),
      // "web" of every project would be one name, and the last to come would have it.
      ...(instance.project === defaultProject ? {} : { dnsName: `${instance.name}.${instance.project}` }),
    };
    await networks.addHost(network, host);
    try {
      await networks.nics.openPorts(network, [{ instance: key, hostName: nic.hostName, hwaddr: nic.hwaddr }]);
    } catch (error) {
      const { code, message } = toApiError(error);
      throw new ApiError(code, `Failed start validation for device "${nic.device}": ${message}`, { cause: error });
    }
  }
}
