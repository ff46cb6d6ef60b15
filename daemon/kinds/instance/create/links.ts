/** Links: containers/N and snapshots/N point into the pool, where scripts look (docs/lxd-api.md, State folder). */
import { rm, symlink } from "node:fs/promises";
import path from "node:path";
import { ownName } from "../../../platform/folders/aside";
import type { Log } from "../../../platform/log";
import type { InstanceHome } from "../home";
import { type InstanceId, keyOf } from "../record";

async function place(log: Log, link: string, target: string): Promise<void> {
  ownName(log, link);
  await rm(link, { force: true });
  await symlink(target, link);
}

/** Makes an instance's links, or points them anew. */
export async function makeLinks({ dirs, log }: InstanceHome, pool: string, instance: InstanceId): Promise<void> {
  await place(log, dirs.containerLink(keyOf(instance)), path.join(dirs.pool(pool), "containers", keyOf(instance)));
  await place(
    log,
    dirs.snapshotsLink(keyOf(instance)),
    path.join(dirs.pool(pool), "containers-snapshots", keyOf(instance)),
  );
}

/** Removes an instance's links; missing ones are no error. */
export async function removeLinks({ dirs, log }: InstanceHome, instance: InstanceId): Promise<void> {
  for (const link of [dirs.containerLink(keyOf(instance)), dirs.snapshotsLink(keyOf(instance))]) ownName(log, link);
  await rm(dirs.containerLink(keyOf(instance)), { force: true });
  await rm(dirs.snapshotsLink(keyOf(instance)), { force: true });
}
