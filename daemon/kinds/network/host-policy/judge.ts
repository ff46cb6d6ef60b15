/**
 * Judge: which rule of others drops a packet, found without sending one. Where a rule may let the packet pass and nobody can tell, such as by a
 * mark of a program's own, the answer is that nothing drops it: a warning is to be true.
 */
import { isWithin, matches, valueIn } from "./match";
import type { Packet } from "./packet";
import type { Chain, Rule, Ruleset } from "./ruleset";

/** What keeps a packet back: a rule, or the policy of a chain where it names no rule. */
export interface Obstacle {
  readonly chain: Pick<Chain, "family" | "table" | "name">;
  readonly rule?: Rule;
}

/** "end" is that of the chain, with nothing decided. */
type Outcome = Obstacle | "accept" | "end" | "unknown";

/** More than any ruleset nests: the kernel allows 16. */
const deepest = 16;

type Place = Obstacle["chain"];

/** Each chain of a hook decides: what one of them accepts, another one can still drop. @returns the first that drops the packet */
export function obstacleTo(packet: Packet, rules: Ruleset): Obstacle | undefined {
  const own = packet.family === "ipv4" ? "ip" : "ip6";
  const way = new Way(packet, rules);
  for (const chain of rules.chains) {
    if (chain.hook !== packet.hook || chain.type !== "filter" || ![own, "inet"].includes(chain.family)) continue;
    const outcome = way.through(chain);
    if (typeof outcome === "object") return outcome;
    if (outcome === "end" && chain.policy === "drop") return { chain };
  }
  return undefined;
}

/** The way of one packet through chains. */
class Way {
  constructor(
    private readonly packet: Packet,
    private readonly rules: Ruleset,
  ) {}

  through(chain: Place, depth = 0): Outcome {
    if (depth > deepest) return "unknown";
    for (const rule of this.rules.rulesOf(chain, chain.name)) {
      const truth = matches(rule, this.packet, this.rules);
      if (truth === false) continue;
      const outcome = this.#decision(rule, chain, depth);
      if (outcome === undefined) continue;
      if (truth === true) return outcome;
      // It may drop the packet or not: then what follows counts as well.
      if (typeof outcome !== "object") return "unknown";
    }
    return "end";
  }

  /** What a rule does with a packet that it is about; nothing where the packet goes on behind it. */
  #decision(rule: Rule, chain: Place, depth: number): Outcome | undefined {
    for (const statement of rule.expr) {
      const [[kind, body] = ["", undefined]] = Object.entries(statement);
      if (kind === "vmap") return this.#mapped(body, rule, chain, depth);
      const outcome = kind === "xt" ? ofXtables(body, rule, chain) : this.#verdict(kind, body, rule, chain, depth);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  #verdict(kind: string, body: unknown, rule: Rule, { family, table, name }: Place, depth: number) {
    if (kind === "accept") return "accept";
    if (kind === "drop" || kind === "reject") return { chain: { family, table, name }, rule };
    if (kind === "return") return "end";
    if (kind === "queue") return "unknown";
    if (kind !== "jump" && kind !== "goto") return undefined;
    const outcome = this.through({ family, table, name: String((body as { target?: unknown }).target) }, depth + 1);
    return outcome === "end" && kind === "jump" ? undefined : outcome;
  }

  /** A verdict by a value, such as `ct state vmap { established : accept }`. */
  #mapped(body: unknown, rule: Rule, chain: Place, depth: number): Outcome | undefined {
    const { key, data } = body as { key?: unknown; data?: { set?: unknown } };
    const value = valueIn(key, this.packet);
    if (value === "none") return undefined;
    if (value === "unknown" || !Array.isArray(data?.set)) return "unknown";
    for (const [element, verdict] of data.set as [unknown, Record<string, unknown>][]) {
      const within = isWithin(value.is, element, rule, this.rules);
      if (within === undefined) return "unknown";
      const [[kind, target] = ["", undefined]] = Object.entries(verdict);
      if (within) return this.#verdict(kind, target, rule, chain, depth);
    }
    return undefined;
  }
}

/** Targets of iptables that nftables has no word for. */
function ofXtables(body: unknown, rule: Rule, chain: Place): Outcome | undefined {
  const { type, name } = body as { type?: unknown; name?: unknown };
  if (type !== "target") return undefined;
  if (name === "REJECT" || name === "DROP") return { chain, rule };
  return name === "NFQUEUE" ? "unknown" : undefined;
}
