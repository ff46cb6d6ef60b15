/**
 * Rules of a network's ACLs, as chains of its nftables table (docs/lxd-api.md, Network ACLs): what crosses the bridge's edge, to or from other
 * networks and the host. Frames between two instances of the network never come here.
 */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import {
  type AclDirection,
  type aclActions,
  familyOf,
  type NetworkAclRule,
  wordsOf,
} from "../../../sdk/api/network-acl-rule";

/** An ACL that the network has. */
export interface NetworkAcl {
  readonly name: string;
  readonly ingress: readonly NetworkAclRule[];
  readonly egress: readonly NetworkAclRule[];
}

type Action = (typeof aclActions)[number];

/** Of what both say the stricter counts: LXD's order. */
const order: readonly Action[] = ["drop", "reject", "allow"];

/**
 * A TCP connection is reset: the kernel throws an ICMP answer away that comes while connect(2) still holds its socket, as it does on the same
 * host (tcp_v4_err), and the program inside would wait a second for the next try.
 */
const resets = "meta l4proto tcp reject with tcp reset";

const verdictsOf = (action: Action, protocol: string): readonly string[] => {
  if (action !== "reject") return [action === "allow" ? "accept" : "drop"];
  if (protocol === "tcp") return [resets];
  return protocol === "" ? [resets, "reject"] : ["reject"];
};

/** A guest decides how many packets are refused, and the kernel's log is the host's. */
const loggedAtMost = "limit rate 10/second burst 50 packets";

/** Longer ones the kernel cuts (NF_LOG_PREFIXLEN is 128, its end included). */
const longestPrefix = 127;

const families = ["ipv4", "ipv6"] as const;
type Family = (typeof families)[number];

/** What every network needs to work at all: names, leases, neighbours, and answers that say why a packet did not arrive. */
const icmpErrors = "icmp type { destination-unreachable, time-exceeded, parameter-problem }";
const icmp6Errors = "destination-unreachable, packet-too-big, time-exceeded, parameter-problem";
const neighbours = "nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report";

const fromGuests = (bridge: string): string[] => [
  `iifname "${bridge}" meta l4proto { tcp, udp } th dport 53 accept`,
  `iifname "${bridge}" udp dport { 67, 547 } accept`,
  `iifname "${bridge}" ${icmpErrors} accept`,
  `iifname "${bridge}" icmpv6 type { ${icmp6Errors}, nd-router-solicit, ${neighbours} } accept`,
];

const toGuests = (bridge: string): string[] => [
  `oifname "${bridge}" udp sport { 67, 547 } accept`,
  `oifname "${bridge}" ${icmpErrors} accept`,
  `oifname "${bridge}" icmpv6 type { ${icmp6Errors}, nd-router-advert, ${neighbours} } accept`,
];

