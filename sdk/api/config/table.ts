/** Tables of configuration keys: one row a key, one validator for daemon and provider. */
import type { Config } from "../common";
import { isWordOf } from "./lxd-words";
import { nearestKey } from "./near";

/** Says why a value does not fit, or nothing when it does. */
export type ValueType = (value: string) => string | undefined;

export interface KeyRow {
  /** The key, or a prefix that ends with "." for a family such as "user." */
  readonly key: string;
  readonly type: ValueType;
  /** For a family: what may follow its prefix; anything when absent. */
  readonly name?: ValueType;
  /** Whether a change reaches a running container at once. */
  readonly live: boolean;
  readonly doc: string;
}

export interface ConfigIssue {
  readonly key: string;
  readonly message: string;
}

/** Finds the row of a key: an exact one, or the family that it belongs to. */
export function findRow(table: readonly KeyRow[], key: string): KeyRow | undefined {
  return (
    table.find((row) => row.key === key && !row.key.endsWith(".")) ??
    table.find(
      (row) => row.key.endsWith(".") && key.startsWith(row.key) && (key.length > row.key.length || key === "user."),
    )
  );
}

/**
 * Checks every key and value; empty values mean "unset" and fit every key.
 * @param lxd keys that LXD has for such an object, to tell those that are not here yet from those that nobody has
 * @returns one issue per wrong key
 */
export function checkConfig(table: readonly KeyRow[], config: Config, lxd: readonly string[] = []): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  for (const [key, value] of Object.entries(config)) {
    const message = keyIssue(table, key, lxd) ?? valueIssue(table, key, value);
    if (message !== undefined) issues.push({ key, message });
  }
  return issues;
}

/** What follows "Unknown configuration key: x": that LXD has it, or which one is near. */
function keyHint(table: readonly KeyRow[], key: string, lxd: readonly string[]): string {
  if (isWordOf(lxd, key)) return ". It is a key of LXD that this version does not have yet";
  const near = nearestKey(
    key,
    table.map((row) => row.key),
  );
  return near === undefined ? "" : `. Did you mean "${near}"?`;
}

function keyIssue(table: readonly KeyRow[], key: string, lxd: readonly string[]): string | undefined {
  const row = findRow(table, key);
  if (row === undefined) return `Unknown configuration key: ${oneWord(key)}${keyHint(table, key, lxd)}`;
  const reason = /\p{Cc}/u.test(key)
    ? "it must not contain control characters"
    : row.key === key
      ? undefined
      : row.name?.(key.slice(row.key.length));
  return reason === undefined ? undefined : `Invalid configuration key ${JSON.stringify(key)}: ${reason}`;
}

function valueIssue(table: readonly KeyRow[], key: string, value: string): string | undefined {
  const reason = value === "" ? undefined : findRow(table, key)?.type(value);
  return reason === undefined ? undefined : `Invalid value for "${key}": ${reason}`;
}

/** A key as a message shows it: quoted when it would break the line. */
const oneWord = (key: string): string => (/[\s\p{Cc}]/u.test(key) || key === "" ? JSON.stringify(key) : key);
