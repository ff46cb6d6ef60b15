/** Links: containers/N and snapshots/N point into the pool, where scripts look (docs/lxd-api.md, State folder). */
import { rm, symlink } from "node:fs/promises";
import path from "node:path";
import { ownName } from "../../../platform/folders/aside";
import type { Log } from "../../../platform/log";
import type { InstanceHome } from "../home";

async function place(log: Log, link: string, target: string): Promise<void> {
  ownName(log, link);
  await rm(link, { force: true });
  await symlink(target, link);
}

/** Makes an instance's links, or points them anew. */
export async function makeLinks({ dirs, log }: InstanceHome, pool: string, name: string): Promise<void> {
  await place(log, dirs.containerLink(name), path.join(dirs.pool(pool), "containers", name));
  await place(log, dirs.snapshotsLink(name), path.join(dirs.pool(pool), "containers-snapshots", name));
}

/** Removes an instance's links; missing ones are no error. */
export async function removeLinks({ dirs, log }: InstanceHome, name: string): Promise<void> {
  for (const link of [dirs.containerLink(name), dirs.snapshotsLink(name)]) ownName(log, link);
  await rm(dirs.containerLink(name), { force: true });
  await rm(dirs.snapshotsLink(name), { force: true });
}