export interface Chain {
  readonly name: string;
  /** Absent: it is jumped to. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/**
 * The chains of a network that has ACLs; none where it has none.
 * @param acls in the order of its key, as they are now @param asking rules that let in who asks for names elsewhere than at dnsmasq
 */
export function aclChains(
  bridge: string,
  config: Config,
  acls: readonly NetworkAcl[],
  asking: readonly string[] = [],
): Chain[] {
  if (acls.length === 0) return [];
  const base = (hook: string, rules: readonly string[]): Chain => ({
    name: `acl_${hook}`,
    hook: `type filter hook ${hook} priority filter; policy accept;`,
    rules,
  });
  const [from, to] = [`iifname "${bridge}" jump acl`, `oifname "${bridge}" jump acl`];
  return [
    { name: "acl", rules: rulesOf(bridge, config, acls) },
    base("input", [...fromGuests(bridge), ...asking, from]),
    base("output", [...toGuests(bridge), to]),
    // Frames between two ports are not routed; br_netfilter shows them here all the same.
    base("forward", [`iifname "${bridge}" oifname "${bridge}" accept`, from, to]),
  ];
}

function rulesOf(bridge: string, config: Config, acls: readonly NetworkAcl[]): string[] {
  const set = networkConfig(config);
  const ordered = order.flatMap((action) =>
    acls.flatMap((acl) => directions.flatMap((direction) => linesOf(bridge, acl, direction, action))),
  );
  const usual = directions.flatMap((direction) => {
    const action = set.get(`security.acls.default.${direction}.action`) as Action;
    const isLogged = set.get(`security.acls.default.${direction}.logged`);
    return judged(edgeOf(bridge, direction), verdictsOf(action, ""), isLogged ? `${bridge}/${direction}` : undefined);
  });
  return ["ct state established,related accept", ...ordered, ...usual];
}

const directions: readonly AclDirection[] = ["ingress", "egress"];

const edgeOf = (bridge: string, direction: AclDirection): string =>
  `${direction === "ingress" ? "oifname" : "iifname"} "${bridge}"`;

function linesOf(bridge: string, acl: NetworkAcl, direction: AclDirection, action: Action): string[] {
  return acl[direction].flatMap((rule, index) => {
    if (rule.action !== action || rule.state === "disabled") return [];
    const prefix = rule.state === "logged" ? logPrefix(bridge, acl.name, direction, index) : undefined;
    return matchesOf(rule).flatMap((match) =>
      judged(`${edgeOf(bridge, direction)}${match}`, verdictsOf(action, rule.protocol), prefix),
    );
  });
}

/** How lines of the kernel's log begin that a rule made. */
export const logPrefix = (bridge: string, acl: string, direction: AclDirection, index: number): string =>
  `${bridge}/${acl}/${direction}/${index}`;

function judged(match: string, verdicts: readonly string[], prefix: string | undefined): string[] {
  const log =
    prefix === undefined ? [] : [`${match} ${loggedAtMost} log prefix "${prefix.slice(0, longestPrefix - 1)} "`];
  return [...log, ...verdicts.map((verdict) => `${match} ${verdict}`)];
}

/** What a rule asks of a packet: one line for each family that it speaks of, or one for both. */
function matchesOf(rule: NetworkAclRule): string[] {
  const subjects = [wordsOf(rule.source), wordsOf(rule.destination)] as const;
  const only = { icmp4: "ipv4", icmp6: "ipv6" }[rule.protocol] as Family | undefined;
  const ports = portsOf(rule);
  if (subjects.every((side) => side.length === 0)) return [ports];
  return families
    .filter((family) => only === undefined || family === only)
    .flatMap((family) => {
      const sides = subjects.map((side) => side.filter((word) => familyOf(word) === family));
      // A side that speaks of the other family alone leaves this one out.
      if (sides.some((side, at) => side.length === 0 && (subjects[at]?.length ?? 0) > 0)) return [];
      const word = family === "ipv4" ? "ip" : "ip6";
      const [from, to] = sides.map((side) => (side.length === 0 ? undefined : `{ ${side.join(", ")} }`));
      return [
        `${from === undefined ? "" : ` ${word} saddr ${from}`}${to === undefined ? "" : ` ${word} daddr ${to}`}${ports}`,
      ];
    });
}

function portsOf({ protocol, source_port, destination_port, icmp_type, icmp_code }: NetworkAclRule): string {
  if (protocol === "") return "";
  if (protocol === "tcp" || protocol === "udp") {
    const ports = [portWord(protocol, "sport", source_port), portWord(protocol, "dport", destination_port)].join("");
    return ports === "" ? ` meta l4proto ${protocol}` : ports;
  }
  const word = protocol === "icmp4" ? "icmp" : "icmpv6";
  const parts = [
    icmp_type === "" ? "" : ` ${word} type ${icmp_type}`,
    icmp_code === "" ? "" : ` ${word} code ${icmp_code}`,
  ];
  return parts.join("") || ` meta l4proto ${word === "icmp" ? "icmp" : "ipv6-icmp"}`;
}

const portWord = (protocol: string, side: string, ports: string): string =>
  ports === "" ? "" : ` ${protocol} ${side} { ${wordsOf(ports).join(", ")} }`;
