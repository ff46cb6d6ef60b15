/**
 * Volume folders: where a volume is in its pool, and the steps by which one appears, changes and goes.
 * Work happens under ".partial:RANDOM" beside the volume; a colon is in no name of a volume's folder.
 * Volume folders have mode 0700: their roots hold set-uid files of uid 0 that nobody on the host may reach. Those of instances have LXD's 0100.
 */
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, rename, rmdir } from "node:fs/promises";
import path from "node:path";
import { conflict, internal, notFound } from "../../../../sdk/api/errors";
import { diskBase } from "../../../../sdk/host/own-ids";
import { isFolder } from "../../../platform/folders/aside";
import { fileNameOf, nameOfFile } from "../../../platform/folders/file-name";
import { entries, errnoOf, ignoring, isNoSpace } from "../../../platform/folders/files";
import type { PoolPlace, Volume } from "../driver";
import { flush } from "../flush";
import { forgetProject } from "./project-quota";
import { contentOf, unmountDisk } from "./volume-disk";

export const volumeTypes = ["containers", "containers-snapshots", "images", "custom", "custom-snapshots"] as const;

/** Whether volumes of a type are snapshots, which lie in a folder for each of those that they are of. */
export const areSnapshots = (type: Volume["type"]): boolean =>
  type === "containers-snapshots" || type === "custom-snapshots";

/** Whether a volume is a custom one or a snapshot of one. */
export const isCustom = ({ type }: Pick<Volume, "type">): boolean => type === "custom" || type === "custom-snapshots";

export const partialMark = ".partial:";
const readyMark = ".ready:";

/** Folder of a volume. @throws ApiError INTERNAL for a name that would leave the pool; names are checked long before */
export function folderOf(pool: PoolPlace, { type, name }: Volume): string {
  const parts = name.split("/");
  const isSafe = parts.every((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0"));
  if (!volumeTypes.includes(type) || !isSafe || parts.length !== (areSnapshots(type) ? 2 : 1))
    throw internal(`Cannot find volume ${JSON.stringify(name)} of type "${type}": the name is not one of a volume.`);
  return path.join(pool.path, type, ...parts.map(fileNameOf));
}

/** Makes the empty root of a volume, which belongs to the root of containers. */
export async function makeRoot(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o755 });
  if (diskBase !== 0) await chown(folder, diskBase, diskBase);
}

/** A name beside the target for unfinished work, or for what is to be removed. */
export const partialBeside = (target: string): string =>
  path.join(path.dirname(target), partialMark + randomBytes(8).toString("hex"));

/** Removes a volume's folder with what bounds it: its file system, or the limit of its project. */
async function removeFolder(pool: PoolPlace, folder: string): Promise<void> {
  if (isFolder(folder)) await forgetProject(pool, folder);
  await unmountDisk(folder, true);
  await pool.removeTree(folder);
}

/** Removes what is of nobody any more. What cannot be removed stays for the next sweep, and is told. */
export async function clear(pool: PoolPlace, folder: string): Promise<void> {
  try {
    await removeFolder(pool, folder);
  } catch (error) {
    pool.onLeft(folder, error);
  }
}

/** As LXD has it, so that scripts find it: its owner may pass, which is enough for root. */
const instanceMode = 0o100;
const isOfInstance = (target: string): boolean => path.basename(path.dirname(target)) === "containers";

/** Makes a folder at the target: `work` makes it under a temporary name. @throws ApiError CONFLICT when it is there already */
export async function build(pool: PoolPlace, target: string, work: (partial: string) => Promise<void>): Promise<void> {
  const partial = partialBeside(target);
  try {
    await work(partial);
    if (isOfInstance(target)) await chmod(partial, instanceMode);
    await rename(partial, target);
  } catch (error) {
    await clear(pool, partial);
    if (["ENOTEMPTY", "EEXIST"].includes(errnoOf(error)))
      throw conflict(`Cannot create volume "${path.basename(target)}": it exists already.`, { cause: error });
    throw error;
  }
}

/** Puts a new folder in an existing one's place. From the first rename of `settle` on, `sweep` finishes what a crash cut off. */
export async function replace(
  pool: PoolPlace,
  target: string,
  work: (partial: string) => Promise<void>,
): Promise<void> {
  const ready = path.join(path.dirname(target), readyMark + path.basename(target));
  await removeFolder(pool, ready);
  await build(pool, ready, async (partial) => {
    await work(partial);
    // The old one goes then: after a power cut the new one must be more than names.
    await flush(contentOf(partial), partial);
  });
  await settle(pool, ready);
}

