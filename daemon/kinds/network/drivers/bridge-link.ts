/** What `ip -batch` has to do to bring a bridge in line with its configuration. */
import { networkConfig } from "../../../../sdk/api/config/network";
import { bridgeHwaddr, bridgeLinkLocal, familiesOf, hasIpv4, hasIpv6, isIsolated, mtuOf } from "../config";
import type { NetworkPlace } from "../driver";
import { addressText6, isAddress6, parseAddress6 } from "../ipv6";
import type { Link } from "../link";
import type { RouteEntry } from "../plan";

/** Frames to a bridge's own group addresses pass no rule, and would teach it whatever they say they come from. */
const settings = { stp_state: 0, forward_delay: 0, no_linklocal_learn: 1 };

const settingsText = Object.entries(settings)
  .map(([key, value]) => `${key} ${value}`)
  .join(" ");

const hasSettings = ({ linkinfo }: Link): boolean => {
  const data: Record<string, unknown> = linkinfo.info_data ?? {};
  return Object.entries(settings).every(([key, value]) => data[key] === value);
};

const lines = (commands: readonly string[]): string => commands.map((command) => `${command}\n`).join("");

/**
 * Makes the bridge. Spanning tree and forward delay are off: a port forwards as soon as it is up, and DHCP need not wait.
 * @param link the bridge as it is, or nothing when it is missing
 */
export function bridgeCommands({ name, config }: NetworkPlace, link: Link | undefined): string {
  const hwaddr = bridgeHwaddr(config) ?? "";
  const mtu = mtuOf(config);
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
  return lines(commands);
}

/**
 * Gives it its addresses and routes, and brings it up, once the kernel's switches are right.
 * @param link the bridge as it was, or nothing when it is new @param routes those that lead to it by our hand
 */
export function addressCommands(
  network: NetworkPlace,
  link: Link | undefined,
  routes: readonly RouteEntry[] = [],
): string {
  const { name, config } = network;
  const set = networkConfig(config);
  const wanted = addressesOf(network);
  // Without IPv6 the kernel has dropped those of IPv6 by now.
  const have = (link?.addr_info ?? []).filter(({ family }) => family === "inet" || hasIpv6(config)).map(cidrOf);
  const commands: string[] = [];
  for (const old of have.filter((cidr) => !wanted.has(cidr))) commands.push(`address del ${old} dev ${name}`);
  for (const [cidr, how] of wanted)
    if (!have.includes(cidr)) commands.push(`address replace ${cidr} ${how} dev ${name}`);
  if (!link?.flags.includes("UP")) commands.push(`link set dev ${name} up`);
  const wantedRoutes = familiesOf(config).flatMap(({ key }) => (set.get(`${key}.routes`) ?? []).map(canonicalRoute));
  const haveRoutes = routes.map(({ dst = "" }) => canonicalRoute(dst));
  for (const old of haveRoutes.filter((route) => !wantedRoutes.includes(route)))
    commands.push(`route del ${old} dev ${name} proto static`);
  for (const route of wantedRoutes.filter((one) => !haveRoutes.includes(one)))
    commands.push(`route replace ${route} dev ${name} proto static`);
  return lines(commands);
}

/** Addresses with their prefix lengths, and what `ip` has to know of each. Of IPv6 nobody else has them: they need no trial of who answers. */
function addressesOf({ config }: NetworkPlace): Map<string, string> {
  if (isIsolated(config)) return new Map();
  const set = networkConfig(config);
  const linkLocal = hasIpv6(config) ? bridgeLinkLocal(config) : undefined;
  return new Map([
    ...(hasIpv4(config) ? [[set.get("ipv4.address"), "broadcast + scope global"] as const] : []),
    ...(hasIpv6(config) ? [[set.get("ipv6.address"), "scope global nodad"] as const] : []),
    // The kernel gives it with the first port only, and dnsmasq advertises nothing before.
    ...(linkLocal === undefined ? [] : [[`${addressText6(linkLocal)}/64`, "scope link nodad"] as const]),
  ]);
}

const cidrOf = ({ local, prefixlen }: { local: string; prefixlen: number }): string => `${local}/${prefixlen}`;

/** As `ip` writes it: one address without its length. */
function canonicalRoute(route: string): string {
  const [address = "", bits] = route.split("/");
  const whole = isAddress6(address) ? "128" : "32";
  const text = isAddress6(address) ? addressText6(parseAddress6(address)) : address;
  return `${text}/${bits ?? whole}`;
}
