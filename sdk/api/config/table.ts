/** Tables of configuration keys: one row a key, read by daemon, provider, editors and docs/config.md. */
import type { Config } from "../common";
import { isWordOf, lxdKeysLeftOut } from "./lxd-words";
import { nearestKey } from "./near";

/** Says why a text does not fit, or nothing when it does. */
export type Check = (text: string) => string | undefined;

export interface ValueType<T = unknown> {
  /** What it is called in docs, such as "true or false". */
  readonly title: string;
  readonly check: Check;
  /** Reads a text that was checked. @returns nothing for one that it cannot read, which counts as no value */
  readonly parse: (text: string) => T | undefined;
}

/**
 * When a value counts that is changed while its object is in use. "at creation": it cannot be changed later. "never": the server keeps
 * the key for itself, and takes no value of a client's.
 */
export type Applies = "now" | "next start" | "at creation" | "never";

export interface Row<T = unknown> {
  readonly type: ValueType<T>;
  /** For a pattern: what may stand in the place of its "*"; anything when absent. */
  readonly name?: Check;
  /** The text that counts while the key is unset. */
  readonly default?: string;
  /** What counts while the key is unset, where that is not always the same text. */
  readonly unset?: string;
  /** Whether the server fills the key in when nobody sets it. */
  readonly computed?: true;
  /** Whether values are likely to be secret: they never stand in an error. */
  readonly secret?: true;
  /** Whether an object cannot be without it. */
  readonly required?: true;
  readonly applies: Applies;
  /** Version of Bothy. */
  readonly since: string;
  /** Extension of the API that brought the key; absent for one of the first API 1.0. */
  readonly extension?: string;
  readonly example: string;
  readonly doc: string;
}

export interface KeyRow<T = unknown> extends Row<T> {
  /** Keys of one subject, as docs/config.md has them together. */
  readonly group: string;
}

/** Rows by key. A key with a "*" is a pattern: "user.*" is all that begins with "user.", "volatile.*.hwaddr" one key a nic. */
export type KeyTable = Readonly<Record<string, KeyRow>>;

/** Gives rows their group. */
export const grouped = <const Rows extends Readonly<Record<string, Row>>>(
  group: string,
  rows: Rows,
): { readonly [Key in keyof Rows]: Rows[Key] & { readonly group: string } } =>
  Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, { ...row, group }])) as never;

export interface ConfigIssue {
  readonly key: string;
  readonly message: string;
}

interface Pattern {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/** The patterns among some keys, the narrowest first. */
const patternsAmong = (keys: readonly string[]): Pattern[] =>
  keys
    .filter((key) => key.includes("*"))
    .map((key) => {
      const [before = "", after = ""] = key.split("*");
      return { key, before, after };
    })
    .sort((a, b) => b.key.length - a.key.length);

/** Tables are read for every nic of every instance in a list, and lists of keys for every key of an instance. */
const knownPatterns = new WeakMap<object, readonly Pattern[]>();

/** @param of a table, or a list of keys, which does not change any more */
function patternsOf(of: object): readonly Pattern[] {
  const known = knownPatterns.get(of);
  if (known !== undefined) return known;
  const patterns = patternsAmong(Array.isArray(of) ? (of as string[]) : Object.keys(of));
  knownPatterns.set(of, patterns);
  return patterns;
}

/** What stands in the place of a pattern's "*". "user." alone is a key, since LXD takes it. @returns nothing when the key does not fit */
function innerPart({ before, after }: Pattern, key: string): string | undefined {
  if (!key.startsWith(before) || !key.endsWith(after)) return undefined;
  const isWhole = key.length > before.length + after.length || key === "user.";
  return isWhole ? key.slice(before.length, key.length - after.length) : undefined;
}

/** Finds the row of a key: its own, or that of the narrowest pattern that it fits. @returns the row and what stands for its "*" */
function find<R extends Row>(
  table: Readonly<Record<string, R>>,
  key: string,
): { readonly row: R; readonly inner?: string } | undefined {
  const own = Object.hasOwn(table, key) && !key.includes("*") ? table[key] : undefined;
  if (own !== undefined) return { row: own };
  for (const pattern of patternsOf(table)) {
    const inner = innerPart(pattern, key);
    if (inner !== undefined) return { row: table[pattern.key]!, inner };
  }
  return undefined;
}

/** @returns the row of a key, its own or that of a pattern */
export const findRow = <R extends Row>(table: Readonly<Record<string, R>>, key: string): R | undefined =>
  find(table, key)?.row;

/** Keys and patterns of the rows that the server fills in. */
export const computedKeys = (table: KeyTable): string[] =>
  Object.entries(table).flatMap(([key, row]) => (row.computed ? [key] : []));

/** @returns whether a key is one of some keys and patterns */
export const isOneOf = (keys: readonly string[], key: string): boolean =>
  keys.includes(key) || patternsOf(keys).some((pattern) => innerPart(pattern, key) !== undefined);

/**
 * Checks every key and value; empty values mean "unset" and fit every key.
 * @param lxd keys that LXD has for such an object, to tell those that are not here yet from those that nobody has
 * @returns one issue per wrong key
 */
export function checkConfig(table: KeyTable, config: Config, lxd: readonly string[] = []): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  for (const [key, value] of Object.entries(config)) {
    const message = keyIssue(table, key, lxd) ?? valueIssue(table, key, value);
    if (message !== undefined) issues.push({ key, message });
  }
  return issues;
}

/** The known key that is nearest to a wrong one; of a pattern, with what the wrong one has in the place of the "*". */
export const nearestTo = (table: KeyTable, key: string): string | undefined =>
  nearestKey(
    key,
    Object.keys(table)
      .filter((known) => !known.includes("*") || known.endsWith("*"))
      .map((known) => known.replace("*", "")),
  );

/** What follows "Unknown configuration key: x": that LXD has it, or which one is near. */
function keyHint(table: KeyTable, key: string, lxd: readonly string[]): string {
  const [, why] = Object.entries(lxdKeysLeftOut).find(([word]) => isWordOf([word], key)) ?? [];
  if (isWordOf(lxd, key) && why !== undefined) return `. It is a key of LXD that is not here: ${why}. Leave it out`;
  if (isWordOf(lxd, key)) return ". It is a key of LXD that this version does not have yet";
  const near = nearestTo(table, key);
  return near === undefined ? "" : `. Did you mean "${near}"?`;
}

function keyIssue(table: KeyTable, key: string, lxd: readonly string[]): string | undefined {
  const found = find(table, key);
  if (found === undefined) return `Unknown configuration key: ${oneWord(key)}${keyHint(table, key, lxd)}`;
  const reason = /\p{Cc}/u.test(key)
    ? "it must not contain control characters"
    : found.inner && found.row.name?.(found.inner);
  return reason ? `Invalid configuration key ${JSON.stringify(key)}: ${reason}` : undefined;
}

function valueIssue(table: KeyTable, key: string, value: string): string | undefined {
  const reason = value === "" ? undefined : findRow(table, key)?.type.check(value);
  return reason === undefined ? undefined : `Invalid value for "${key}": ${reason}`;
}

/** A key as a message shows it: quoted when it would break the line. */
const oneWord = (key: string): string => (/[\s\p{Cc}]/u.test(key) || key === "" ? JSON.stringify(key) : key);
