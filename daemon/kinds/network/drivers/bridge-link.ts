/** What `ip -batch` has to do to bring a bridge in line with its configuration. */
import { networkConfig } from "../../../../sdk/api/config/network";
import { bridgeHwaddr, hasIpv4 } from "../config";
import type { NetworkPlace } from "../driver";
import type { Link } from "../link";

/** Frames to a bridge's own group addresses pass no rule, and would teach it whatever they say they come from. */
const settings = { stp_state: 0, forward_delay: 0, no_linklocal_learn: 1 };

const settingsText = Object.entries(settings)
  .map(([key, value]) => `${key} ${value}`)
  .join(" ");

const hasSettings = ({ linkinfo }: Link): boolean => {
  const data: Record<string, unknown> = linkinfo.info_data ?? {};
  return Object.entries(settings).every(([key, value]) => data[key] === value);
};

/**
 * Spanning tree and forward delay are off: a port forwards as soon as it is up, and DHCP need not wait.
 * @param link the bridge as it is, or nothing when it is missing
 */
export function bridgeCommands({ name, config }: NetworkPlace, link: Link | undefined): string {
  const set = networkConfig(config);
  const hwaddr = bridgeHwaddr(config) ?? "";
  const mtu = set.get("bridge.mtu");
  const address = hasIpv4(config) ? set.get("ipv4.address") : undefined;
  const have = (link?.addr_info ?? []).filter(({ family }) => family === "inet").map(cidrOf);
  const commands: string[] = [];
  if (link === undefined)
    commands.push(
      // Only an MTU that was changed to what it is holds whatever joins; one from the beginning is the ports' to lower.
      `link add dev ${name} ${hwaddr === "" ? "" : `address ${hwaddr} `}mtu ${mtu - 1} type bridge ${settingsText}`,
      `link set dev ${name} mtu ${mtu}`,
    );
  else {
    // A bridge of somebody else's hand may have taken the address of a port.
    if (hwaddr !== "" && link.address !== hwaddr) commands.push(`link set dev ${name} address ${hwaddr}`);
    if (link.mtu !== mtu) commands.push(`link set dev ${name} mtu ${mtu}`);
    if (!hasSettings(link)) commands.push(`link set dev ${name} type bridge ${settingsText}`);
  }
  for (const old of have.filter((cidr) => cidr !== address)) commands.push(`address del ${old} dev ${name}`);
  if (address !== undefined && !have.includes(address))
    commands.push(`address add ${address} broadcast + dev ${name} scope global`);
  if (!link?.flags.includes("UP")) commands.push(`link set dev ${name} up`);
  return commands.map((command) => `${command}\n`).join("");
}

const cidrOf = ({ local, prefixlen }: { local: string; prefixlen: number }): string => `${local}/${prefixlen}`;
