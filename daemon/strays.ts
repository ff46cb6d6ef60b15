/** Strays: what lies in the state folder and is nobody's. It is told and left alone: it may be an admin's, or of what a restored database does not know. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Parts } from "./composition";
import { isAside } from "./platform/folders/aside";

const mostNamed = 20;

/** Tells of every entry that is neither ours by its name nor of an object in the database. Never throws. */
export async function tellStrays(parts: Parts): Promise<void> {
  const { book, dirs, images, log, networks, storagePools, warnings } = parts;
  try {
    const instanceNames = new Set(book.uses().map(({ key }) => key));
    const pools = new Set(storagePools.allRecords().map(({ name }) => name));
    const nets = new Set(networks.records().map(({ name }) => name));
    const fingerprints = new Set(images.fingerprints());
    const folders: readonly [string, (name: string) => boolean][] = [
      [dirs.root, (name) => !isAside(name)],
      [dirs.databaseFolder, (name) => !isAside(name)],
      [dirs.cells, (name) => name.startsWith(".spawner-") || instanceNames.has(name)],
      [path.dirname(dirs.backups("x")), (name) => instanceNames.has(name)],
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
