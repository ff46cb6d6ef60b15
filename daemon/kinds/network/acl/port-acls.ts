/**
 * ACLs of a nic, at its port of the bridge (docs/lxd-api.md, ACLs of nics): a chain for what comes from the guest and one for what goes to it, of the
 * table that all ports of the network share. They see all frames of the nic, those of neighbours on the bridge too.
 */
import type { Config, Device } from "../../../../sdk/api/common";
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { aclsOfNic } from "../../../../sdk/api/devices/nic-acls";
import type { AclDirection } from "../../../../sdk/api/network-acl-rule";
import { bridgeLinkLocal, servesDhcp, servesDhcp6, subnet6Of, subnetOf } from "../config";
import { addressText } from "../ipv4";
import { addressText6 } from "../ipv6";
import { type BridgeFilter, knownConnections } from "./bridge-filter";
import {
  type AclAction,
  aclLines,
  type Court,
  type NetworkAcl,
  needed,
  refusals,
  type Usual,
  type Usuals,
} from "./lines";

export interface PortAcls {
  readonly names: readonly string[];
  readonly usual: Usuals;
}

/** What a nic says of ACLs; nothing for one that has none. */
export function portAclsOf(options: Device): PortAcls | undefined {
  const names = aclsOfNic(options);
  if (names.length === 0) return undefined;
  const nic = nicOptions(options);
  const usual = (direction: AclDirection): Usual => ({
    action: nic.get(`security.acls.default.${direction}.action`) as AclAction,
    isLogged: nic.get(`security.acls.default.${direction}.logged`),
  });
  return { names, usual: { ingress: usual("ingress"), egress: usual("egress") } };
}

/**
 * Hooks that see each frame once, whoever it is to or from; the first after br_netfilter, by which connections may be known. Only before the bridge
 * has chosen a way can it answer the sender (nft_reject_bridge_validate).
 */
const hooks: Readonly<Record<AclDirection, string>> = {
  egress: "prerouting priority 50",
  ingress: "postrouting priority 50",
};
const edges: Readonly<Record<AclDirection, string>> = { egress: "iifname", ingress: "oifname" };
const directions: readonly AclDirection[] = ["egress", "ingress"];

export interface JudgedNetwork {
  readonly name: string;
  readonly config: Config;
  /** The table of its ports. */
  readonly table: string;
}

/** Commands that have a port's frames judged, or bring that in line. @param acls those that its nic names, as they are now */
export function judgePort(
  { name, config, table }: JudgedNetwork,
  hostName: string,
  acls: readonly NetworkAcl[],
  usual: Usuals,
  filter: BridgeFilter,
): string {
  return directions
    .flatMap((direction) => {
      const [base, own] = [`acl_${direction}`, chainOf(direction, hostName)];
      const court: Court = {
        network: name,
        isOfBridge: true,
        directions: [direction],
        edge: () => "",
        verdicts: (action, protocol) => verdictsOf(filter, action, protocol, direction),
      };
      const rules = [
        ...knownConnections(filter),
        ...(direction === "egress" ? fromGuest(config) : toGuest(config)),
        ...aclLines(court, acls, usual),
      ];
      return [
        `add map ${table} ${direction} { type ifname : verdict; }`,
        `add chain ${table} ${base} { type filter hook ${hooks[direction]}; policy accept; }`,
        `flush chain ${table} ${base}`,
        `add rule ${table} ${base} ${edges[direction]} vmap @${direction}`,
        `add chain ${table} ${own}`,
        `flush chain ${table} ${own}`,
        ...rules.map((rule) => `add rule ${table} ${own} ${rule}`),
        `add element ${table} ${direction} { "${hostName}" : jump ${own} }`,
      ];
    })
    .map((command) => `${command}\n`)
    .join("");
}

/** Commands that let a port's frames pass again, which were judged. */
export const unjudgePort = (table: string, hostName: string): string =>
  directions
    .map(
      (direction) =>
        `delete element ${table} ${direction} { "${hostName}" }\ndelete chain ${table} ${chainOf(direction, hostName)}\n`,
    )
    .join("");

const chainOf = (direction: AclDirection, hostName: string): string => `${direction}_${hostName}`;

function verdictsOf(
  { rejects }: BridgeFilter,
  action: AclAction,
  protocol: string,
  direction: AclDirection,
): readonly string[] {
  if (action === "allow") return ["accept"];
  return action === "reject" && rejects && direction === "egress" ? refusals(protocol) : ["drop"];
}

/** Addresses by which guests know the host, of each family. */
function addressesOf(config: Config): { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] } {
  const [subnet, subnet6, linkLocal] = [subnetOf(config), subnet6Of(config), bridgeLinkLocal(config)];
  const own6 = subnet6 === undefined ? [] : [subnet6.address, ...(linkLocal === undefined ? [] : [linkLocal])];
  return { ipv4: subnet === undefined ? [] : [addressText(subnet.address)], ipv6: own6.map(addressText6) };
}

/** Names and leases of the network's own server, neighbours, and answers that say why a packet did not arrive. */
function fromGuest(config: Config): string[] {
  const { ipv4, ipv6 } = addressesOf(config);
  const dns = "meta l4proto { tcp, udp } th dport 53 accept";
  return [
    "meta protocol arp accept",
    `meta protocol ip ${needed.icmp} accept`,
    `meta protocol ip6 ${needed.icmp6FromGuests} accept`,
    ...(servesDhcp(config)
      ? [`meta protocol ip ip daddr { 255.255.255.255, ${ipv4.join(", ")} } udp dport 67 accept`]
      : []),
    ...(servesDhcp6(config)
      ? [`meta protocol ip6 ip6 daddr { ff02::1:2, ${ipv6.join(", ")} } udp dport 547 accept`]
      : []),
    ...(ipv4.length === 0 ? [] : [`meta protocol ip ip daddr { ${ipv4.join(", ")} } ${dns}`]),
    ...(ipv6.length === 0 ? [] : [`meta protocol ip6 ip6 daddr { ${ipv6.join(", ")} } ${dns}`]),
  ];
}

/** A reset that a neighbour's ACL sends is of no connection that anybody follows. */
function toGuest(config: Config): string[] {
  const { ipv4, ipv6 } = addressesOf(config);
  return [
    "meta protocol arp accept",
    `meta protocol ip ${needed.icmp} accept`,
    `meta protocol ip6 ${needed.icmp6ToGuests} accept`,
    "tcp flags & rst == rst accept",
    ...(servesDhcp(config) ? [`meta protocol ip ip saddr { ${ipv4.join(", ")} } udp sport 67 accept`] : []),
    ...(servesDhcp6(config) ? [`meta protocol ip6 ip6 saddr { ${ipv6.join(", ")} } udp sport 547 accept`] : []),
  ];
}
