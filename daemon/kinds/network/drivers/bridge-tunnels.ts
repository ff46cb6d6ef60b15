/** Tunnels of a bridge: ports that lead to a bridge of another host, made by us and known by their names, `<network>-<tunnel>`. */
import { isIPv6 } from "node:net";
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import { type ApiError, badRequest } from "../../../../sdk/api/errors";
import { run } from "../../../platform/processes/run";
import { mtuOf, tunnelNames } from "../config";
import type { NetworkPlace } from "../driver";
import { defaultInterface, findLink, isNameInUse, type Link, portsOf } from "../link";

/** Kinds of interfaces, as the kernel names them, that may be ours by their name. */
const kinds = ["vxlan", "gretap", "ip6gretap"] as const;

const interfaceOf = (network: string, tunnel: string): string => `${network}-${tunnel}`;

/** The kernel's longest name. */
const longestName = 15;

/** @throws ApiError BAD_REQUEST for a tunnel that is not whole, or that this host cannot make */
export async function requireTunnels(network: string, config: Config): Promise<void> {
  const set = networkConfig(config);
  for (const name of tunnelNames(config)) {
    const refuse = (part: string, why: string) => badRequest(`Invalid value for "tunnel.${name}.${part}": ${why}.`);
    const protocol = set.get(`tunnel.${name}.protocol`);
    if (protocol === undefined) throw refuse("protocol", "a tunnel needs one, gre or vxlan");
    if (interfaceOf(network, name).length > longestName)
      throw refuse(
        "protocol",
        `its interface would be called "${interfaceOf(network, name)}", and interfaces have at most ${longestName} letters: give the tunnel a shorter name`,
      );
    const [local, remote] = [set.get(`tunnel.${name}.local`), set.get(`tunnel.${name}.remote`)];
    if (protocol === "gre" && local === undefined) throw refuse("local", "a tunnel of gre needs it");
    if (protocol === "gre" && remote === undefined) throw refuse("remote", "a tunnel of gre needs it");
    if (local !== undefined && remote !== undefined && isIPv6(local) !== isIPv6(remote))
      throw refuse("remote", `it must be of the family of "tunnel.${name}.local"`);
    if (protocol === "vxlan" && remote === undefined)
      await requireInterface(set.get(`tunnel.${name}.interface`), refuse);
  }
}

async function requireInterface(wanted: string | undefined, refuse: (part: string, why: string) => ApiError) {
  if (wanted === undefined && (await defaultInterface()) === undefined)
    throw refuse("interface", "the host has no default route, so the interface has to be named");
  if (wanted !== undefined && (await findLink(wanted)) === undefined)
    throw refuse("interface", `the host has no interface "${wanted}"`);
}

/** Makes the tunnels that are wanted and removes those that are not; one that is as it should be stays. */
export async function bringTunnels(network: NetworkPlace): Promise<void> {
  const names = tunnelNames(network.config);
  const have = await tunnelsOf(network);
  const wanted = new Map<string, string>();
  for (const name of names) wanted.set(interfaceOf(network.name, name), await kindText(network.config, name));
  const isRight = ({ ifname, ifalias, master, mtu }: Link) =>
    wanted.get(ifname) === ifalias && master === network.name && mtu === mtuOf(network.config);
  for (const link of have.filter((one) => !isRight(one))) await run("ip", ["link", "delete", "dev", link.ifname]);
  for (const [name, text] of wanted)
    if (!have.some((link) => link.ifname === name && isRight(link))) await makeTunnel(network, name, text);
}

/** What is behind the name goes by the interface's alias: it says what it was made with. */
async function makeTunnel({ name: bridge, config }: NetworkPlace, name: string, text: string): Promise<void> {
  const input = [
    `link add dev ${name} mtu ${mtuOf(config)} master ${bridge} type ${text}`,
    `link set dev ${name} alias "${text}"`,
    `link set dev ${name} up`,
  ].join("\n");
  try {
    await run("ip", ["-batch", "-"], { input });
  } catch (error) {
    if (!(error instanceof Error) || !/Unknown device type/.test(error.message)) throw error;
    throw badRequest(
      `Cannot make tunnel "${name}" of network "${bridge}": the kernel of this host has no interfaces of the type ${text.split(" ")[0]}. Choose the other tunnel.*.protocol.`,
      { cause: error },
    );
  }
}

/** As `ip link add ... type` takes it. */
async function kindText(config: Config, name: string): Promise<string> {
  const set = networkConfig(config);
  const [local, remote] = [set.get(`tunnel.${name}.local`), set.get(`tunnel.${name}.remote`)];
  const ends = [...(local === undefined ? [] : ["local", local]), ...(remote === undefined ? [] : ["remote", remote])];
  if (set.get(`tunnel.${name}.protocol`) === "gre")
    return [isIPv6(local ?? "") ? "ip6gretap" : "gretap", ...ends].join(" ");
  const device = set.get(`tunnel.${name}.interface`) ?? (await defaultInterface());
  const group = ["group", set.get(`tunnel.${name}.group`) ?? "239.0.0.1", "dev", device ?? ""];
  return [
    "vxlan",
    ...["id", set.get(`tunnel.${name}.id`)],
    ...ends,
    ...(remote === undefined ? [...group, "ttl", set.get(`tunnel.${name}.ttl`)] : []),
    ...["dstport", set.get(`tunnel.${name}.port`) ?? 8472],
  ].join(" ");
}

/** Removes all tunnels of a network. */
export async function removeTunnels(network: NetworkPlace): Promise<void> {
  for (const { ifname } of await tunnelsOf(network)) await run("ip", ["link", "delete", "dev", ifname]);
}

/** Those that are ports of the bridge, whatever the network knows of them, and those that are to be and are not. */
async function tunnelsOf({ name, config }: NetworkPlace): Promise<Link[]> {
  if (!(await isNameInUse((link) => link.startsWith(interfaceOf(name, ""))))) return [];
  const isOurs = ({ ifname, linkinfo }: Link) =>
    ifname.startsWith(`${name}-`) && kinds.some((kind) => kind === linkinfo.info_kind);
  const ports = (await portsOf(name)).filter(isOurs);
  const missing = tunnelNames(config)
    .map((tunnel) => interfaceOf(name, tunnel))
    .filter((one) => !ports.some(({ ifname }) => ifname === one));
  const lost = await Promise.all(missing.map(findLink));
  return [...ports, ...lost.filter((link) => link !== undefined && isOurs(link))].filter((link) => link !== undefined);
}
