/** Links: containers/N and snapshots/N point into the pool, where scripts look (docs/lxd-api.md, State folder). */
import { rm, symlink } from "node:fs/promises";
import path from "node:path";
import type { Dirs } from "../dirs";

const place = (link: string, target: string) => rm(link, { force: true }).then(() => symlink(target, link));

/** Makes an instance's links, or points them anew. */
export async function makeLinks(dirs: Dirs, pool: string, name: string): Promise<void> {
  await place(dirs.containerLink(name), path.join(dirs.pool(pool), "containers", name));
  await place(dirs.snapshotsLink(name), path.join(dirs.pool(pool), "containers-snapshots", name));
}

/** Removes an instance's links; missing ones are no error. */
export async function removeLinks(dirs: Dirs, name: string): Promise<void> {
  await rm(dirs.containerLink(name), { force: true });
  await rm(dirs.snapshotsLink(name), { force: true });
}
