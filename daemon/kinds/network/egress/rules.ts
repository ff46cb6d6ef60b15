/**
 * Rules of a network's egress scopes, as sets and chains of its nftables table: what its guests send over the bridge's edge. Frames between two
 * instances of the network never come here.
 */
import type { Config } from "../../../../sdk/api/common";
import { isName } from "../../../../sdk/api/egress";
import { bridgeLinkLocal, type Family, familiesOf } from "../config";
import { addressText6, isAddress6 } from "../ipv6";
import type { Door } from "./door";
import { addressesOf, type Known } from "./known";
import { type EgressGroup, type EgressScope, groupsOf, hasNames } from "./scope";

/** A scope with what its guests know, and where they ask. */
export interface EgressRules {
  readonly scope: EgressScope;
  readonly known: Known;
  /** One for each family. */
  readonly doors: readonly Door[];
}

interface Chain {
  readonly name: string;
  /** Absent for one that others jump to. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** A guest decides how many packets are refused, and the kernel's log is the host's. */
const loggedAtMost = "limit rate 10/second burst 50 packets";

/** Each question costs the daemon some of its time. A guest's own programs come by with far less. */
const askedAtMost = {
  nic: "limit rate over 200/second burst 400 packets",
  network: "limit rate over 1000/second burst 2000 packets",
};

const families = ["ip", "ip6"] as const;
type Ip = (typeof families)[number];

/** How lines of the kernel's log begin. Names of interfaces hold no slash. */
export const egressPrefix = (bridge: string, { id, hwaddr }: EgressScope): string =>
  `${bridge}/security.egress${hwaddr === undefined ? "" : `/${id}`}`;

const partOf = ({ id, hwaddr }: EgressScope): string => (hwaddr === undefined ? "egress" : `egress_nic_${id}`);
const setOf = (scope: EgressScope, group: number, family: Ip): string => `${partOf(scope)}_${group}_${family}`;

/** Who is meant: a nic with a list sends under its own hardware address alone (port-filter.ts). */
const fromOf = ({ hwaddr }: EgressScope): string => (hwaddr === undefined ? "" : `ether saddr ${hwaddr} `);

export function egressSets(all: readonly EgressRules[], nowMs: number): string[] {
  return all.flatMap(({ scope, known }) =>
    groupsOf(scope).flatMap((group, number) => {
      if (!hasNames(group)) return [];
      const found = [...addressesOf(group, known, nowMs)];
      return families.map((family) => {
        const own = found.filter(([address]) => familyOf(address) === family);
        const elements = own.map(([address, untilMs]) => `${address} ${timeoutOf(untilMs, nowMs)}`);
        const listed = elements.length === 0 ? "" : ` elements = { ${elements.join(", ")} };`;
        return `  set ${setOf(scope, number, family)} { type ${family === "ip" ? "ipv4_addr" : "ipv6_addr"}; flags timeout;${listed} }\n`;
      });
    }),
  );
}

const familyOf = (address: string): Ip => (isAddress6(address) ? "ip6" : "ip");
const timeoutOf = (untilMs: number, nowMs: number): string =>
  `timeout ${Math.max(1, Math.ceil((untilMs - nowMs) / 1000))}s`;

/**
 * Commands that add addresses of a name to the sets that it belongs in, or have them count longer.
 * @param table of the network @param addresses with the moment at which each ends
 */
export function admitted(
  table: string,
  scope: EgressScope,
  isOfGroup: (group: EgressGroup) => boolean,
  addresses: ReadonlyMap<string, number>,
  nowMs: number,
): string {
  return groupsOf(scope)
    .flatMap((group, number) =>
      !isOfGroup(group)
        ? []
        : [...addresses].map(([address, untilMs]) => {
            const set = `${table} ${setOf(scope, number, familyOf(address))}`;
            const add = `add element ${set} { ${address} ${timeoutOf(untilMs, nowMs)} }\n`;
            // Before Linux 6.12 an element that is there keeps its time. The first line makes it when it is missing, so that delete finds one.
            return `${add}delete element ${set} { ${address} }\n${add}`;
          }),
    )
    .join("");
}

const neededIcmp6 = [
  ...["destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem"],
  ...["nd-router-solicit", "nd-neighbor-solicit", "nd-neighbor-advert", "mld-listener-report", "mld2-listener-report"],
].join(", ");

const asking = "ct status dnat ct original proto-dst 53";

/** A question to the network's server of names, on its way to a door. @see doorRules */
export const askingRule = (bridge: string): string => `iifname "${bridge}" meta l4proto { tcp, udp } ${asking} accept`;

/** No chains where everything may pass. */
export function egressChains(bridge: string, config: Config, all: readonly EgressRules[]): Chain[] {
  if (all.length === 0) return [];
  const base = (name: string, hook: string, rules: readonly string[]): Chain => ({
    name: `egress_${name}`,
    hook: `type ${hook}; policy accept;`,
    // All that the host hears comes by here: most of it is none of this bridge.
    rules: [`iifname != "${bridge}" accept`, ...rules],
  });
  const scopes = all.map(({ scope }) => scope);
  const each = (ruleOf: (scope: EgressScope) => string) => scopes.map((scope) => `${fromOf(scope)}${ruleOf(scope)}`);
  return [
    ...scopes.flatMap((scope) => [
      { name: refusalOf(scope), rules: refusals(bridge, scope) },
      { name: hostOf(scope), rules: [...subnetRules(scope), `goto ${refusalOf(scope)}`] },
      { name: worldOf(scope), rules: worldRules(scope) },
    ]),
    base(
      "names",
      "nat hook prerouting priority dstnat - 5",
      all.flatMap((rules) => doorRules(config, rules)),
    ),
    base("input", "filter hook input priority filter", [
      // Questions of one datagram each are no connection, but they look like one where they come from one port.
      ...each(
        (scope) => `meta l4proto udp ${asking} ${askedAtMost[scope.hwaddr === undefined ? "network" : "nic"]} drop`,
      ),
      established,
      askingRule(bridge),
      "udp dport { 67, 547 } accept",
      "icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
      `icmpv6 type { ${neededIcmp6} } accept`,
      // Said to everybody, by a program that looks for others of its kind.
      ...each(() => "meta pkttype { broadcast, multicast } drop"),
      ...each((scope) => `jump ${hostOf(scope)}`),
    ]),
    base("forward", "filter hook forward priority filter", [
      // Frames between two ports are not routed; br_netfilter shows them here all the same.
      `oifname "${bridge}" accept`,
      established,
      ...each((scope) => `jump ${worldOf(scope)}`),
    ]),
  ];
}

const established = "ct state established,related accept";

const refusalOf = (scope: EgressScope): string => `${partOf(scope)}_refuse`;
const hostOf = (scope: EgressScope): string => `${partOf(scope)}_host`;
const worldOf = (scope: EgressScope): string => `${partOf(scope)}_world`;

/** A TCP connection is reset: connect(2) drops ICMP answers that come too early (acl/lines.ts). */
const refusals = (bridge: string, scope: EgressScope): string[] => [
  ...(scope.isLogged ? [`${loggedAtMost} log prefix "${egressPrefix(bridge, scope)} "`] : []),
  "meta l4proto tcp reject with tcp reset",
  "reject",
];

function worldRules(scope: EgressScope): string[] {
  const named = groupsOf(scope).flatMap((group, number) =>
    hasNames(group)
      ? families.map((family) => `${family} daddr @${setOf(scope, number, family)} ${portsOf(group)} return`)
      : [],
  );
  // Names of the world are asked for at the network's own server.
  const others = `meta l4proto { tcp, udp } th dport 53 goto ${refusalOf(scope)}`;
  return [others, ...named, ...subnetRules(scope), `goto ${refusalOf(scope)}`];
}

/** What is named by its address alone: nothing that a name says leads to the host itself. */
const subnetRules = (scope: EgressScope): string[] => [
  `meta l4proto { tcp, udp } th dport 53 goto ${refusalOf(scope)}`,
  ...groupsOf(scope).flatMap((group) =>
    group.targets.flatMap(({ host }) =>
      isName(host) ? [] : [`${host.family} daddr ${host.subnet} ${portsOf(group)} return`],
    ),
  ),
];

function portsOf({ protocol, ports }: EgressGroup): string {
  const ranges = ports.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
  return ranges.length === 0 ? `meta l4proto ${protocol}` : `${protocol} dport { ${ranges.join(", ")} }`;
}

/** Who asks the bridge for a name is heard by the door of its scope, in the place of dnsmasq. */
function doorRules(config: Config, { scope, doors }: EgressRules): string[] {
  const linkLocal = bridgeLinkLocal(config);
  const own = ({ key, address }: Family): string[] =>
    key === "ipv6" && linkLocal !== undefined ? [address, addressText6(linkLocal)] : [address];
  return familiesOf(config).flatMap((family) => {
    const door = doors.find(({ address }) => address === family.address);
    if (door === undefined) return [];
    const to = `${fromOf(scope)}${family.ip} daddr { ${own(family).join(", ")} }`;
    const host = family.ip === "ip" ? door.address : `[${door.address}]`;
    return (["udp", "tcp"] as const).map(
      (protocol) => `${to} ${protocol} dport 53 dnat ${family.ip} to ${host}:${door.ports[protocol]}`,
    );
  });
}
