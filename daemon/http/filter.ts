/** Filter: the query parameter of lists, clauses "[not] field eq|ne value" joined by and, or, left to right (docs/lxd-api.md, Filters). */
import { badRequest } from "../../sdk/api/errors";

interface Clause {
  readonly joinedBy: "and" | "or";
  readonly isNegated: boolean;
  readonly field: string;
  readonly operator: "eq" | "ne";
  readonly value: string;
  /** The value as a pattern over the whole text; undefined when it is not a regular expression. */
  readonly pattern: RegExp | undefined;
}

export type Filter = readonly Clause[];

/** @param text empty or absent means no filter @throws ApiError BAD_REQUEST */
export function parseFilter(text: string | null): Filter {
  const words = wordsOf(text ?? "");
  const clauses: Clause[] = [];
  let at = 0;
  let joinedBy: Clause["joinedBy"] = "and";
  while (at < words.length) {
    const isNegated = words[at]?.toLowerCase() === "not";
    if (isNegated) at += 1;
    const [field, operator, value] = words.slice(at, at + 3);
    if (field === undefined || value === undefined || !(operator === "eq" || operator === "ne"))
      throw invalid("each clause is a field, eq or ne, and a value");
    clauses.push({ joinedBy, isNegated, field, operator, value, pattern: patternOf(value) });
    at += 3;
    if (at === words.length) break;
    const joint = words[at]?.toLowerCase();
    if (joint !== "and" && joint !== "or") throw invalid(`"${words[at]}" stands where "and" or "or" belongs`);
    joinedBy = joint;
    at += 1;
    if (at === words.length) throw invalid(`nothing follows the last "${joint}"`);
  }
  return clauses;
}

const invalid = (cause: string) =>
  badRequest(`Invalid filter: ${cause}. Write it like: status eq running and not name eq web`);

function wordsOf(text: string): string[] {
  const words: string[] = [];
  const pattern = /\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+)/y;
  const trimmed = text.trimEnd();
  while (pattern.lastIndex < trimmed.length) {
    const match = pattern.exec(trimmed);
    if (match === null) throw invalid("a quote is not closed");
    const word = match[1]!;
    words.push(/^["']/.test(word) ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word);
  }
  return words;
}

/** Long or repeated patterns could take for ever, so those match as plain text. */
function patternOf(value: string): RegExp | undefined {
  if (value.length > 200 || /[*+}?]\)?[*+{]|\([^)]*[*+{|][^)]*\)[*+{]/.test(value)) return undefined;
  try {
    return new RegExp(`^(?:${value})$`, "i");
  } catch {
    // No regular expression: the value matches as plain text.
    return undefined;
  }
}

/** Whether an object, as the list shows it, passes. */
export function matches(filter: Filter, object: object): boolean {
  let result = true;
  filter.forEach((clause, index) => {
    const holds = clauseHolds(clause, object);
    result = index === 0 ? holds : clause.joinedBy === "and" ? result && holds : result || holds;
  });
  return result;
}

function clauseHolds({ field, operator, value, pattern, isNegated }: Clause, object: object): boolean {
  const text = fieldText(object, field);
  const isEqual = text.toLowerCase() === value.toLowerCase() || (pattern?.test(text) ?? false);
  return (isEqual === (operator === "eq")) !== isNegated;
}

/** A dotted field; keys of maps may hold dots themselves, as in config.limits.memory. */
function fieldText(value: unknown, field: string): string {
  if (typeof value !== "object" || value === null) return "";
  if (Object.hasOwn(value, field)) {
    const found = (value as Record<string, unknown>)[field];
    return found === null || found === undefined
      ? ""
      : typeof found === "object"
        ? JSON.stringify(found)
        : String(found);
  }
  for (let dot = field.indexOf("."); dot > 0; dot = field.indexOf(".", dot + 1)) {
    const key = field.slice(0, dot);
    if (Object.hasOwn(value, key)) {
      const text = fieldText((value as Record<string, unknown>)[key], field.slice(dot + 1));
      if (text !== "") return text;
    }
  }
  return "";
}
