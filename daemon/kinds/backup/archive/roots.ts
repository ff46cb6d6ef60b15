/** Roots: where in the file of a backup the roots are that it holds, and what is beside them; whatever could lead elsewhere is refused. */
import { Devices, Names, type TarLayout } from "../../image/archive/check";
import type { ImageLimits } from "../../image/archive/limits";
import { refuse, shown } from "../../image/archive/refuse";
import type { TarEntry } from "../../image/archive/tar";
import { Tree } from "../../image/archive/tree-check";

const maxNameBytes = 4095;
const maxPartBytes = 255;
const maxSnapshots = 10_000;

export interface BackupEntry {
  readonly entry: TarEntry;
  /** The parts of its name. */
  readonly path: readonly string[];
  /** Those of what a hard link leads to. */
  readonly target: readonly string[] | undefined;
}

/** Passes those entries on that stay in the backup. @throws ApiError BAD_REQUEST for what no image may hold either */
export async function* checkedEntries(
  entries: AsyncIterable<TarEntry>,
  limits: ImageLimits,
): AsyncGenerator<BackupEntry> {
  const tree = new Tree(limits);
  const names = new Names(limits);
  for await (const entry of entries) {
    names.add(entry.name.length + entry.linkName.length);
    const path = pathOf(entry.name, "the entry");
    const target = entry.type === "hardlink" ? pathOf(entry.linkName, "the target of the hard link") : undefined;
    if (entry.type === "symlink" && entry.linkName === "")
      throw refuse(`the symlink ${shown(entry.name)} has no target`, "Remove it.");
    tree.add(path, entry, target);
    yield { entry, path, target };
  }
}

/** The text of a file of a backup. */
export async function textOf(entry: TarEntry, maxBytes: number): Promise<string> {
  if (entry.type !== "file") throw refuse(`${shown(entry.name)} is not a regular file`, "Make the backup again.");
  return (await entry.read(maxBytes)).toString("utf8");
}

/** Where a root is that a path lies in. */
export interface Place {
  /** Of its snapshot; "" for what the backup is of. */
  readonly name: string;
  /** How many parts lead to it. */
  readonly depth: number;
  /** Whether it is one file, the bytes of a disk. */
  readonly isFile?: true;
}

/** One root on its way. */
interface Root {
  /** How its folder is spelled. */
  readonly prefix: string;
  readonly parts: readonly string[];
  readonly isFile: boolean;
  root?: TarLayout["root"];
  readonly devices: Devices;
}

/** Roots by name. */
export class Roots {
  readonly #roots = new Map<string, Root>();

  /** @param placeOf tells of a path in which root it lies, if in any */
  constructor(private readonly placeOf: (path: readonly string[]) => Place | undefined) {}

  /** Takes note of an entry. @throws ApiError BAD_REQUEST */
  add({ entry, path, target }: BackupEntry): void {
    const place = this.placeOf(path);
    if (place === undefined) return;
    const { depth } = place;
    const prefix = spelled(entry.name, depth);
    const found = this.#take(place, prefix, path);
    requireSpelling(found, prefix, entry.name);
    if (found.isFile) requireFile(entry);
    else this.#addBelow(found, depth, { entry, path, target });
  }

  #addBelow(found: Root, depth: number, { entry, path, target }: BackupEntry): void {
    if (target !== undefined) {
      if (target.slice(0, depth).join("/") !== found.parts.join("/") || target.length === depth)
        throw refuse(`the hard link ${shown(entry.name)} leads out of the root file system`, "Remove it.");
      requireSpelling(found, spelled(entry.linkName, depth), entry.linkName);
    }
    if (path.length === depth) {
      if (entry.type !== "directory") throw refuse(`${shown(entry.name)} is not a folder`, "Make the backup again.");
      found.root = { mode: entry.mode, uid: entry.uid, gid: entry.gid };
    }
    const isDevice = entry.type === "character" || entry.type === "block";
    if (isDevice || (target !== undefined && found.devices.has(target))) found.devices.add(entry.name, path);
  }

  #take({ name, depth, isFile }: Place, prefix: string, path: readonly string[]): Root {
    const before = this.#roots.get(name);
    if (before !== undefined) return before;
    if (this.#roots.size > maxSnapshots) throw refuse(`it has more than ${maxSnapshots} snapshots`, "Leave out some.");
    const root = { prefix, parts: path.slice(0, depth), isFile: isFile === true, devices: new Devices() };
    this.#roots.set(name, root);
    return root;
  }

  /** That of what the backup is of. */
  get own(): TarLayout | undefined {
    const root = this.#roots.get("");
    return root === undefined ? undefined : layoutOf(root);
  }

  /** Those of snapshots, by name; as pairs, since names may be anything. */
  get snapshots(): [name: string, layout: TarLayout][] {
    return [...this.#roots]
      .filter(([name]) => name !== "")
      .map(([name, root]) => [Buffer.from(name, "latin1").toString("utf8"), layoutOf(root)]);
  }
}

const layoutOf = ({ prefix, root, isFile, devices }: Root): TarLayout => ({
  prefix,
  ...(root === undefined ? {} : { root }),
  ...(isFile ? { isFile: true } : {}),
  deviceNodes: devices.names,
});

function requireFile(entry: TarEntry): void {
  if (entry.type !== "file") throw refuse(`${shown(entry.name)} is not a regular file`, "Make the backup again.");
}

/** A fixed number of leading parts is cut off each name, so all begin in the same letters. */
function requireSpelling({ prefix }: Root, other: string, name: string): void {
  if (prefix !== other)
    throw refuse(`it spells its folder ${shown(prefix)} in several ways (${shown(name)})`, "Make the backup again.");
}

/** The beginning of a name that is so many parts deep: "backup/container/rootfs", or "./backup/container/rootfs". */
function spelled(name: string, depth: number): string {
  const own = name.startsWith("./") ? "./" : "";
  return own + name.slice(own.length).split("/").slice(0, depth).join("/");
}

/** The parts of a name; throws for one that could lead elsewhere. */
function pathOf(name: string, what: string): string[] {
  const remedy = "Make the backup again.";
  if (name === "" || name.includes("\0")) throw refuse(`${what} ${shown(name)} has an impossible name`, remedy);
  if (name.length > maxNameBytes) throw refuse(`${what} ${shown(name)} has a name that is too long`, remedy);
  if (name.startsWith("/")) throw refuse(`${what} ${shown(name)} is absolute`, remedy);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse(`${what} ${shown(name)} leaves the backup`, remedy);
  if (parts.some((part) => part.length > maxPartBytes))
    throw refuse(`${what} ${shown(name)} has a name that is too long`, remedy);
  return parts;
}
