/** What a bridge's configuration becomes when it is stored: what the user left open is filled in, and what cannot be is refused. */
import type { Config } from "../../../../sdk/api/common";
import { networkConfig, rangeReasons } from "../../../../sdk/api/config/network";
import { badRequest } from "../../../../sdk/api/errors";
import { hasIpv4, hasIpv6, isIsolated, subnet6Of, subnetOf } from "../config";
import type { Surroundings } from "../driver";
import { randomHwaddr } from "../hwaddr";
import { addressText, contains, parseAddress, parseSubnet, subnetText } from "../ipv4";
import { addressText6, parseSubnet6, subnetText6 } from "../ipv6";
import { kernelHasIpv6, listRoutes } from "../link";
import { freeSubnet, requireFree, requireFreeRoutes, takenByNetworks, takenByRoutes } from "../plan";
import { freeSubnet6, requireFree6, requireFreeRoutes6, takenByNetworks6, takenByRoutes6 } from "../plan6";
import { requireRawDnsmasq } from "../raw-dnsmasq";
import { requireInterfaces } from "./bridge-ports";
import { newInterfacesHaveIpv6 } from "./bridge-sysctl";
import { requireTunnels } from "./bridge-tunnels";

/** @throws ApiError BAD_REQUEST for impossible settings */
export async function planBridge(name: string, config: Config, around: Surroundings): Promise<Config> {
  const set = networkConfig(config);
  const before = networkConfig(around.current ?? {});
  requireIsolated(config, around);
  const hwaddr = set.get("volatile.bridge.hwaddr") ?? before.get("volatile.bridge.hwaddr") ?? randomHwaddr();
  let listed: ReturnType<typeof listRoutes> | undefined;
  // Once for both families, and not at all where no address is new.
  const routes = () => {
    listed ??= listRoutes();
    return listed;
  };
  const planned: Config = {
    ...config,
    "volatile.bridge.hwaddr": hwaddr,
    ...(await planIpv4(name, config, around, routes)),
    ...(await planIpv6(name, config, around, routes)),
  };
  for (const { key, reason } of rangeReasons(planned)) throw badRequest(`Invalid value for "${key}": ${reason}.`);
  requireGateway(planned);
  requireEgress(planned);
  requireRoutes(planned, around);
  await requireInterfaces(name, planned, around);
  await requireTunnels(name, planned);
  if (planned["raw.dnsmasq"] !== around.current?.["raw.dnsmasq"]) await requireRawDnsmasq(planned);
  return planned;
}

/** What the host would have to do. */
const needsHost = ["ipv4.nat", "ipv6.nat", "ipv4.routes", "ipv6.routes", "security.acls", "security.egress.allow"];

/** @throws ApiError BAD_REQUEST for what an isolated network cannot have */
function requireIsolated(config: Config, { current }: Surroundings): void {
  if (current !== undefined && isIsolated(current) !== isIsolated(config))
    throw badRequest('Invalid value for "bridge.isolated": it cannot be changed. Make another network.');
  if (!isIsolated(config)) return;
  const set = networkConfig(config);
  const key = needsHost.find((name) => config[name] !== undefined && config[name] !== "" && config[name] !== "false");
  if (key !== undefined)
    throw badRequest(`Invalid value for "${key}": the host has no part in an isolated network. Leave it out.`);
  if (set.has("ipv6.address") && set.get("ipv6.address") !== "none")
    throw badRequest('Invalid value for "ipv6.address": an isolated network has none. Set it to none.');
  if (set.get("ipv4.address") === "none")
    throw badRequest('Invalid value for "ipv4.address": an isolated network needs one. Give it one, or auto.');
}

