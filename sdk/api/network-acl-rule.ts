/** Rules of network ACLs: what one says, and what is wrong with one, in LXD's words (docs/lxd-api.md, Network ACLs). */
import { isIPv4 } from "node:net";
import * as z from "zod";
import { Text } from "./common";
import { parseAddress, parseSubnet } from "./ipv4";
import { isAddress6, parseAddress6, parseSubnet6 } from "./ipv6";
import { means } from "./means";

/** A type of its own for each field, since each means something else. */
const part = (description: string) => means(Text.default(""), description);

export const NetworkAclRule = z.object({
  action: part("`allow`, `drop` or `reject`."),
  state: part("`enabled`, `disabled` or `logged`."),
  source: part(
    "Addresses, subnets, ranges of addresses (`10.1.2.3-10.1.2.9`) and address sets (`$NAME`), separated by commas; any when empty.",
  ),
  destination: part("The same of where packets go."),
  protocol: part("`icmp4`, `icmp6`, `tcp` or `udp`; any when empty."),
  source_port: part("Ports and ranges of them, separated by commas; of `tcp` and `udp`."),
  destination_port: part("The same of where packets go."),
  icmp_type: part("A number; of `icmp4` and `icmp6`."),
  icmp_code: part("A number; of `icmp4` and `icmp6`."),
  description: part("Free text for people."),
});
export type NetworkAclRule = z.infer<typeof NetworkAclRule>;

/** A rule as it is shown: what is empty is left out. */
export const NetworkAclRuleShown = z.looseObject({
  ...Object.fromEntries(Object.keys(NetworkAclRule.shape).map((name) => [name, z.string().optional()])),
}) as z.ZodType<Partial<NetworkAclRule>>;

/** Ingress goes to instances, egress comes from them. */
export type AclDirection = "ingress" | "egress";

export const aclActions = ["allow", "drop", "reject"] as const;
export const aclStates = ["enabled", "disabled", "logged"] as const;
export const aclProtocols = ["icmp4", "icmp6", "tcp", "udp"] as const;

type Family = "ipv4" | "ipv6";

/** The words of a list: separated by commas, with spaces around them that mean nothing. */
export const wordsOf = (list: string): string[] =>
  list.trim() === "" ? [] : list.split(",").map((word) => word.trim());

/** The rule without spaces that mean nothing: two that come to the same are then the same. */
export function normalRule(rule: NetworkAclRule): NetworkAclRule {
  const lists = ["source", "destination", "source_port", "destination_port"] as const;
  const trimmed = Object.fromEntries(Object.entries(rule).map(([name, text]) => [name, text.trim()]));
  const joined = Object.fromEntries(lists.map((name) => [name, wordsOf(rule[name]).join(",")]));
  return { ...rule, ...trimmed, ...joined };
}

/** Which family an address, a subnet or a range of addresses is of. @returns nothing when the word is none of these */
export function familyOf(subject: string): Family | undefined {
  if (parseSubnet(subject) !== undefined) return "ipv4";
  if (parseSubnet6(subject) !== undefined) return "ipv6";
  const [first = "", last = "", ...more] = subject.split("-");
  if (more.length > 0) return undefined;
  if (isIPv4(first) && isIPv4(last)) return parseAddress(first) <= parseAddress(last) ? "ipv4" : undefined;
  if (isAddress6(first) && isAddress6(last)) return parseAddress6(first) <= parseAddress6(last) ? "ipv6" : undefined;
  return undefined;
}

/** The address set that a subject names; nothing when it names none. */
export const setOf = (subject: string): string | undefined =>
  /^\$[a-zA-Z][a-zA-Z0-9-]*$/.test(subject) ? subject.slice(1) : undefined;

/** What is wrong with a rule. */
export interface RuleFault {
  readonly field: keyof NetworkAclRule;
  readonly reason: string;
}

const fault = (field: RuleFault["field"], reason: string): RuleFault => ({ field, reason });

/** Why a rule cannot be one, or nothing. Whether the address sets that it names are there is not asked. @param rule a normal one */
export function ruleFault(direction: AclDirection, rule: NetworkAclRule): RuleFault | undefined {
  if (!isOneOf(aclActions, rule.action)) return fault("action", `Action must be one of: ${aclActions.join(", ")}`);
  if (!isOneOf(aclStates, rule.state)) return fault("state", `State must be one of: ${aclStates.join(", ")}`);
  return subjectsFault(direction, rule) ?? protocolFault(rule);
}

/** As ruleFault, in words alone. */
export const ruleReason = (direction: AclDirection, rule: NetworkAclRule): string | undefined =>
  ruleFault(direction, rule)?.reason;

function subjectsFault(direction: AclDirection, { source, destination }: NetworkAclRule): RuleFault | undefined {
  const sides = [
    ["source", "Source", wordsOf(source)],
    ["destination", "Destination", wordsOf(destination)],
  ] as const;
  const named = direction === "ingress" ? "Source" : "Destination";
  for (const [field, side, subjects] of sides)
    for (const subject of subjects)
      if (familyOf(subject) === undefined && setOf(subject) === undefined)
        return fault(field, `Invalid ${side}: ${subjectReason(subject, side, named, direction)}`);
  const [[, , from], [, , to]] = sides;
  const both = source !== "" && destination !== "";
  return both && families.some((family) => isAlone(family, from, to))
    ? fault("destination", "Conflicting IP family types used for Source and Destination")
    : undefined;
}

