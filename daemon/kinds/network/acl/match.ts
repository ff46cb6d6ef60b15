/** What a rule of an ACL asks of a packet, in nftables' words. */
import { familyOf, type NetworkAclRule, setOf, wordsOf } from "../../../../sdk/api/network-acl-rule";

const families = ["ipv4", "ipv6"] as const;
type Family = (typeof families)[number];

/** One line for each family that the rule speaks of and each of its address sets, or one for both. @param isOfBridge whether frames are asked, which say first of which family they are */
export function matchesOf(rule: NetworkAclRule, isOfBridge = false): string[] {
  const subjects = [wordsOf(rule.source), wordsOf(rule.destination)] as const;
  const only = { icmp4: "ipv4", icmp6: "ipv6" }[rule.protocol] as Family | undefined;
  const ports = portsOf(rule);
  const kind = (family: Family) => (isOfBridge ? ` meta protocol ${wordOf(family)}` : "");
  if (subjects.every((side) => side.length === 0)) return [`${only === undefined ? "" : kind(only)}${ports}`];
  return families
    .filter((family) => only === undefined || family === only)
    .flatMap((family) => {
      const [from, to] = subjects.map((side) => alternatives(side, family));
      return (from ?? []).flatMap((source) =>
        (to ?? []).map(
          (target) => `${kind(family)}${sideOf(family, "saddr", source)}${sideOf(family, "daddr", target)}${ports}`,
        ),
      );
    });
}

/** Name of the set in nftables that has a set's addresses of one family. */
export const familySetName = (set: string, family: Family): string => `${family}_${set}`;

/** What a side may be in a family, one of them: nftables has no set of addresses and sets. A side that speaks of the other family alone is nothing here. */
function alternatives(subjects: readonly string[], family: Family): (string | undefined)[] {
  if (subjects.length === 0) return [undefined];
  const addresses = subjects.filter((word) => familyOf(word) === family);
  const sets = subjects.flatMap((word) => setOf(word) ?? []);
  return [
    ...(addresses.length === 0 ? [] : [`{ ${addresses.join(", ")} }`]),
    ...sets.map((set) => `@${familySetName(set, family)}`),
  ];
}

const wordOf = (family: Family): string => (family === "ipv4" ? "ip" : "ip6");

const sideOf = (family: Family, side: "saddr" | "daddr", addresses: string | undefined): string =>
  addresses === undefined ? "" : ` ${wordOf(family)} ${side} ${addresses}`;

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
