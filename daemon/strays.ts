/** Strays: what lies in the state folder and is nobody's. It is told and left alone: it may be an admin's, or of what a restored database does not know. */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Context } from "./context";
import { isAside } from "./platform/folders/aside";
import { ignoring } from "./platform/folders/files";

const restoredKey = "state.database_restored_at";
const mostNamed = 20;

/** Notes that the database went back in time: what is older than this moment may be of objects that it does not know any more. */
export function noteRestored({ server }: Context): void {
  server.store.set(restoredKey, String(Date.now()));
}

/**
 * Whether a file of no object of the database may be removed as what a crash left. One that was there when the database went back may
 * be all that is left of something.
 */
export async function isCrashLeftover({ server }: Context, file: string): Promise<boolean> {
  const restoredAt = Number(server.store.get(restoredKey) ?? "0");
  const found = await ignoring("ENOENT", stat(file));
  return found !== undefined && found.ctimeMs > restoredAt;
}

/** Tells of every entry that is neither ours by its name nor of an object in the database. Never throws. */
export async function tellStrays(context: Context): Promise<void> {
  const { dirs, images, instances, log, networks, storagePools, warnings } = context;
  try {
    const instanceNames = new Set(
      [...instances.store.list(), ...instances.store.listPending()].map(({ name }) => name),
    );
    const pools = new Set(storagePools.allRecords().map(({ name }) => name));
    const nets = new Set(networks.records().map(({ name }) => name));
    const fingerprints = new Set(images.list().map(({ fingerprint }) => fingerprint));
    const folders: readonly [string, (name: string) => boolean][] = [
      [dirs.root, (name) => !isAside(name)],
      [dirs.databaseFolder, (name) => !isAside(name)],
      [dirs.cells, (name) => name.startsWith(".spawner-") || instanceNames.has(name)],
      [path.dirname(dirs.containerLink("x")), (name) => instanceNames.has(name)],
      [path.dirname(dirs.snapshotsLink("x")), (name) => instanceNames.has(name)],
      [path.dirname(dirs.logs("x")), (name) => instanceNames.has(name)],
      [dirs.disks, (name) => pools.has(name.replace(/\.img$/, ""))],
      [dirs.images, (name) => fingerprints.has(name.replace(/\.rootfs$/, ""))],
      [dirs.networks, (name) => nets.has(name)],
      [path.dirname(dirs.pool("x")), (name) => pools.has(name)],
    ];
    const strays: string[] = [];
    for (const [folder, isKnown] of folders)
      for (const name of await readdir(folder)) if (!isKnown(name)) strays.push(path.join(folder, name));
    if (strays.length === 0) return;
    const named = strays.slice(0, mostNamed).map((file) => JSON.stringify(path.relative(dirs.root, file)));
    const more = strays.length > mostNamed ? ` and ${strays.length - mostNamed} more` : "";
    const message = `The state folder holds what belongs to nothing that the daemon knows: ${named.join(", ")}${more}. Move it away, or remove it`;
    warnings.record("stateStray", { message });
  } catch (error) {
    log.error("Cannot look through the state folder", { error });
  }
}
