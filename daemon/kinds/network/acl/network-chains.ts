/**
 * Rules of a network's ACLs, as chains of its nftables table (docs/lxd-api.md, Network ACLs): what crosses the bridge's edge, to or from other
 * networks and the host. Frames between two instances of the network never come here.
 */
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import { type AclAction, aclLines, type Court, type NetworkAcl, needed, refusals, type Usual } from "./lines";

const fromGuests = (bridge: string): string[] => [
  `iifname "${bridge}" meta l4proto { tcp, udp } th dport 53 accept`,
  `iifname "${bridge}" udp dport { 67, 547 } accept`,
  `iifname "${bridge}" ${needed.icmp} accept`,
  `iifname "${bridge}" ${needed.icmp6FromGuests} accept`,
];

const toGuests = (bridge: string): string[] => [
  `oifname "${bridge}" udp sport { 67, 547 } accept`,
  `oifname "${bridge}" ${needed.icmp} accept`,
  `oifname "${bridge}" ${needed.icmp6ToGuests} accept`,
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
  const usual = (direction: "ingress" | "egress"): Usual => ({
    action: set.get(`security.acls.default.${direction}.action`) as AclAction,
    isLogged: set.get(`security.acls.default.${direction}.logged`),
  });
  const lines = aclLines(edgeOf(bridge), acls, { ingress: usual("ingress"), egress: usual("egress") });
  return ["ct state established,related accept", ...lines];
}

const edgeOf = (bridge: string): Court => ({
  network: bridge,
  isOfBridge: false,
  directions: ["ingress", "egress"],
  edge: (direction) => `${direction === "ingress" ? "oifname" : "iifname"} "${bridge}"`,
  verdicts: (action, protocol) => (action === "reject" ? refusals(protocol) : [action === "allow" ? "accept" : "drop"]),
});