async function planIpv4(
  name: string,
  config: Config,
  { current, others }: Surroundings,
  routes: typeof listRoutes,
): Promise<Config> {
  const set = networkConfig(config);
  const before = networkConfig(current ?? {}).get("ipv4.address");
  const address = canonical(set.get("ipv4.address"));
  if (address === "none") return {};
  const taken = async () => [...takenByNetworks(others), ...takenByRoutes(await routes(), name)];
  if (address === "auto")
    return {
      "ipv4.address": current !== undefined && hasIpv4(current) ? before : freeSubnet(await taken()),
      ...(isIsolated(config) ? {} : { "ipv4.nat": set.text("ipv4.nat") ?? "true" }),
    };
  if (address !== before) requireFree(name, address, isIsolated(config) ? [] : await taken());
  return { "ipv4.address": address };
}

/**
 * A new network has IPv6 where the host's new interfaces have it, as in LXD. One that is there keeps what it has, and has none when it had none:
 * networks of a version before IPv6 do not get it by a change of something else.
 */
async function planIpv6(
  name: string,
  config: Config,
  { current, others }: Surroundings,
  routes: typeof listRoutes,
): Promise<Config> {
  if (isIsolated(config)) return { "ipv6.address": "none" };
  const set = networkConfig(config);
  const isAsked = set.has("ipv6.address");
  if (!isAsked && !(current === undefined ? await newInterfacesHaveIpv6() : hasIpv6(current))) return {};
  const before = networkConfig(current ?? {}).get("ipv6.address");
  const address = canonical6(set.get("ipv6.address"));
  if (address === "none") return {};
  if (!(await kernelHasIpv6()))
    throw badRequest(
      `Cannot use ipv6.address ${address} for network "${name}": the kernel of this host has no IPv6. Set it to none, or leave it out.`,
    );
  const taken = async () => [...takenByNetworks6(others), ...takenByRoutes6(await routes(), name)];
  if (address === "auto")
    return {
      "ipv6.address": current !== undefined && hasIpv6(current) ? before : freeSubnet6(await taken()),
      "ipv6.nat": set.text("ipv6.nat") ?? "true",
    };
  if (address !== before) requireFree6(name, address, await taken());
  return { "ipv6.address": address };
}

/** Guests ask for it by ARP. */
function requireGateway(config: Config): void {
  const gateway = networkConfig(config).get("ipv4.dhcp.gateway");
  const subnet = subnetOf(config);
  if (gateway !== undefined && (subnet === undefined || !contains(subnet, parseAddress(gateway))))
    throw badRequest(
      `Invalid value for "ipv4.dhcp.gateway": ${gateway} is outside the subnet${subnet === undefined ? "" : ` ${subnetText(subnet)}`} of the network.`,
    );
}

/** Who may reach what is judged where the host routes; a bridge without an address is a switch, and somebody else's to route. */
function requireEgress(config: Config): void {
  if (networkConfig(config).has("security.egress.allow") && !hasIpv4(config) && !hasIpv6(config))
    throw badRequest(
      `Invalid value for "security.egress.allow": the network has neither ipv4.address nor ipv6.address, so that the host routes nothing of it. Give it one.`,
    );
}

/** Routes to the bridge lead neither to another network nor to the bridge's own subnet. */
function requireRoutes(config: Config, { others }: Surroundings): void {
  const set = networkConfig(config);
  const [subnet, subnet6] = [subnetOf(config), subnet6Of(config)];
  const own = (text: string) => `the network's own subnet ${text}`;
  requireFreeRoutes(set.get("ipv4.routes") ?? [], [
    ...takenByNetworks(others),
    ...(subnet === undefined ? [] : [{ subnet, by: own(subnetText(subnet)) }]),
  ]);
  requireFreeRoutes6(set.get("ipv6.routes") ?? [], [
    ...takenByNetworks6(others),
    ...(subnet6 === undefined ? [] : [{ subnet: subnet6, by: own(subnetText6(subnet6)) }]),
  ]);
}

/** "10.1.2.1/08" as the kernel writes it, to be recognised again; other words as they are. */
function canonical(address: string): string {
  const subnet = parseSubnet(address);
  return subnet === undefined ? address : `${addressText(subnet.address)}/${subnet.bits}`;
}

function canonical6(address: string): string {
  const subnet = parseSubnet6(address);
  return subnet === undefined ? address : `${addressText6(subnet.address)}/${subnet.bits}`;
}
