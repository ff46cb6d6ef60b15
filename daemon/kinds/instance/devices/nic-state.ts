/** Nic state: which interface inside belongs to which on the host. */
import type { Devices } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { InstanceRecord } from "../record";

/** @param interfaces as the container has them @returns names on the host by names inside */
export function hostNames(
  record: InstanceRecord,
  devices: Devices,
  interfaces: readonly { readonly name: string; readonly hwaddr: string }[],
): Record<string, string> {
  const kept = instanceConfig(record.config);
  const byHwaddr = new Map(
    Object.entries(devices)
      .filter(([, { type }]) => type === "nic")
      .map(([device, options]) => [
        options.hwaddr ?? kept.get(`volatile.${device}.hwaddr`),
        kept.get(`volatile.${device}.host_name`) ?? "",
      ]),
  );
  return Object.fromEntries(interfaces.map((item) => [item.name, byHwaddr.get(item.hwaddr) ?? ""]));
}
