/** The database of a stopped daemon, as an accident or an old version may have left it. */
import path from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { TestDaemon } from "./daemon";

export const databaseFile = (daemon: TestDaemon): string => path.join(daemon.dir, "database", "bothy.db");

/** Runs a statement on the database of a stopped daemon, whatever the tables' rules say. @returns its rows */
export function change(daemon: TestDaemon, sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
  const database = new DatabaseSync(databaseFile(daemon), { enableForeignKeyConstraints: false });
  try {
    database.exec("PRAGMA ignore_check_constraints = 1");
    return database.prepare(sql).all(...values);
  } finally {
    database.close();
  }
}
