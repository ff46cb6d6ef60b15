/** Egress targets: what a network or a nic may reach, and nothing else (`security.egress.allow`). */
import { isIPv4 } from "node:net";
import type { ValueType } from "./config/table";
import { parseSubnet, subnetText } from "./ipv4";
import { isAddress6, parseSubnet6, subnetText6 } from "./ipv6";

export interface EgressTarget {
  readonly protocol: "tcp" | "udp";
  readonly host: EgressName | EgressSubnet;
  /** First and last port of each range; none for all of the protocol. */
  readonly ports: readonly (readonly [number, number])[];
}

export interface EgressName {
  /** In small letters; of a wildcard what stands behind its "*." */
  readonly name: string;
  /** Whether all names below it are meant, and not itself. */
  readonly isWildcard: boolean;
}

export interface EgressSubnet {
  readonly family: "ip" | "ip6";
  /** As the kernel writes it. */
  readonly subnet: string;
}

export const isName = (host: EgressTarget["host"]): host is EgressName => "name" in host;

/** More are a list that nobody reads. */
const mostTargets = 256;

/** Of hosts: no underscore at the end of the world's names is one of an address. */
const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+$/;

const form =
  "[PROTOCOL/]HOST[:PORTS], such as registry.example.org:443, *.example.com:80,443 or udp/192.0.2.0/24:5000-5010";

/** The network's own server of names is the only one that guests may ask. */
const dnsPort = 53;

/**
 * Reads a list: targets with commas or blanks between them. A word of digits alone is one more port of the target before it.
 * @returns the targets, none of "none"; or why it is no such list
 */
export function parseEgress(text: string): readonly EgressTarget[] | string {
  if (text.trim() === "none") return [];
  const words: string[] = [];
  for (const word of text.split(/[\s,]+/).filter((one) => one !== "")) {
    const last = words.length - 1;
    if (!/^\d+(-\d+)?$/.test(word)) words.push(word);
    else if (last < 0) return `"${word}" is a port of no host: each target must be ${form}`;
    else words[last] += `,${word}`;
  }
  if (words.length === 0) return `it must be none, or targets with commas between, each ${form}`;
  if (words.length > mostTargets) return `it must have at most ${mostTargets} targets`;
  const targets: EgressTarget[] = [];
  for (const word of words) {
    const target = parseTarget(word);
    if (typeof target === "string") return `"${word}" ${target}`;
    targets.push(target);
  }
  return targets;
}

function parseTarget(word: string): EgressTarget | string {
  const [, protocol = "tcp", rest = ""] = /^(?:(tcp|udp)\/)?(.*)$/.exec(word) ?? [];
  // An IPv6 address without brackets has no ports.
  const isBare6 = isAddress6(rest.split("/")[0] ?? "");
  const [, bracketed, plain = "", list] = isBare6
    ? [undefined, undefined, rest, undefined]
    : (/^(?:\[([^\]]+)\]|([^:]*))(?::([\d,-]+))?$/.exec(rest) ?? []);
  const host = hostOf(bracketed ?? plain, isBare6 || bracketed !== undefined);
  if (typeof host === "string") return host;
  const ports = list === undefined ? [] : portsOf(list);
  return typeof ports === "string" ? ports : { protocol: protocol as "tcp" | "udp", host, ports };
}

function hostOf(text: string, isIpv6: boolean): EgressTarget["host"] | string {
  if (isIpv6) {
    const subnet = parseSubnet6(text);
    return subnet === undefined ? "has no IPv6 address or subnet" : { family: "ip6", subnet: subnetText6(subnet) };
  }
  if (isIPv4(text.split("/")[0] ?? "") || /^[\d.]+(\/|$)/.test(text)) {
    const subnet = parseSubnet(text);
    return subnet === undefined ? "has no IPv4 address or subnet" : { family: "ip", subnet: subnetText(subnet) };
  }
  const isWildcard = text.startsWith("*.");
  const name = (isWildcard ? text.slice(2) : text).toLowerCase().replace(/\.$/, "");
  if (hostName.test(name) || (isWildcard && /^[a-z0-9-]{1,63}$/.test(name))) return { name, isWildcard };
  return `must be ${form}; a name has at least two parts, of letters, digits and dashes, and "*" stands only for its first ones`;
}

function portsOf(list: string): EgressTarget["ports"] | string {
  const ports: [number, number][] = [];
  for (const part of list.split(",")) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    if (first === undefined || Number(first) < 1 || Number(last) > 65535 || Number(last) < Number(first))
      return `has "${part}", which must be a port from 1 to 65535, or a range of ports`;
    ports.push([Number(first), Number(last)]);
  }
  const sorted = [...ports].sort(([a], [b]) => a - b);
  if (sorted.some(([first], at) => first <= (sorted[at - 1]?.[1] ?? 0))) return "must not name a port twice";
  return sorted.some(([first, last]) => first <= dnsPort && dnsPort <= last)
    ? `must leave out the port ${dnsPort}: guests ask the network's own server of names, and no other`
    : sorted;
}

export const egressTargets: ValueType<readonly EgressTarget[]> = {
  title: "`none`, or targets with commas between",
  check: (value) => {
    const targets = parseEgress(value);
    return typeof targets === "string" ? targets : undefined;
  },
  parse: (value) => {
    const targets = parseEgress(value);
    return typeof targets === "string" ? undefined : targets;
  },
};

/** Whether a name is one that a target means. @param name in small letters, without a dot at its end */
export const meansName = ({ host }: EgressTarget, name: string): boolean =>
  isName(host) && (host.isWildcard ? name.endsWith(`.${host.name}`) : name === host.name);
