/** What a forward of a network may be, in LXD's words. */
import type { Config } from "../../../../sdk/api/common";
import { networkForwardConfig } from "../../../../sdk/api/config/network-forward";
import { badRequest } from "../../../../sdk/api/errors";
import { type Address, readAddress } from "../../../../sdk/api/ip-address";
import { type NetworkForwardPort, networkForwardKind } from "../../../../sdk/api/network-forward";
import { portsIn, readRanges } from "../../../../sdk/api/port-ranges";
import { requireConfig } from "../../../core/validate";
import { isIsolated } from "../config";
import { familyNames, isInNetwork, subnetTextOf } from "./addresses";

interface Wanted {
  readonly config: Config;
  readonly ports: readonly NetworkForwardPort[];
}

/** @throws ApiError BAD_REQUEST for what is no address */
export function requireListenAddress(text: string): Address {
  const address = readAddress(text);
  if (address !== undefined) return address;
  const cidr = `${text}/${text.includes(":") ? 128 : 32}`;
  throw badRequest(
    `Failed parsing address forward listen address ${JSON.stringify(text)}: invalid CIDR address: ${cidr}. Give an address of IPv4 or IPv6.`,
  );
}

/** @param network with its configuration as it is, or as it shall be @throws ApiError BAD_REQUEST */
export function requireForward(
  network: { readonly name: string; readonly config: Config },
  listen: Address,
  { config, ports }: Wanted,
): void {
  requireConfig(networkForwardKind.keys?.table ?? {}, config);
  if (isIsolated(network.config))
    throw badRequest(`Network "${network.name}" is isolated: the host forwards nothing to it`);
  if (subnetTextOf(network.config, listen.family) === undefined)
    throw badRequest(
      `Network "${network.name}" has no ${familyNames[listen.family]} subnet, which the targets of listen address "${listen.text}" would be in`,
    );
  const target = networkForwardConfig(config).get("target_address");
  if (target !== undefined)
    requireTarget(network.config, listen, target, "default target address", "Default target address", "");
  const taken = new Set<string>();
  ports.forEach((port, at) => {
    requirePort(network.config, listen, port, at, taken);
  });
}

function requireTarget(
  network: Config,
  listen: Address,
  text: string,
  mixed: string,
  title: string,
  where: string,
): void {
  const target = readAddress(text);
  if (target === undefined) throw badRequest(`Invalid target address${where}`);
  if (target.family !== listen.family) throw badRequest(`Cannot mix IP versions in listen address and ${mixed}`);
  if (!isInNetwork(target, network)) throw badRequest(`${title} is not within the network subnet${where}`);
}

/** @param taken protocols with the ports that those before it listen on */
function requirePort(network: Config, listen: Address, port: NetworkForwardPort, at: number, taken: Set<string>): void {
  const where = ` in port specification ${at}`;
  if (port.protocol !== "tcp" && port.protocol !== "udp")
    throw badRequest(`Invalid port protocol${where}, protocol must be one of: tcp, udp`);
  requireTarget(
    network,
    listen,
    port.target_address,
    `port specification ${at} target address`,
    "Target address",
    where,
  );
  const ranges = readRanges(port.listen_port);
  if (typeof ranges === "string") throw badRequest(`Invalid listen port${where}: ${ranges}`);
  if (ranges.length === 0) throw badRequest(`Missing listen port${where}`);
  for (const number of portsIn(ranges)) {
    const key = `${port.protocol} ${number}`;
    if (taken.has(key)) throw badRequest(`Duplicate listen port ${number} for protocol "${port.protocol}"${where}`);
    taken.add(key);
  }
  const targets = readRanges(port.target_port);
  if (typeof targets === "string") throw badRequest(`Invalid target port${where}: ${targets}`);
  const count = portsIn(targets).length;
  if (count > 1 && count !== portsIn(ranges).length)
    throw badRequest(`Mismatch of listen port(s) and target port(s) count${where}`);
}
