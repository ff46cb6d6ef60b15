/** Match: whether a packet is one that a rule of nftables is about, as far as that can be told without sending it. */
import { BlockList, isIP, isIPv4 } from "node:net";
import type { Packet } from "./packet";
import type { Rule, Ruleset, Statement } from "./ruleset";

/** Nothing where it cannot be told. */
export type Truth = boolean | undefined;

/** A value that the packet has; "none" where it has nothing of the kind, and so is not meant; "unknown" where nobody can tell. */
type Value = { readonly is: string | number } | "none" | "unknown";

/** Statements that decide nothing. */
const idle = new Set(["counter", "log", "mangle", "notrack", "ct helper", "set", "comment", "secmark"]);
/** Statements that end a rule. */
export const verdicts = ["accept", "drop", "reject", "return", "jump", "goto", "vmap", "queue"] as const;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Whether all conditions of a rule hold for a packet; one that does not hold outweighs those that nobody can tell. */
export function matches(rule: Rule, packet: Packet, rules: Ruleset): Truth {
  const truths = rule.expr.map((statement) => holds(statement, rule, packet, rules));
  if (truths.includes(false)) return false;
  return truths.includes(undefined) ? undefined : true;
}

function holds(statement: Statement, rule: Rule, packet: Packet, rules: Ruleset): Truth {
  const [[kind, body] = ["", undefined]] = Object.entries(statement);
  if (kind === "match" && isRecord(body)) return compare(body, rule, packet, rules);
  if (kind === "xt" && isRecord(body))
    return body.type === "target" ? true : holdsForXtables(body, rule, packet, rules);
  return idle.has(kind) || verdicts.some((verdict) => verdict === kind) ? true : undefined;
}

/** iptables' own match of states, which JSON does not spell out. */
function holdsForXtables({ name }: Record<string, unknown>, rule: Rule, packet: Packet, rules: Ruleset): Truth {
  if (name === "comment") return true;
  const [, not, states] = /\bct state (! ?)?([a-z,]+)/.exec(rules.textOf(rule)) ?? [];
  if (!["conntrack", "state"].includes(String(name)) || states === undefined) return undefined;
  return states.split(",").includes(packet.state) !== (not !== undefined);
}

function compare({ op, left, right }: Record<string, unknown>, rule: Rule, packet: Packet, rules: Ruleset): Truth {
  const value = valueIn(left, packet);
  if (value === "none") return false;
  if (value === "unknown" || !["==", "!=", "in"].includes(String(op))) return undefined;
  const within = isWithin(value.is, right, rule, rules);
  return op === "!=" && within !== undefined ? !within : within;
}

/** What a packet has in the place that an expression is about. */
export function valueIn(expression: unknown, packet: Packet): Value {
  if (!isRecord(expression)) return "unknown";
  const { meta, ct, payload } = expression;
  if (isRecord(meta)) return metaOf(String(meta.key), packet);
  if (isRecord(ct)) {
    // A new packet of a guest has no mark, and nobody has led it elsewhere.
    const known: Readonly<Record<string, string | number>> = { state: packet.state, status: "", mark: 0 };
    return Object.hasOwn(known, String(ct.key)) ? { is: known[String(ct.key)] ?? "" } : "unknown";
  }
  if (isRecord(payload)) return fieldOf(String(payload.protocol), String(payload.field), packet);
  return "unknown";
}

function metaOf(key: string, { from, to, protocol, family }: Packet): Value {
  const known: Readonly<Record<string, string | number>> = {
    iifname: from,
    iif: from,
    oifname: to,
    oif: to,
    l4proto: protocol,
    nfproto: family,
    protocol: family === "ipv4" ? "ip" : "ip6",
    mark: 0,
  };
  return Object.hasOwn(known, key) ? { is: known[key] ?? "" } : "unknown";
}

function fieldOf(protocol: string, field: string, packet: Packet): Value {
  const { family, source, destination, port, icmpType } = packet;
  if (protocol === "ip" || protocol === "ip6") {
    if ((protocol === "ip") !== (family === "ipv4")) return "none";
    const known = { saddr: source, daddr: destination, protocol: packet.protocol, nexthdr: packet.protocol };
    return Object.hasOwn(known, field) ? { is: known[field as keyof typeof known] } : "unknown";
  }
  if (protocol === "icmpv6" && packet.protocol === "ipv6-icmp")
    return field === "type" && icmpType !== undefined ? { is: icmpType } : "unknown";
  // A rule about another protocol is not about this packet, whatever it asks of a field.
  if (protocol !== "th" && protocol !== packet.protocol) return "none";
  return field === "dport" && port !== undefined ? { is: port } : "unknown";
}

/** Whether a value is what the right side of a comparison names: itself, one of a set or list, or in a range or subnet. */
export function isWithin(value: string | number, right: unknown, rule: Rule, rules: Ruleset): Truth {
  if (Array.isArray(right)) return isOne(value, right, rule, rules);
  if (typeof right === "string" && right.startsWith("@")) {
    const elements = rules.elementsOf(rule, right.slice(1));
    return elements === undefined ? undefined : isOne(value, elements, rule, rules);
  }
  if (typeof right === "string" || typeof right === "number") return isSame(value, right);
  if (!isRecord(right)) return undefined;
  const { set, range, prefix, elem } = right;
  if (Array.isArray(set)) return isOne(value, set, rule, rules);
  if (isRecord(elem)) return isWithin(value, elem.val, rule, rules);
  if (Array.isArray(range)) return isInRange(value, range);
  if (isRecord(prefix)) return isInSubnet(value, prefix);
  return undefined;
}

function isOne(value: string | number, list: readonly unknown[], rule: Rule, rules: Ruleset): Truth {
  const truths = list.map((one) => isWithin(value, one, rule, rules));
  if (truths.includes(true)) return true;
  return truths.includes(undefined) ? undefined : false;
}

function isSame(value: string | number, right: string | number): boolean {
  if (typeof value === "string" && typeof right === "string" && right.endsWith("*"))
    return value.startsWith(right.slice(0, -1));
  if (isIP(String(value)) !== 0 && isIP(String(right)) !== 0)
    return isInSubnet(value, { addr: right, len: isIPv4(String(right)) ? 32 : 128 }) === true;
  return value === right;
}

const kindOf = (address: string) => (isIPv4(address) ? "ipv4" : "ipv6");

function isInRange(value: string | number, [first, last]: readonly unknown[]): Truth {
  if (typeof value === "number" && typeof first === "number" && typeof last === "number")
    return value >= first && value <= last;
  const [from, to] = [String(first), String(last)];
  if (isIP(String(value)) === 0 || isIP(from) === 0 || kindOf(from) !== kindOf(to)) return undefined;
  const list = new BlockList();
  list.addRange(from, to, kindOf(from));
  return list.check(String(value), kindOf(String(value)));
}

function isInSubnet(value: string | number, { addr, len }: Record<string, unknown>): Truth {
  if (isIP(String(value)) === 0 || isIP(String(addr)) === 0 || typeof len !== "number") return undefined;
  const list = new BlockList();
  list.addSubnet(String(addr), len, kindOf(String(addr)));
  return list.check(String(value), kindOf(String(value)));
}
