/** Row: what SQLite gives for one line of a table, by column; whole numbers as numbers. */
export type Row = Record<string, unknown>;
