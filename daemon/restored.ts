/** Restored: what a database that went back in time does not know any more, and what a crash left. */
import { stat } from "node:fs/promises";
import type { ServerService } from "./kinds/server/service";
import { ignoring } from "./platform/folders/files";

const restoredKey = "state.database_restored_at";

/** Notes that the database went back in time: what is older than this moment may be of objects that it does not know any more. */
export function noteRestored(server: ServerService): void {
  server.store.set(restoredKey, String(Date.now()));
}

/**
 * Whether a file of no object of the database may be removed as what a crash left. One that was there when the database went back may
 * be all that is left of something.
 */
export async function isCrashLeftover(server: ServerService, file: string): Promise<boolean> {
  const restoredAt = Number(server.store.get(restoredKey) ?? "0");
  const found = await ignoring("ENOENT", stat(file));
  return found !== undefined && found.ctimeMs > restoredAt;
}
