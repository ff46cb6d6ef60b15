/** Kernel switches of a bridge. /proc/sys/net shows the caller's own network namespace. */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { networkConfig } from "../../../../sdk/api/config/network";
import { internal } from "../../../../sdk/api/errors";
import { ignoring, readText } from "../../../platform/folders/files";
import { hasIpv4, hasIpv6, isIsolated } from "../config";
import type { NetworkPlace } from "../driver";
import { kernelHasIpv6 } from "../link";

const conf6 = "/proc/sys/net/ipv6/conf";

/** Whether the host's admin has left IPv6 on: LXD gives it to new networks then. */
export const newInterfacesHaveIpv6 = async (): Promise<boolean> =>
  (await readText(`${conf6}/default/disable_ipv6`))?.trim() === "0";

/** Of the bridge, which goes with them; what is the whole host's stays on, as another program may count on it by then. */
export async function setBridgeSysctls(network: NetworkPlace): Promise<void> {
  const { name, config } = network;
  const isRouted = hasIpv4(config) && !isIsolated(config) && networkConfig(config).get("ipv4.routing");
  // Answers come in through other interfaces, and the kernel looks at the one of entry.
  if (isRouted) await set("/proc/sys/net/ipv4/ip_forward", "1");
  await set(`/proc/sys/net/ipv4/conf/${name}/forwarding`, isRouted ? "1" : "0");
  // The kernel answers at any interface for all of its addresses, and another network's gateway may be one of them.
  if (isIsolated(config)) await set(`/proc/sys/net/ipv4/conf/${name}/arp_ignore`, "8");
  if (await kernelHasIpv6()) await setIpv6(network);
  else if (hasIpv6(config))
    throw internal(
      `Cannot start network "${name}": it has IPv6, and the kernel of this host has none. Set its ipv6.address to none.`,
    );
}

async function setIpv6({ name, config }: NetworkPlace): Promise<void> {
  const own = `${conf6}/${name}`;
  if (!hasIpv6(config)) return set(`${own}/disable_ipv6`, "1");
  // A guest is no router of the host's, and the bridge's addresses are known to be free.
  for (const [key, value] of [
    ["accept_ra", "0"],
    ["autoconf", "0"],
    ["accept_dad", "0"],
    ["disable_ipv6", "0"],
  ] as const)
    await set(`${own}/${key}`, value);
  const isRouted = networkConfig(config).get("ipv6.routing");
  if (isRouted) await forwardIpv6(name);
  await set(`${own}/forwarding`, isRouted ? "1" : "0");
}

/**
 * Lets the host forward IPv6: the kernel has one switch for all interfaces (ip-sysctl.rst, conf/all/forwarding). With it they would not listen to
 * routers any more, by which many hosts have their own address and default route: those that do go on with it.
 */
async function forwardIpv6(bridge: string): Promise<void> {
  const all = `${conf6}/all/forwarding`;
  if ((await readText(all))?.trim() === "1") return;
  for (const name of await readdir(conf6)) {
    // What "default" says would count for interfaces to come, such as the host's ends of guests' nics.
    if (["all", "default", "lo", bridge].includes(name)) continue;
    const file = `${conf6}/${name}/accept_ra`;
    // Another interface may go meanwhile.
    if ((await readText(file))?.trim() === "1") await ignoring("ENOENT", set(file, "2"));
  }
  await set(all, "1");
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
