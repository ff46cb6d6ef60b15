/** ZFS mounts: each volume at its folder while the pool is open, snapshots and images read-only. Data sets are mounted by us alone ("legacy"). */
import { chmod, mkdir, realpath, rmdir } from "node:fs/promises";
import path from "node:path";
import { ignoring, entries as namesIn } from "../../../platform/folders/files";
import { mountAt, mountsBelow } from "../../../platform/host/mounts";
import { run } from "../../../platform/processes/run";
import { labelFolder } from "../../../platform/selinux/labels";
import type { PoolPlace } from "../driver";
import { folderOf, makeParent, orTell, removeEmptyParent, volumeTypes } from "./volume-folder";
import type { Entry } from "./zfs-names";

/** Mounts a data set or a snapshot at a folder, which is made. */
export async function mountSet(set: string, folder: string, isReadonly: boolean): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await run("mount", ["-t", "zfs", "-o", isReadonly ? "ro" : "rw", "--", set, folder]);
  if (!isReadonly) await labelFolder(folder);
}

/** Unmounts what is mounted at a folder, and removes the folder. Who still uses it keeps it to the end. */
export async function unmountFolder(folder: string): Promise<void> {
  while ((await ignoring(["ENOENT", "ENOTDIR"], mountAt(folder))) !== undefined) {
    const { code } = await run("umount", ["--", folder], { accept: [0, 1, 32] });
    if (code !== 0) await run("umount", ["--lazy", "--", folder]);
  }
  // What a daemon wrote there while nothing was mounted stays, and is covered by the next mount.
  await ignoring(["ENOENT", "ENOTDIR", "ENOTEMPTY"], rmdir(folder));
}

/** Mounts a volume where it is not. @param entry of a volume */
export async function mountEntry(pool: PoolPlace, { volume, name }: Entry): Promise<void> {
  if (volume === undefined) return;
  const folder = folderOf(pool, volume);
  await makeParent(pool, volume);
  const mount = await ignoring(["ENOENT", "ENOTDIR"], mountAt(folder));
  if (mount?.source === name) return;
  if (mount !== undefined) await unmountFolder(folder);
  await mountSet(name, folder, volume.type !== "containers" && volume.type !== "custom");
}

/** Mounts every volume of the pool where it belongs, and nothing else. A volume that cannot be mounted is told, and keeps nobody from the rest. */
export async function align(pool: PoolPlace, entries: readonly Entry[]): Promise<void> {
  const volumes = entries.filter(({ volume }) => volume !== undefined);
  // The kernel tells real paths.
  const real = { ...pool, path: await realpath(pool.path) };
  const wanted = new Map(volumes.map((entry) => [folderOf(real, entry.volume!), entry]));
  for (const { point, type, source } of await mountsBelow(pool.path))
    if (type === "zfs" && wanted.get(point)?.name !== source) await orTell(pool, point, unmountFolder);
  for (const entry of volumes) {
    try {
      await mountEntry(pool, entry);
    } catch (error) {
      pool.onClosed(entry.volume!, error);
    }
  }
  await removeEmpty(real, wanted);
}

/** Removes folders of volumes that are gone, as far as they are empty. */
async function removeEmpty(pool: PoolPlace, wanted: ReadonlyMap<string, Entry>): Promise<void> {
  const remove = async (folder: string) => {
    if (!wanted.has(folder)) await ignoring(["ENOTEMPTY", "ENOTDIR", "ENOENT", "EBUSY"], rmdir(folder));
  };
  for (const type of volumeTypes)
    for (const name of await namesIn(path.join(pool.path, type))) {
      const folder = path.join(pool.path, type, name);
      if (type.endsWith("-snapshots"))
        for (const snapshot of await namesIn(folder)) await remove(path.join(folder, snapshot));
      await remove(folder);
    }
  const strays = (await namesIn(pool.path)).filter((name) => name.startsWith(partialMark));
  for (const name of strays) await orTell(pool, path.join(pool.path, name), unmountFolder);
}

const partialMark = ".partial:";

/** Runs work in the folder where a new data set is mounted meanwhile. */
export async function whileMounted(
  pool: PoolPlace,
  set: string,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = path.join(pool.path, partialMark + path.basename(set));
  try {
    await mountSet(set, folder, false);
    await chmod(folder, 0o700);
    await work(folder);
  } finally {
    await unmountFolder(folder);
  }
}

/** Unmounts everything of a pool. */
export async function unmountAll(pool: PoolPlace): Promise<void> {
  const mounts = (await ignoring("ENOENT", mountsBelow(pool.path))) ?? [];
  for (const { point, type } of mounts) if (type === "zfs") await unmountFolder(point);
  await removeEmpty(pool, new Map());
}

/** Unmounts a volume, and removes the folder of its snapshots with the last one. */
export async function unmountEntry(pool: PoolPlace, { volume }: Entry): Promise<void> {
  if (volume === undefined) return;
  await unmountFolder(folderOf(pool, volume));
  await removeEmptyParent(pool, volume);
}
