/** Kernel switches of a bridge. /proc/sys/net shows the caller's own network namespace. */

import { readFile, writeFile } from "node:fs/promises";
import { networkConfig } from "../../../../sdk/api/config/network";
import { internal } from "../../../../sdk/api/errors";
import { readText } from "../../../platform/folders/files";
import { hasIpv4 } from "../config";
import type { NetworkPlace } from "../driver";

/**
 * Forwarding on for a routed network, IPv6 off on its bridge. Those of the bridge go with it; ip_forward stays on, as another program may count on it by then.
 */
export async function setBridgeSysctls({ name, config }: NetworkPlace): Promise<void> {
  const isRouted = hasIpv4(config) && networkConfig(config).get("ipv4.routing");
  // Answers come in through other interfaces, and the kernel looks at the one of entry.
  if (isRouted) await set("/proc/sys/net/ipv4/ip_forward", "1");
  await set(`/proc/sys/net/ipv4/conf/${name}/forwarding`, isRouted ? "1" : "0");
  const ipv6 = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;
  if ((await readText(ipv6)) !== undefined) await set(ipv6, "1");
}

/** Writes only what differs: a read-only /proc/sys that is already right is right. */
async function set(file: string, value: string): Promise<void> {
  if ((await readFile(file, "utf8")).trim() === value) return;
  try {
    await writeFile(file, value);
  } catch (error) {
    throw internal(
      `Cannot set ${file} to ${value}: ${(error as Error).message}. Set it yourself, or mount /proc/sys writable.`,
      {
        cause: error,
      },
    );
  }
}
