/** Tables of configuration keys: one row a key, one validator for daemon and provider. */
import type { Config } from "../common";

/** Says why a value does not fit, or nothing when it does. */
export type ValueType = (value: string) => string | undefined;

export interface KeyRow {
  /** The key, or a prefix that ends with "." for a family such as "user." */
  readonly key: string;
  readonly type: ValueType;
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
    table.find((row) => row.key === key) ??
    table.find((row) => row.key.endsWith(".") && key.startsWith(row.key) && key.length > row.key.length)
  );
}

/** Checks every key and value; empty values mean "unset" and fit every key. @returns one issue per wrong key */
export function checkConfig(table: readonly KeyRow[], config: Config): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  for (const [key, value] of Object.entries(config)) {
    const row = findRow(table, key);
    if (row === undefined) issues.push({ key, message: `Unknown configuration key: ${key}` });
    else {
      const reason = value === "" ? undefined : row.type(value);
      if (reason !== undefined) issues.push({ key, message: `Invalid value for "${key}": ${reason}` });
    }
  }
  return issues;
}
