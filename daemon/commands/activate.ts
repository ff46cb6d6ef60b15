/** activateifneeded: reaches for the daemon's socket, so that a service manager starts it, when there is something to do for it. */
import { existsSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isTrue } from "../../sdk/api/config/values";
import { ask } from "./ask";

/** Whether a daemon has the database. */
function isHeld(dir: string): boolean {
  const file = fileOf(dir);
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.prepare("SELECT count(*) FROM server").get();
    return false;
  } catch (error) {
    if (/locked/.test((error as Error).message)) return true;
    throw error;
  } finally {
    database.close();
  }
}

const fileOf = (dir: string): string => path.join(dir, "database", "bothy.db");

/** @returns why, or nothing when nothing waits for a daemon */
export function whyNeeded(dir: string): string | undefined {
  const file = fileOf(dir);
  if (!existsSync(file)) return undefined;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const has = (key: string) =>
      database.prepare("SELECT 1 FROM server WHERE key = ?").get(`config.${key}`) !== undefined;
    for (const key of ["core.https_address", "core.metrics_address"]) if (has(key)) return `${key} is set`;
    for (const { name, config } of database.prepare("SELECT name, config FROM instances").all()) {
      const own = JSON.parse(String(config)) as Record<string, string>;
      const autostart = own["boot.autostart"];
      if (isTrue(autostart) || (autostart === undefined && own["volatile.last_state.power"] === "RUNNING"))
        return `instance "${String(name)}" starts on its own`;
      if (own["snapshots.schedule"] !== undefined) return `instance "${String(name)}" has snapshots on a schedule`;
    }
    const ofProfiles = database.prepare("SELECT name FROM profiles WHERE config LIKE '%\"boot.autostart\"%'").get();
    return ofProfiles === undefined ? undefined : `profile "${String(ofProfiles.name)}" says boot.autostart`;
  } finally {
    database.close();
  }
}

/** @returns what it found */
export async function activateIfNeeded(dir: string, socketPath: string): Promise<string> {
  // It keeps its database to itself.
  if (isHeld(dir)) return "The daemon runs already.";
  const why = whyNeeded(dir);
  if (why === undefined) return "No need for the daemon now.";
  await ask(socketPath, "GET", "/1.0");
  return `The daemon is needed: ${why}.`;
}
