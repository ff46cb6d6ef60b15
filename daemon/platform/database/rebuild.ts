/** Rebuild: SQL that gives a table another key, whatever its rows hold: what is damaged is mended or put aside later (../damage). */

/** A column of text, taken over. */
export const text = (column: string): string => `CAST(COALESCE(${column}, '') AS TEXT)`;

/** Columns of text of the same name in both tables. */
export const taken = (...columns: readonly string[]): Record<string, string> =>
  Object.fromEntries(columns.map((column) => [column, text(column)]));

/** A column of whole numbers, taken over. */
export const integer = (column: string): string => `CAST(COALESCE(${column}, 0) AS INTEGER)`;

/**
 * SQLite cannot change a primary key in place (https://www.sqlite.org/lang_altertable.html, 7).
 * @param definition of the columns of the new table @param columns of the new table, each with what it takes from the old one
 */
export const rebuilt = (table: string, definition: string, columns: Readonly<Record<string, string>>): string =>
  `CREATE TABLE ${table}_rebuilt (${definition}) STRICT;
  INSERT OR IGNORE INTO ${table}_rebuilt (${Object.keys(columns).join(", ")})
    SELECT ${Object.values(columns).join(", ")} FROM ${table} ORDER BY rowid;
  DROP TABLE ${table};
  ALTER TABLE ${table}_rebuilt RENAME TO ${table}`;
