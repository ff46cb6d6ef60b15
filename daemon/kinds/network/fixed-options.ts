/** Fixed options: the addresses that a nic on a bridge asks for. */
import type { Device } from "../../../sdk/api/common";
import { nicOptions } from "../../../sdk/api/devices/nic";
import { addressText6, isAddress6, parseAddress6 } from "./ipv6";

/** A part of what the network is told of the nic (NetworkHost). */
export interface FixedOptions {
  readonly ipv4?: string;
  /** As the kernel writes it, to be recognised again. */
  readonly ipv6?: string;
  readonly filtersIpv4?: boolean;
  readonly filtersIpv6?: boolean;
}

export function fixedOf(nic: Device): FixedOptions {
  const set = nicOptions(nic);
  const [ipv4, ipv6] = [set.get("ipv4.address"), set.get("ipv6.address")];
  return {
    ...(ipv4 === undefined || ipv4 === "none" ? {} : { ipv4 }),
    ...(ipv6 === undefined || !isAddress6(ipv6) ? {} : { ipv6: addressText6(parseAddress6(ipv6)) }),
    ...(set.get("security.ipv4_filtering") && ipv4 !== "none" ? { filtersIpv4: true } : {}),
    ...(set.get("security.ipv6_filtering") && ipv6 !== "none" ? { filtersIpv6: true } : {}),
  };
}
