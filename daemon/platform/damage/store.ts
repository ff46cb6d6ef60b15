/** Damage in the database: rows that could not be read as they are, kept as they were. */
import type { SQLInputValue } from "node:sqlite";
import type { Database, Schema } from "../database/database";
import type { Row } from "../database/row";
import type { ColumnRule, TableRules } from "../database/rules";
import { nowText } from "../time";

export const damageSchema: Schema = {
  kind: "damage",
  versions: [
    `CREATE TABLE damaged_rows (
      id INTEGER PRIMARY KEY,
      at TEXT NOT NULL,
      url TEXT NOT NULL,
      table_name TEXT NOT NULL,
      columns TEXT NOT NULL,
      row TEXT NOT NULL,
      is_open INTEGER NOT NULL
    ) STRICT`,
  ],
};

export interface Damage {
  /** Path of the object. */
  readonly url: string;
  readonly table: string;
  /** Columns that could not be read, separated by commas. */
  readonly columns: string;
}

export class DamageStore {
  constructor(private readonly database: Database) {}

  /** Looks at every row of a table: copies a damaged one aside, and mends it or takes it out of the table. */
  lookThrough({ table, columns, url }: TableRules): void {
    const rules = Object.entries({ ...this.#plainRules(table), ...columns });
    for (const row of this.database.all(`SELECT rowid AS found_rowid, * FROM ${table}`)) {
      const bad = rules.filter(([column, rule]) => !rule.isGood(row[column]));
      if (bad.length === 0) continue;
      const { found_rowid: rowid, ...content } = row;
      const names = bad.map(([column]) => column).join(", ");
      this.database.transaction(() => {
        this.database.run(
          "INSERT INTO damaged_rows (at, url, table_name, columns, row, is_open) VALUES (?, ?, ?, ?, ?, 1)",
          nowText(),
          url(row),
          table,
          names,
          JSON.stringify(content),
        );
        if (bad.some(([, rule]) => rule.mend === undefined))
          this.database.run(`DELETE FROM ${table} WHERE rowid = ?`, Number(rowid));
        else this.#mend(table, Number(rowid), row, bad);
      });
    }
  }

  /** Of columns that may hold anything of their type, but nothing else. A key without a rule of its own stands for nothing when it is damaged. */
  #plainRules(table: string): TableRules["columns"] {
    const rules = this.database
      .all(`PRAGMA table_info(${table})`)
      .filter(({ notnull, pk }) => Number(notnull) > 0 || Number(pk) > 0)
      .map(({ name, type, pk }): [string, ColumnRule] => {
        const isText = type === "TEXT";
        const isGood = (value: unknown) => typeof value === (isText ? "string" : "number");
        return [String(name), Number(pk) > 0 ? { isGood } : { isGood, mend: () => (isText ? "" : 0) }];
      });
    return Object.fromEntries(rules);
  }

  #mend(table: string, rowid: number, row: Row, bad: readonly [string, TableRules["columns"][string]][]): void {
    const values = bad.map(([column, rule]): SQLInputValue => rule.mend?.(row[column]) ?? null);
    const settings = bad.map(([column]) => `${column} = ?`).join(", ");
    this.database.run(`UPDATE ${table} SET ${settings} WHERE rowid = ?`, ...values, rowid);
  }

  /** Of objects that nobody has written anew since. */
  listOpen(): Damage[] {
    return this.database
      .all("SELECT url, table_name, columns FROM damaged_rows WHERE is_open = 1 ORDER BY id")
      .map((row) => ({ url: String(row.url), table: String(row.table_name), columns: String(row.columns) }));
  }

  /** Somebody has written the object anew, or deleted it; what was kept stays. */
  close(url: string): void {
    this.database.run("UPDATE damaged_rows SET is_open = 0 WHERE url = ?", url);
  }

  rename(from: string, to: string): void {
    this.database.run("UPDATE damaged_rows SET url = ? WHERE url = ? AND is_open = 1", to, from);
  }
}