const families: readonly Family[] = ["ipv4", "ipv6"];

/** Whether one side alone speaks of a family. A set may have addresses of both. */
function isAlone(family: Family, from: readonly string[], to: readonly string[]): boolean {
  const speaks = (subjects: readonly string[]) => subjects.some((subject) => familyOf(subject) === family);
  const may = (subjects: readonly string[]) =>
    speaks(subjects) || subjects.some((subject) => setOf(subject) !== undefined);
  return (speaks(from) && !may(to)) || (speaks(to) && !may(from));
}

/** Names of other ACLs, of peers and of what is inside mean something on networks of OVN alone. */
function subjectReason(subject: string, side: string, named: string, direction: AclDirection): string {
  const isName = /^[@a-zA-Z][@a-zA-Z0-9/-]*$/.test(subject);
  if (isName && side !== named) return `Named subjects not allowed in "${side}" for "${direction}" rules`;
  return `Invalid subject "${subject}". It must be an address, a subnet, a range of addresses such as 10.1.2.3-10.1.2.9, or an address set such as $web`;
}

function protocolFault(rule: NetworkAclRule): RuleFault | undefined {
  const { protocol } = rule;
  if (protocol !== "" && !isOneOf(aclProtocols, protocol))
    return fault("protocol", `Protocol must be one of: ${aclProtocols.join(", ")}`);
  if (protocol === "tcp" || protocol === "udp") return tcpFault(rule);
  if (protocol === "icmp4" || protocol === "icmp6") return icmpFault(rule);
  const without = [
    ["icmp_type", "ICMP type"],
    ["icmp_code", "ICMP code"],
    ["source_port", "Source port"],
    ["destination_port", "Destination port"],
  ] as const;
  const [field, title] = without.find(([name]) => rule[name] !== "") ?? [];
  return field && fault(field, `${title} cannot be used without specifying protocol`);
}

function tcpFault(rule: NetworkAclRule): RuleFault | undefined {
  if (rule.icmp_type !== "") return fault("icmp_type", "ICMP type cannot be used with non-ICMP protocol");
  if (rule.icmp_code !== "") return fault("icmp_code", "ICMP code cannot be used with non-ICMP protocol");
  const sides = [
    ["source_port", "Source"],
    ["destination_port", "Destination"],
  ] as const;
  for (const [field, side] of sides)
    for (const port of wordsOf(rule[field])) {
      const reason = portReason(port);
      if (reason !== undefined) return fault(field, `Invalid ${side} port: ${reason}`);
    }
  return undefined;
}

function portReason(port: string): string | undefined {
  const ends = port.split("-");
  if (ends.length > 2 || !ends.every(isPort)) return `Invalid port number "${port}"`;
  const [first = "", last = first] = ends;
  return Number(first) <= Number(last) ? undefined : `Start port ${first} must be lower than end port ${last}`;
}

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) < 65536;

function icmpFault(rule: NetworkAclRule): RuleFault | undefined {
  const { protocol } = rule;
  if (rule.source_port !== "") return fault("source_port", `Source port cannot be used with "${protocol}" protocol`);
  if (rule.destination_port !== "")
    return fault("destination_port", `Destination port cannot be used with "${protocol}" protocol`);
  const [family, title] = protocol === "icmp4" ? (["ipv6", "IPv6"] as const) : (["ipv4", "IPv4"] as const);
  for (const side of ["source", "destination"] as const)
    if (wordsOf(rule[side]).some((subject) => familyOf(subject) === family))
      return fault(side, `Cannot use ${title} ${side} addresses with "${protocol}" protocol`);
  for (const field of ["icmp_type", "icmp_code"] as const) {
    const value = rule[field];
    if (value !== "" && !(/^\d{1,3}$/.test(value) && Number(value) < 256))
      return fault(
        field,
        `Invalid ICMP ${field.slice("icmp_".length)}: Invalid value for an integer "${value}". Must be between 0 and 255`,
      );
  }
  return undefined;
}

const isOneOf = (words: readonly string[], word: string): boolean => words.includes(word);

/** Why the rules of an ACL cannot be, or nothing. @param rules normal ones */
export function rulesReason(direction: AclDirection, rules: readonly NetworkAclRule[]): string | undefined {
  const seen = new Map<string, number>();
  for (const [index, rule] of rules.entries()) {
    const reason = ruleReason(direction, rule);
    if (reason !== undefined) return `Invalid ${direction} rule ${index}: ${reason}`;
    const text = JSON.stringify(Object.entries(rule).sort());
    const first = seen.get(text);
    if (first !== undefined) return `Duplicate of ${direction} rule ${first}`;
    seen.set(text, index);
  }
  return undefined;
}
