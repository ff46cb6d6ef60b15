/** Interfaces and routes of the daemon's own network namespace, read with `ip -j`; /sys shows the namespace of its mount instead. */
import * as z from "zod";
import type { Network, NetworkState } from "../../../sdk/api/network";
import { isThere, readText } from "../../platform/folders/files";
import { run } from "../../platform/processes/run";
import { readSaid } from "../../platform/processes/said";
import type { RouteEntry } from "./plan";

export const kernelHasIpv6 = (): Promise<boolean> => isThere("/proc/sys/net/ipv6/conf");

const Counters = z
  .looseObject({
    bytes: z.number().default(0),
    packets: z.number().default(0),
    errors: z.number().default(0),
    dropped: z.number().default(0),
  })
  .prefault({});

const Link = z.looseObject({
  ifname: z.string(),
  flags: z.array(z.string()).default([]),
  mtu: z.number().default(0),
  address: z.string().default(""),
  link_type: z.string().default(""),
  master: z.string().optional(),
  /** Interface that it stands on; null of a tunnel that stands on none. */
  link: z.string().nullish(),
  ifalias: z.string().optional(),
  linkinfo: z
    .looseObject({ info_kind: z.string().optional(), info_data: z.looseObject({}).optional() })
    .optional()
    .default({}),
  addr_info: z
    .array(
      z.looseObject({ family: z.string(), local: z.string(), prefixlen: z.number(), scope: z.string().default("") }),
    )
    .default([]),
  stats64: z.looseObject({ rx: Counters, tx: Counters }).prefault({}),
});
export type Link = z.infer<typeof Link>;
const Links = z.array(z.union([Link, z.strictObject({})]));

const Routes = z.array(z.looseObject({ dst: z.string().optional(), dev: z.string().optional() }));

/** All interfaces with addresses and counters. @param which words of `ip address show`, such as `type bridge` */
export async function listLinks(...which: string[]): Promise<Link[]> {
  return parse((await run("ip", ["-j", "-d", "-s", "address", "show", ...which])).stdout);
}

/** One interface, or nothing when there is none of that name. */
export async function findLink(name: string): Promise<Link | undefined> {
  const { code, stdout } = await run("ip", ["-j", "-d", "-s", "address", "show", "dev", name], { accept: [0, 1] });
  return code === 0 ? parse(stdout)[0] : undefined;
}

/** One interface, as findLink; that there is none costs no process (proc_pid_net(5): the namespace of who reads it). */
export async function findLinkSoon(name: string): Promise<Link | undefined> {
  return (await isNameInUse((other) => other === name)) ? findLink(name) : undefined;
}

/** Whether an interface may have such a name: without a process, and true where the kernel does not say. */
export async function isNameInUse(isMeant: (name: string) => boolean): Promise<boolean> {
  const table = await readText("/proc/net/dev");
  return table === undefined || table.split("\n").some((line) => isMeant(line.trimStart().replace(/:.*$/, "")));
}

/** What the host has of interfaces and of routes that somebody configured. */
export interface HostLinks {
  find(name: string): Promise<Link | undefined>;
  staticRoutes(name: string): Promise<readonly RouteEntry[]>;
}

/** Asks for each by itself. */
export const linksByName: HostLinks = { find: findLinkSoon, staticRoutes: (name) => staticRoutes("dev", name) };

/** Reads bridges and routes at once, as they are now; guests' ends, of which there may be thousands, are not looked at. */
export async function readHostLinks(): Promise<HostLinks> {
  const [all, routes] = await Promise.all([listLinks("type", "bridge"), staticRoutes()]);
  const bridges = new Map(all.map((link) => [link.ifname, link]));
  return {
    find: async (name) => bridges.get(name) ?? findLinkSoon(name),
    staticRoutes: (name) => Promise.resolve(routes.filter(({ dev }) => dev === name)),
  };
}

/** The interface of the host's default route, or nothing when it has none. */
export const defaultInterface = async (): Promise<string | undefined> =>
  (await routesBy("-4", "show", "default"))[0]?.dev;

/** The interfaces that are joined to a bridge; none of one that has gone meanwhile, of which iproute2 says that the argument is wrong. */
export async function portsOf(bridge: string): Promise<Link[]> {
  const { code, stdout } = await run("ip", ["-j", "-d", "link", "show", "master", bridge], { accept: [0, 1, 255] });
  return code === 0 ? parse(stdout) : [];
}

/** Every route of every table, of both families: what subnets are in use. */
export const listRoutes = (): Promise<RouteEntry[]> => routesOf(["route", "show", "table", "all"]);

