/** Egress log: the refusals of a network as its log shows them. */
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { internal } from "../../../../sdk/api/errors";
import type { NicOwner } from "../home";
import { type RefusedName, refusalLog } from "./refusals";

/** @returns one JSON object a line, oldest first @throws ApiError INTERNAL where the kernel's log cannot be read */
export function egressLog(network: string, names: readonly RefusedName[], owners: readonly NicOwner[]): string {
  const instances = new Map(
    owners.flatMap(({ name, config, expandedDevices }) =>
      Object.entries(expandedDevices).flatMap(([device, { type, hwaddr }]) => {
        const own = hwaddr || instanceConfig(config).get(`volatile.${device}.hwaddr`);
        return type === "nic" && own ? [[own.toLowerCase(), name] as const] : [];
      }),
    ),
  );
  try {
    return refusalLog(network, names, (hwaddr) => instances.get(hwaddr))
      .map((entry) => `${JSON.stringify(entry)}\n`)
      .join("");
  } catch (error) {
    throw internal(
      `Cannot read what network "${network}" has refused: the kernel's log cannot be read (${(error as Error).message}). Look at dmesg as root.`,
      { cause: error },
    );
  }
}
