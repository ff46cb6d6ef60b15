/** NAT proxies: proxy devices whose packets the rules of a network send on to the fixed address of a nic, as those of a forward. */
import type { Device, Devices } from "../../../sdk/api/common";
import { instanceConfig } from "../../../sdk/api/config/instance";
import { proxyOptions } from "../../../sdk/api/devices/proxy";
import { readAddress } from "../../../sdk/api/ip-address";
import type { ForwardRules } from "./forward/rules";
import type { NicOwners } from "./home";
import { isAddress6 } from "./ipv6";

export interface NatProxy extends ForwardRules {
  /** Its name on the host. */
  readonly instance: string;
  readonly device: string;
}

/** Where a proxy leads. */
export interface NatTarget {
  readonly network: string;
  readonly address: string;
}

/** No other type of devices has the option. */
export const isNatProxy = (device: Device): boolean => proxyOptions(device).get("nat");

/** The bridge that a nic is a port of. */
const bridgeOf = ({ type, network, nictype, parent }: Device): string | undefined =>
  type === "nic" ? network || (nictype === "bridged" ? parent : undefined) : undefined;

/**
 * The nic whose fixed address a proxy leads to: any else's packets would be those of somebody else. A wildcard is the first nic that has one.
 * @param devices all of the instance @param isServed whether a bridge is a network of the server
 * @returns why there is none, in LXD's words
 */
export function natTargetOf(
  options: Device,
  devices: Devices,
  isServed: (bridge: string) => boolean,
): NatTarget | string {
  const connect = proxyOptions(options).get("connect");
  const host = connect?.type === "unix" ? "" : (connect?.host ?? "");
  const key = isAddress6(host) ? "ipv6.address" : "ipv4.address";
  const family = key === "ipv6.address" ? "IPv6" : "IPv4";
  const wanted = readAddress(host)?.text;
  const isAny = wanted === "0.0.0.0" || wanted === "::";
  for (const [, nic] of Object.entries(devices).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bridge = bridgeOf(nic);
    const address = readAddress(nic[key] ?? "")?.text;
    if (bridge !== undefined && isServed(bridge) && address !== undefined && (isAny || address === wanted))
      return { network: bridge, address };
  }
  return isAny
    ? `Instance has no static ${family} address assigned to be used as the connect IP. Set "${key}" of its nic on a network of this server`
    : `Connect IP "${host}" must be one of the instance's static ${family} addresses. Set "${key}" of its nic on a network of this server, or correct "connect"`;
}

/** The rules of a proxy; nothing for one that is none. */
export function natProxyOf(
  instance: string,
  device: string,
  options: Device,
  { address }: NatTarget,
): NatProxy | undefined {
  const [listen, connect] = [proxyOptions(options).get("listen"), proxyOptions(options).get("connect")];
  if (listen === undefined || listen.type === "unix" || connect === undefined || connect.type === "unix")
    return undefined;
  return {
    instance,
    device,
    listen_address: readAddress(listen.host)?.text ?? listen.host,
    config: {},
    ports: [
      {
        description: "",
        protocol: listen.type,
        listen_port: listen.ports.join(","),
        target_port: connect.ports.join(","),
        target_address: address,
      },
    ],
  };
}

/** The proxies that lead to a network, of the instances that run by what they last noted of their nics. */
export const natProxiesOn = (owners: NicOwners, network: string): NatProxy[] =>
  owners.all().flatMap(({ key, config, expandedDevices }) => {
    const kept = instanceConfig(config);
    if (!Object.keys(expandedDevices).some((name) => kept.has(`volatile.${name}.host_name`))) return [];
    return Object.entries(expandedDevices).flatMap(([device, options]) => {
      if (!isNatProxy(options)) return [];
      const target = natTargetOf(options, expandedDevices, (bridge) => bridge === network);
      return typeof target === "string" ? [] : (natProxyOf(key, device, options, target) ?? []);
    });
  });

/** The port of another proxy that one wants as well, in words; nothing when there is none. */
export function takenPort(proxies: readonly NatProxy[], wanted: NatProxy): string | undefined {
  const portsOf = ({ listen_address, ports }: NatProxy) =>
    ports.flatMap(({ protocol, listen_port }) =>
      listen_port.split(",").map((port) => `${protocol}:${listen_address}:${port}`),
    );
  const own = new Set(portsOf(wanted));
  for (const other of proxies) {
    if (other.instance === wanted.instance && other.device === wanted.device) continue;
    const port = portsOf(other).find((one) => own.has(one));
    if (port !== undefined)
      return `${port} is listened on by the device "${other.device}" of the running instance "${other.instance}"`;
  }
  return undefined;
}