async function settle(pool: PoolPlace, ready: string): Promise<void> {
  const target = path.join(path.dirname(ready), path.basename(ready).slice(readyMark.length));
  const old = partialBeside(target);
  await ignoring("ENOENT", rename(target, old));
  await rename(ready, target);
  await clear(pool, old);
}

/**
 * Removes a volume's folder: gone for everybody at once, its content after that.
 * A full file system may lack the space for another name; there it goes where it is. @throws ApiError when it cannot go there
 */
export async function discard(pool: PoolPlace, target: string): Promise<void> {
  const partial = partialBeside(target);
  try {
    await ignoring("ENOENT", rename(target, partial));
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    return removeFolder(pool, target);
  }
  await clear(pool, partial);
}

/** Makes the folder that a volume's folder is in; snapshots have one for each of those that they are of. */
export async function makeParent(pool: PoolPlace, volume: Volume): Promise<void> {
  if (areSnapshots(volume.type)) await mkdir(path.dirname(folderOf(pool, volume)), { recursive: true, mode: 0o711 });
}

/** Removes the folder of snapshots when the last one is gone. */
export async function removeEmptyParent(pool: PoolPlace, volume: Volume): Promise<void> {
  if (areSnapshots(volume.type)) await ignoring(["ENOENT", "ENOTEMPTY"], rmdir(path.dirname(folderOf(pool, volume))));
}

/** Renames a volume's folder. @throws ApiError NOT_FOUND, CONFLICT */
export async function renameFolder(pool: PoolPlace, from: Volume, to: Volume): Promise<void> {
  await makeParent(pool, to);
  try {
    await rename(folderOf(pool, from), folderOf(pool, to));
  } catch (error) {
    await removeEmptyParent(pool, to);
    if (errnoOf(error) === "ENOENT")
      throw notFound(`Cannot rename volume "${from.name}": it does not exist.`, { cause: error });
    if (["ENOTEMPTY", "EEXIST"].includes(errnoOf(error)))
      throw conflict(`Cannot rename volume "${from.name}" to "${to.name}": that one exists already.`, { cause: error });
    throw error;
  }
  await removeEmptyParent(pool, from);
}

/** Finishes replacements and removes unfinished work in all folders of the pool. What fails is told, and keeps nobody from the rest. */
export async function sweepFolders(pool: PoolPlace): Promise<void> {
  const owners: string[] = [];
  for (const snapshots of volumeTypes.filter(areSnapshots).map((type) => path.join(pool.path, type)))
    owners.push(...(await entries(snapshots)).filter(isName).map((name) => path.join(snapshots, name)));
  for (const folder of [...volumeTypes.map((type) => path.join(pool.path, type)), ...owners]) {
    for (const name of await entries(folder))
      if (name.startsWith(readyMark)) await orTell(pool, path.join(folder, name), (ready) => settle(pool, ready));
    await sweepPartials(pool, folder);
  }
  for (const owner of owners)
    await orTell(pool, owner, (folder) => ignoring(["ENOTEMPTY", "ENOTDIR", "ENOENT"], rmdir(folder)));
}

/** Removes unfinished work in one folder, under a new name: a copy that a killed daemon left running finds nothing more to write to. */
export async function sweepPartials(pool: PoolPlace, folder: string): Promise<void> {
  for (const name of await entries(folder))
    if (name.startsWith(partialMark)) await orTell(pool, path.join(folder, name), (partial) => discard(pool, partial));
}

/** Does work on a folder; what fails is told. */
export async function orTell(
  pool: PoolPlace,
  folder: string,
  work: (folder: string) => Promise<unknown>,
): Promise<void> {
  try {
    await work(folder);
  } catch (error) {
    pool.onLeft(folder, error);
  }
}

/** Names of the volumes of a type, sorted. */
export async function listFolders(pool: PoolPlace, type: Volume["type"]): Promise<string[]> {
  const folder = path.join(pool.path, type);
  const files = (await entries(folder)).filter(isName).sort();
  if (!areSnapshots(type)) return files.map(nameOfFile);
  const nested = files.map(async (owner) =>
    (await entries(path.join(folder, owner)))
      .filter(isName)
      .sort()
      .map((file) => `${nameOfFile(owner)}/${nameOfFile(file)}`),
  );
  return (await Promise.all(nested)).flat();
}

const isName = (name: string): boolean => !name.includes(":");
