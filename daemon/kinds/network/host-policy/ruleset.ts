/** Ruleset: the rules of nftables that others made, such as Docker's and firewalld's, as `nft -j` shows them (libnftables-json(5)). */
import * as z from "zod";
import { run } from "../../../platform/processes/run";
import { readSaid } from "../../../platform/processes/said";

const Where = { family: z.string(), table: z.string() };
const Statement = z.record(z.string(), z.unknown());
export type Statement = z.output<typeof Statement>;

const Rule = z.object({ ...Where, chain: z.string(), handle: z.number(), expr: z.array(Statement).default([]) });
export type Rule = z.output<typeof Rule>;

const Chain = z.object({
  ...Where,
  name: z.string(),
  type: z.string().optional(),
  hook: z.string().optional(),
  policy: z.string().optional(),
});
export type Chain = z.output<typeof Chain>;

const NamedSet = z.object({ ...Where, name: z.string(), elem: z.array(z.unknown()).default([]) });

const Listing = z.object({
  nftables: z.array(
    z.object({
      chain: Chain.optional(),
      rule: Rule.optional(),
      set: NamedSet.optional(),
    }),
  ),
});

type Listing = z.output<typeof Listing>;

/** The tables of our networks (daemon/kinds/network/tables.ts). */
const isOurs = (table: string): boolean => table.startsWith("bothy_");
/** Those that see packets of IP on their way. */
const families = ["ip", "ip6", "inet"];

export class Ruleset {
  readonly chains: readonly Chain[];
  readonly #rules = new Map<string, Rule[]>();
  readonly #sets: ReadonlyMap<string, readonly unknown[]>;

  /** @param listing what `nft -j` has printed @param texts rules as `nft -a` prints them, by their place, for what JSON leaves out */
  constructor(
    { nftables }: Listing,
    private readonly texts: ReadonlyMap<string, string>,
  ) {
    this.chains = nftables.flatMap(({ chain }) => chain ?? []);
    this.#sets = new Map(nftables.flatMap(({ set }) => (set ? [[placeOf(set, set.name), set.elem] as const] : [])));
    for (const { rule } of nftables)
      if (rule !== undefined) this.#rules.set(placeOf(rule, rule.chain), [...this.rulesOf(rule, rule.chain), rule]);
  }

  /** Of a chain that stands in a table. */
  rulesOf(table: Pick<Rule, "family" | "table">, chain: string): readonly Rule[] {
    return this.#rules.get(placeOf(table, chain)) ?? [];
  }

  /** Nothing for a set that is not there. */
  elementsOf(table: Pick<Rule, "family" | "table">, set: string): readonly unknown[] | undefined {
    return this.#sets.get(placeOf(table, set));
  }

  /** As a person writes the rule; "" where that was not read. */
  textOf(rule: Rule): string {
    return this.texts.get(placeOf(rule, String(rule.handle))) ?? "";
  }
}

const placeOf = ({ family, table }: Pick<Rule, "family" | "table">, name: string): string =>
  `${family} ${table} ${name}`;

/** Reads what is not ours. @returns nothing where nobody else has rules for IP @throws ApiError INTERNAL when nft fails */
export async function readRuleset(): Promise<Ruleset | undefined> {
  // Asked for tables, nft reads all that is in them, each set by itself: of two hundred networks that takes it seconds.
  const listed = readSaid("nft", Listing, (await run("nft", ["-j", "list", "chains"])).stdout);
  const foreign = new Map<string, Pick<Rule, "family" | "table">>();
  for (const { chain } of listed.nftables)
    if (chain !== undefined && families.includes(chain.family) && !isOurs(chain.table))
      foreign.set(placeOf(chain, ""), chain);
  if (foreign.size === 0) return undefined;
  const all: Listing["nftables"] = [];
  const texts = new Map<string, string>();
  for (const { family, table } of foreign.values()) {
    const words = ["list", "table", family, table];
    // A table may go between two questions: then it drops nothing any more.
    const [json, text] = [await list(["-j", ...words]), await list(["-a", ...words])];
    if (json === undefined || text === undefined) continue;
    all.push(...readSaid("nft", Listing, json).nftables);
    for (const [, rule = "", handle = ""] of text.matchAll(/^\s*(\S.*?) # handle (\d+)$/gm))
      texts.set(placeOf({ family, table }, handle), rule);
  }
  return new Ruleset({ nftables: all }, texts);
}

async function list(words: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await run("nft", words, { accept: [0, 1] });
  return code === 0 ? stdout : undefined;
}
