/**
 * Nested subvolumes: those that a guest made within a volume. A snapshot has an empty folder in the place of each, so they are copied one by one.
 * A guest may change the tree meanwhile, and names what it makes: output of btrfs is read for numbers alone, and no link is followed.
 */
import { constants } from "node:fs";
import { open, readlink, realpath, rmdir } from "node:fs/promises";
import path from "node:path";
import { ignoring } from "../../../platform/folders/files";
import { run } from "../../../platform/processes/run";
import type { PoolPlace } from "../driver";

const btrfs = async (...args: string[]): Promise<string> => (await run("btrfs", args)).stdout;

/** Where a subvolume is in its file system; a name may hold line breaks. */
const placeOf = async (id: string, folder: string): Promise<string> =>
  (await btrfs("inspect-internal", "subvolid-resolve", id, folder)).replace(/\n$/, "");

/** Paths of the subvolumes within one, relative to it, outer ones first. */
export async function nestedIn(folder: string): Promise<string[]> {
  const lines = await btrfs("subvolume", "list", "-o", "--", folder);
  const ids = [...lines.matchAll(/^ID (\d+) /gm)].map(([, id = ""]) => id);
  if (ids.length === 0) return [];
  const own = `${await placeOf((await btrfs("inspect-internal", "rootid", folder)).trim(), folder)}/`;
  const found: string[] = [];
  for (const id of ids) {
    const place = await placeOf(id, folder);
    if (!place.startsWith(own)) continue;
    const name = place.slice(own.length);
    found.push(name, ...(await nestedIn(path.join(folder, name))).map((inner) => path.join(name, inner)));
  }
  return [...new Set(found)];
}

/** Copies subvolumes within a volume to their places in a snapshot of it, which is writable. Those that are read-only are so there. @param names outer ones first */
export async function copyNested(
  { run: runs }: Pick<PoolPlace, "run">,
  from: string,
  to: string,
  names: readonly string[],
): Promise<void> {
  const [source, target] = [await realpath(from), await realpath(to)];
  const readonly: string[] = [];
  for (const name of names) {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    await using opened = await ignoring(["ENOENT", "ENOTDIR", "ELOOP"], open(path.join(source, name), flags));
    if (opened === undefined) continue;
    // What is copied is what was opened, and that is where it was found: nobody put a link in its way.
    const pinned = `/proc/${process.pid}/fd/${opened.fd}`;
    const place = path.join(target, name);
    if ((await readlink(pinned)) !== path.join(source, name) || !(await makeWay(place))) continue;
    await runs(["btrfs", "-q", "subvolume", "snapshot", "--", pinned, place]);
    if (/^ro=true$/m.test(await btrfs("property", "get", "-t", "subvol", pinned, "ro"))) readonly.push(place);
  }
  // Inner ones first: nothing is put into one that is read-only.
  for (const place of readonly.reverse()) await runs(["btrfs", "property", "set", "-t", "subvol", place, "ro", "true"]);
}

/** Takes the empty folder away that a snapshot has in the place of a subvolume. @returns whether there was one */
async function makeWay(place: string): Promise<boolean> {
  const parent = await ignoring(["ENOENT", "ENOTDIR"], realpath(path.dirname(place)));
  if (parent !== path.dirname(place)) return false;
  const isGone = rmdir(place).then(() => true);
  return (await ignoring(["ENOENT", "ENOTDIR", "ENOTEMPTY"], isGone)) ?? false;
}
