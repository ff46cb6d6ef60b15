/** Flush: what was written to file systems is on their disks before something that counts on it is done (syncfs(2)). */
import { run } from "../../platform/processes/run";

/** @param folders any of each file system, one that lies in a file of another before that one */
export async function flush(...folders: readonly string[]): Promise<void> {
  for (const folder of folders) await run("sync", ["--file-system", "--", folder]);
}