/** The routes of both families that somebody configured. @param which words of `ip route show`, such as `dev eth0` */
async function staticRoutes(...which: string[]): Promise<RouteEntry[]> {
  const families = (await kernelHasIpv6()) ? (["-4", "-6"] as const) : (["-4"] as const);
  const both = families.map((family) => routesBy(family, "show", ...which, "proto", "static"));
  return (await Promise.all(both)).flat();
}

const routesBy = (family: "-4" | "-6", ...words: string[]): Promise<RouteEntry[]> =>
  routesOf([family, "route", ...words]);

async function routesOf(words: readonly string[]): Promise<RouteEntry[]> {
  const { stdout } = await run("ip", ["-j", ...words]);
  return stdout.trim() === "" ? [] : readSaid("ip", Routes, stdout);
}

/** iproute2 prints empty objects for interfaces that it filtered out. */
const parse = (stdout: string): Link[] =>
  stdout.trim() === "" ? [] : readSaid("ip", Links, stdout).filter((entry): entry is Link => "ifname" in entry);

export const isBridge = (link: Link): boolean => link.linkinfo.info_kind === "bridge";

/** Host ends of containers' veth pairs: LXD does not list them either. */
export const isPort = (link: Link): boolean =>
  link.linkinfo.info_kind === "veth" && (link.master !== undefined || link.ifname.startsWith("veth"));

/** LXD's word for the type of an unmanaged interface. */
export function networkTypeOf(link: Link): string {
  if (link.flags.includes("LOOPBACK")) return "loopback";
  const kind = link.linkinfo.info_kind;
  if (kind === undefined) return "physical";
  return ["bridge", "bond", "vlan"].includes(kind) ? kind : "unknown";
}

/** An interface of the host as GET /1.0/networks shows it. */
export const unmanagedNetwork = (link: Link, usedBy: string[]): Network => ({
  name: link.ifname,
  type: networkTypeOf(link),
  description: "",
  config: {},
  managed: false,
  status: "",
  locations: [],
  used_by: usedBy,
});

/** What GET /1.0/networks/NAME/state answers. Counters are the host's view of the interface. */
export async function stateOf(link: Link): Promise<NetworkState> {
  const { rx, tx } = link.stats64;
  return {
    addresses: link.addr_info.map(({ family, local, prefixlen, scope }) => ({
      family,
      address: local,
      netmask: String(prefixlen),
      scope: scope === "host" ? "local" : scope,
    })),
    counters: {
      bytes_received: rx.bytes,
      bytes_sent: tx.bytes,
      packets_received: rx.packets,
      packets_sent: tx.packets,
      errors_received: rx.errors,
      errors_sent: tx.errors,
      packets_dropped_inbound: rx.dropped,
      packets_dropped_outbound: tx.dropped,
    },
    hwaddr: link.flags.includes("LOOPBACK") ? "" : link.address,
    mtu: link.mtu,
    state: link.flags.includes("UP") ? "up" : "down",
    type: stateTypeOf(link),
    bridge: isBridge(link) ? await bridgeStateOf(link) : null,
    bond: null,
    vlan: vlanStateOf(link),
    ovn: null,
  };
}

function stateTypeOf({ flags }: Link): string {
  if (flags.includes("LOOPBACK")) return "loopback";
  if (flags.includes("POINTOPOINT")) return "point-to-point";
  return flags.includes("BROADCAST") ? "broadcast" : "unknown";
}

const vlanStateOf = ({ link, linkinfo }: Link): Record<string, unknown> | null =>
  linkinfo.info_kind === "vlan" ? { lower_device: link ?? "", vid: Number(linkinfo.info_data?.id ?? 0) } : null;

async function bridgeStateOf(link: Link): Promise<Record<string, unknown>> {
  const data: Record<string, unknown> = link.linkinfo.info_data ?? {};
  return {
    id: bridgeId(String(data.bridge_id ?? "")),
    stp: Number(data.stp_state ?? 0) === 1,
    forward_delay: Number(data.forward_delay ?? 0),
    vlan_default: Number(data.vlan_default_pvid ?? 0),
    vlan_filtering: Number(data.vlan_filtering ?? 0) === 1,
    // LXD's word for its ports.
    upper_devices: (await portsOf(link.ifname)).map(({ ifname }) => ifname).toSorted(),
  };
}

/** "8000.0:16:3e:1:2:3" of iproute2 as the kernel's own "8000.00163e010203". */
export const bridgeId = (text: string): string =>
  text.replace(
    /\.(.*)$/,
    (_, bytes: string) =>
      `.${bytes
        .split(":")
        .map((byte) => byte.padStart(2, "0"))
        .join("")}`,
  );
