/** Lines of nftables that rules of ACLs come to, in the order in which they count; the network's and the nics' differ in what a court says. */
import type { AclDirection, aclActions, NetworkAclRule } from "../../../../sdk/api/network-acl-rule";
import { matchesOf } from "./match";

/** An ACL as it is now. */
export interface NetworkAcl {
  readonly name: string;
  readonly ingress: readonly NetworkAclRule[];
  readonly egress: readonly NetworkAclRule[];
}

export type AclAction = (typeof aclActions)[number];

/** What becomes of packets of a direction that no rule is about. */
export interface Usual {
  readonly action: AclAction;
  readonly isLogged: boolean;
}

export type Usuals = Readonly<Record<AclDirection, Usual>>;

/** Where packets are judged. */
export interface Court {
  /** Name of the network, by which lines of the log begin. */
  readonly network: string;
  /** Whether its chains see frames, of which only some are of IP. */
  readonly isOfBridge: boolean;
  readonly directions: readonly AclDirection[];
  /** What each line of a direction begins with, such as an interface; "" where the chain has that direction alone. */
  edge(direction: AclDirection): string;
  /** How it lets pass or refuses, in one line or several. @param protocol of the rule; "" for any */
  verdicts(action: AclAction, protocol: string, direction: AclDirection): readonly string[];
}

/** Of what several rules say the stricter counts: LXD's order. */
const order: readonly AclAction[] = ["drop", "reject", "allow"];

/** A guest decides how many packets are refused, and the kernel's log is the host's. */
const loggedAtMost = "limit rate 10/second burst 50 packets";

/** Longer ones the kernel cuts (NF_LOG_PREFIXLEN is 128, its end included). */
const longestPrefix = 127;

/** @param acls in the order in which they are named */
export function aclLines(court: Court, acls: readonly NetworkAcl[], usual: Usuals): string[] {
  const ordered = order.flatMap((action) =>
    acls.flatMap((acl) => court.directions.flatMap((direction) => linesOf(court, acl, direction, action))),
  );
  const rest = court.directions.flatMap((direction) => {
    const { action, isLogged } = usual[direction];
    const prefix = isLogged ? `${court.network}/${direction}` : undefined;
    return judged(court.edge(direction), court.verdicts(action, "", direction), prefix);
  });
  return [...ordered, ...rest];
}

function linesOf(court: Court, acl: NetworkAcl, direction: AclDirection, action: AclAction): string[] {
  return acl[direction].flatMap((rule, index) => {
    if (rule.action !== action || rule.state === "disabled") return [];
    const prefix = rule.state === "logged" ? logPrefix(court.network, acl.name, direction, index) : undefined;
    return matchesOf(rule, court.isOfBridge).flatMap((match) =>
      judged(`${court.edge(direction)}${match}`, court.verdicts(action, rule.protocol, direction), prefix),
    );
  });
}

/** How lines of the kernel's log begin that a rule made. */
export const logPrefix = (network: string, acl: string, direction: AclDirection, index: number): string =>
  `${network}/${acl}/${direction}/${index}`;

function judged(match: string, verdicts: readonly string[], prefix: string | undefined): string[] {
  const log =
    prefix === undefined ? [] : [`${match} ${loggedAtMost} log prefix "${prefix.slice(0, longestPrefix - 1)} "`];
  return [...log, ...verdicts.map((verdict) => `${match} ${verdict}`)];
}

/**
 * A TCP connection is reset: the kernel throws an ICMP answer away that comes while connect(2) still holds its socket, as it does on the same
 * host (tcp_v4_err), and the program inside would wait a second for the next try.
 */
const resets = "meta l4proto tcp reject with tcp reset";

/** How packets of a protocol are refused so that the sender hears of it. @param protocol "" for any */
export function refusals(protocol: string): readonly string[] {
  if (protocol === "tcp") return [resets];
  return protocol === "" ? [resets, "reject"] : ["reject"];
}

const icmp6Errors = "destination-unreachable, packet-too-big, time-exceeded, parameter-problem";
const neighbours = "nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report";

/** What every network needs to work at all besides names and leases: neighbours, and answers that say why a packet did not arrive. */
export const needed = {
  icmp: "icmp type { destination-unreachable, time-exceeded, parameter-problem }",
  icmp6FromGuests: `icmpv6 type { ${icmp6Errors}, nd-router-solicit, ${neighbours} }`,
  icmp6ToGuests: `icmpv6 type { ${icmp6Errors}, nd-router-advert, ${neighbours} }`,
} as const;
