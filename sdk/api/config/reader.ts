/** Reader: configuration as typed values, by the table that checks it. */
import type { Config } from "../common";
import { findRow, type Row, type ValueType } from "./table";

/** A key as a program writes it: a pattern's "*" stands for any text. */
type Written<Key> = Key extends `${infer Before}*${infer After}` ? `${Before}${string}${After}` : Key;

export type KeyOf<Table> = { [Key in keyof Table & string]: Written<Key> }[keyof Table & string];

type RowsOf<Table, Key> = Key extends keyof Table
  ? Table[Key]
  : { [Pattern in keyof Table]: Key extends Written<Pattern> ? Table[Pattern] : never }[keyof Table];

type ParsedBy<R> = R extends { readonly type: ValueType<infer T> }
  ? R extends { readonly default: string }
    ? T
    : T | undefined
  : never;

export interface Reader<Table> {
  /** The value, else the table's default, else nothing. Empty text is not a value, and neither is what the type cannot read. */
  get<Key extends KeyOf<Table>>(key: Key): ParsedBy<RowsOf<Table, Key>>;
  /** The same as it is written; for messages and files. */
  text<Key extends KeyOf<Table>>(
    key: Key,
  ): RowsOf<Table, Key> extends { default: string } ? string : string | undefined;
  /** Whether somebody gave the key a value. */
  has(key: KeyOf<Table>): boolean;
  /** What fits a pattern that ends with "*", by what stands in its place. */
  family(pattern: Extract<keyof Table, `${string}*`>): Record<string, string>;
}

type Rows = Readonly<Record<string, Row>>;

/** @returns the function that reads configuration of a kind, or the options of a device: `read(config).get("limits.memory")` */
export const readerOf =
  <const Table extends Rows>(table: Table) =>
  (config: Config): Reader<Table> =>
    new TableReader(table, config) as unknown as Reader<Table>;

class TableReader {
  constructor(
    private readonly table: Rows,
    private readonly config: Config,
  ) {}

  get(key: string): unknown {
    const row = findRow(this.table, key);
    const value = this.config[key];
    const parsed = value ? row?.type.parse(value) : undefined;
    return parsed ?? (row?.default === undefined ? undefined : row.type.parse(row.default));
  }

  text(key: string): string | undefined {
    return this.config[key] || findRow(this.table, key)?.default;
  }

  has(key: string): boolean {
    return (this.config[key] ?? "") !== "";
  }

  family(pattern: string): Record<string, string> {
    const prefix = pattern.slice(0, -1);
    const members = Object.entries(this.config).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(members.map(([key, value]) => [key.slice(prefix.length), value]));
  }
}
