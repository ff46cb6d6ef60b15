/** Check: whether a backup may be unpacked, decided on its whole entry list before anything of it is on disk, as for images. */
import { Devices, Names, type TarLayout } from "../../image/archive/check";
import type { ImageLimits } from "../../image/archive/limits";
import { refuse, shown } from "../../image/archive/refuse";
import type { TarEntry } from "../../image/archive/tar";
import { Tree } from "../../image/archive/tree-check";

export interface BackupContent {
  readonly indexYaml: string;
  /** backup.yaml beside the instance's root. */
  readonly besideYaml: string | undefined;
  /** metadata.yaml beside it, and the templates by their file name. */
  readonly metadataYaml: string | undefined;
  readonly templates: Readonly<Record<string, string>>;
  /** Where the instance's root is. */
  readonly container: TarLayout;
  /** Where those of snapshots are, by name; as pairs, since names may be anything. */
  readonly snapshots: readonly (readonly [name: string, layout: TarLayout])[];
}

const maxYamlBytes = 4 << 20;
const maxNameBytes = 4095;
const maxPartBytes = 255;
/** As for an image. */
const maxMetadataBytes = 1 << 20;
const maxTemplates = 1000;
const maxSnapshots = 10_000;

/** One root on its way. */
interface Root {
  /** How its folder is spelled. */
  prefix: string;
  readonly parts: readonly string[];
  root?: TarLayout["root"];
  readonly devices: Devices;
}

/** @throws ApiError BAD_REQUEST for what no image may hold either, and for what is no backup of a container */
export async function checkBackup(entries: AsyncIterable<TarEntry>, limits: ImageLimits): Promise<BackupContent> {
  const tree = new Tree(limits);
  const names = new Names(limits);
  const roots = new Map<string, Root>();
  let indexYaml: string | undefined;
  let besideYaml: string | undefined;
  let metadataYaml: string | undefined;
  const templates = new Templates();
  for await (const entry of entries) {
    names.add(entry.name.length + entry.linkName.length);
    const path = pathOf(entry.name, "the entry");
    const target = entry.type === "hardlink" ? pathOf(entry.linkName, "the target of the hard link") : undefined;
    if (entry.type === "symlink" && entry.linkName === "")
      throw refuse(`the symlink ${shown(entry.name)} has no target`, "Remove it.");
    tree.add(path, entry, target);
    const inner = path.join("/");
    if (inner === "backup/index.yaml") indexYaml = await textOf(entry, maxYamlBytes);
    else if (inner === "backup/container/backup.yaml") besideYaml = await textOf(entry, maxYamlBytes);
    else if (inner === "backup/container/metadata.yaml") metadataYaml = await textOf(entry, maxMetadataBytes);
    else if (inner.startsWith("backup/container/templates/")) await templates.add(path, entry);
    else if (
      /^backup\/(container|virtual-machine|snapshots\/[^/]+|virtual-machine-snapshots\/[^/]+)\.(bin|img)$/.test(inner)
    )
      throw refuse(
        "it is one of a virtual machine, or of the format that only the storage driver knows which wrote it",
        "Make it without optimized storage, of a container.",
      );
    else addToRoot(roots, entry, path, target);
  }
  if (indexYaml === undefined) throw refuse("Backup is missing index.yaml", "Send the whole file that an export gave.");
  const container = roots.get("");
  if (container === undefined)
    throw refuse("it holds no folder backup/container/rootfs", "Send the whole file that an export gave.");
  const snapshots = [...roots].filter(([name]) => name !== "");
  return {
    indexYaml,
    besideYaml,
    metadataYaml,
    templates: templates.texts,
    container: layoutOf(container),
    snapshots: snapshots.map(([name, root]) => [Buffer.from(name, "latin1").toString("utf8"), layoutOf(root)]),
  };
}

const layoutOf = ({ prefix, root, devices }: Root): TarLayout => ({
  prefix,
  ...(root === undefined ? {} : { root }),
  deviceNodes: devices.names,
});

async function textOf(entry: TarEntry, maxBytes: number): Promise<string> {
  if (entry.type !== "file") throw refuse(`${shown(entry.name)} is not a regular file`, "Make the backup again.");
  return (await entry.read(maxBytes)).toString("utf8");
}

/** Templates of the instance's files, as many and as long as an image may have. */
class Templates {
  readonly texts: Record<string, string> = Object.create(null);
  #bytes = 0;
  #count = 0;

  async add(path: readonly string[], entry: TarEntry): Promise<void> {
    if (path.length !== 4 || entry.type !== "file") return;
    const content = await entry.read(maxMetadataBytes);
    this.#bytes += content.length;
    this.#count += 1;
    if (this.#bytes > maxMetadataBytes || this.#count > maxTemplates)
      throw refuse(`its templates are more than ${maxTemplates}, or longer than 1 MiB`, "Leave out some.");
    this.texts[Buffer.from(path[3]!, "latin1").toString("utf8")] = content.toString("utf8");
  }
}

/** The parts of the folder that a root is, when a path lies in one; the name of its snapshot, "" for the instance itself. */
function rootOf(path: readonly string[]): { name: string; depth: number } | undefined {
  if (path[0] !== "backup") return undefined;
  if (path[1] === "container" && path[2] === "rootfs") return { name: "", depth: 3 };
  if (path[1] === "snapshots" && path[3] === "rootfs") return { name: path[2]!, depth: 4 };
  return undefined;
}

function addToRoot(
  roots: Map<string, Root>,
  entry: TarEntry,
  path: readonly string[],
  target: readonly string[] | undefined,
): void {
  const place = rootOf(path);
  if (place === undefined) return;
  const { name, depth } = place;
  const prefix = spelled(entry.name, depth);
  const found = roots.get(name) ?? { prefix, parts: path.slice(0, depth), devices: new Devices() };
  if (!roots.has(name)) {
    if (roots.size > maxSnapshots) throw refuse(`it has more than ${maxSnapshots} snapshots`, "Leave out some.");
    roots.set(name, found);
  }
  requireSpelling(found, prefix, entry.name);
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
