/** Interfaces of the host that the admin has joined to a bridge (bridge.external_interfaces). */
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import { badRequest } from "../../../../sdk/api/errors";
import type { Log } from "../../../platform/log";
import { run } from "../../../platform/processes/run";
import type { NetworkPlace, Surroundings } from "../driver";
import { findLink, isBridge, type Link } from "../link";

const namesIn = (config: Config): readonly string[] => networkConfig(config).get("bridge.external_interfaces") ?? [];

/** @throws ApiError BAD_REQUEST for an interface that cannot be a port of this bridge */
export async function requireInterfaces(network: string, config: Config, { others }: Surroundings): Promise<void> {
  for (const name of namesIn(config)) {
    const other = others.find((one) => namesIn(one.config).includes(name) || one.name === name);
    const why =
      other === undefined ? whyNot(network, name, await findLink(name)) : `the network "${other.name}" has it`;
    if (why !== undefined)
      throw badRequest(`Invalid value for "bridge.external_interfaces": Cannot use "${name}": ${why}.`);
  }
}

function whyNot(network: string, name: string, link: Link | undefined): string | undefined {
  if (link === undefined) return "the host has no interface of that name";
  if (name === network || isBridge(link)) return "it is a bridge itself";
  if (link.master !== undefined && link.master !== network) return `it belongs to "${link.master}" already`;
  return link.addr_info.some(({ scope }) => scope === "global")
    ? "Only unconfigured network interfaces can be bridged, and it has addresses"
    : undefined;
}

/** Joins those that are wanted, and lets go of those that were. @param before the configuration that counted until now */
export async function bringInterfaces({ name, config }: NetworkPlace, before: Config, log: Log): Promise<void> {
  const wanted = namesIn(config);
  for (const port of namesIn(before).filter((one) => !wanted.includes(one)))
    if ((await findLink(port))?.master === name) await run("ip", ["link", "set", "dev", port, "nomaster"]);
  for (const port of wanted) {
    const link = await findLink(port);
    // It was there when it was asked for: one that is pulled out is no reason to leave the network down.
    if (link === undefined) log.warning("An interface of a network's bridge is missing", { network: name, port });
    else if (link.master !== name || !link.flags.includes("UP"))
      await run("ip", ["link", "set", "dev", port, "master", name, "up"]);
  }
}
