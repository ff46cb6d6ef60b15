/** Check: whether a tarball may be unpacked, decided on its whole entry list before anything of it is on disk. */
import { badRequest } from "../../sdk/api/errors";
import type { TarEntry, TarType } from "./tar";

/** What the tarball holds beside its root file system, and what unpacking it needs to know. */
export interface TarLayout {
  /** How the archive spells its root folder: "rootfs", "./rootfs", or "" when the whole archive is the root. */
  readonly prefix: string;
  /** Mode and owner of the root folder itself, when the archive tells. */
  readonly root?: { readonly mode: number; readonly uid: number; readonly gid: number };
  /** Names, as in the archive, of device nodes and of hard links to them: left out for unprivileged containers. */
  readonly deviceNodes: readonly string[];
}

export interface TarContent {
  readonly layout: TarLayout;
  readonly metadataYaml: string | undefined;
  /** LXD's file templates by file name. */
  readonly templates: Readonly<Record<string, string>>;
}

/** What an archive is meant to be; a split image has its metadata and its root apart. */
export type Part = "unified" | "metadata" | "rootfs";

const maxMetadataBytes = 1 << 20;
const maxTemplatesBytes = 4 << 20;
const maxEntries = 5_000_000;
const maxNameBytes = 4095;
const maxPartBytes = 255;

export const refuse = (cause: string, remedy: string) => badRequest(`Cannot import image: ${cause}. ${remedy}`);

/** For messages: archive names are bytes, and may hold anything. */
const shown = (name: string) => JSON.stringify(Buffer.from(name, "latin1").toString("utf8"));

/**
 * Walks the archive.
 * @throws ApiError BAD_REQUEST for an entry or hard-link target that is absolute or leaves the root, an entry that writes through a
 *   symlink of the archive, an impossible name, or a missing part
 */
export async function checkTar(entries: AsyncIterable<TarEntry>, part: Part): Promise<TarContent> {
  const seen = new Seen();
  const templates: Record<string, string> = {};
  const deviceNodes: string[] = [];
  const devicePaths = new Set<string>();
  let templateBytes = 0;
  let metadataYaml: string | undefined;
  let prefix = part === "rootfs" ? "" : undefined;
  let root: TarLayout["root"];
  let count = 0;

  for await (const entry of entries) {
    count += 1;
    if (count > maxEntries) throw refuse(`it has more than ${maxEntries} entries`, "Make it smaller.");
    const path = pathOf(entry.name, "the entry");
    const target = entry.type === "hardlink" ? pathOf(entry.linkName, `the target of the hard link`) : undefined;
    if (entry.type === "symlink" && entry.linkName === "")
      throw refuse(`the symlink ${shown(entry.name)} has no target`, "Remove it.");
    seen.add(path, entry, target);

    const top = path[0];
    if (part === "rootfs" || top === "rootfs") {
      if (part !== "rootfs") prefix = requirePrefix(entry.name, prefix);
      if (target !== undefined && part !== "rootfs") {
        if (target[0] !== "rootfs")
          throw refuse(`the hard link ${shown(entry.name)} leads out of the root file system`, "Remove it.");
        requirePrefix(entry.linkName, prefix);
      }
      if (path.length === (part === "rootfs" ? 0 : 1)) {
        if (entry.type !== "directory") throw refuse("its rootfs is no folder", "Make it a folder.");
        root = { mode: entry.mode, uid: entry.uid, gid: entry.gid };
      }
      const isDevice = entry.type === "character" || entry.type === "block";
      if (isDevice || (target !== undefined && devicePaths.has(target.join("/")))) {
        if (entry.name.includes("\n"))
          throw refuse(`the device node ${shown(entry.name)} has a line break in its name`, "Rename it.");
        deviceNodes.push(entry.name);
        devicePaths.add(path.join("/"));
      }
    } else if (top === "metadata.yaml" && path.length === 1) {
      if (entry.type !== "file") throw refuse("its metadata.yaml is no regular file", "Make it one.");
      metadataYaml = (await entry.read(maxMetadataBytes)).toString("utf8");
    } else if (top === "templates" && path.length === 2 && entry.type === "file") {
      const content = await entry.read(maxTemplatesBytes);
      templateBytes += content.length;
      if (templateBytes > maxTemplatesBytes)
        throw refuse(`its templates are longer than ${maxTemplatesBytes} bytes`, "Make them shorter.");
      templates[Buffer.from(path[1]!, "latin1").toString("utf8")] = content.toString("utf8");
    }
  }
  if (part !== "rootfs" && metadataYaml === undefined)
    throw refuse("it holds no metadata.yaml", "Put one at its top, beside the folder rootfs.");
  if (prefix === undefined && part === "unified")
    throw refuse("it holds no folder rootfs", "Put the root file system into one at its top, beside metadata.yaml.");
  return { layout: { prefix: prefix ?? "", root, deviceNodes }, metadataYaml, templates };
}

/** The parts of a name; throws for one that could lead elsewhere. */
function pathOf(name: string, what: string): string[] {
  const remedy = "Pack the image from inside its folder, with relative names.";
  if (name === "" || name.includes("\0")) throw refuse(`${what} ${shown(name)} has an impossible name`, remedy);
  if (name.length > maxNameBytes)
    throw refuse(`${what} ${shown(name.slice(0, 60))}... has a name that is too long`, remedy);
  if (name.startsWith("/")) throw refuse(`${what} ${shown(name)} is absolute`, remedy);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse(`${what} ${shown(name)} leaves the root file system`, remedy);
  if (parts.some((part) => part.length > maxPartBytes))
    throw refuse(`${what} ${shown(name.slice(0, 60))}... has a name that is too long`, remedy);
  return parts;
}

/** One spelling of the root folder in the whole archive, since a fixed number of leading parts is cut off each name. */
function requirePrefix(name: string, prefix: string | undefined): string {
  const found = name.startsWith("./rootfs") ? "./rootfs" : "rootfs";
  const next = name.charAt(found.length);
  if (!name.startsWith(found) || (next !== "" && next !== "/") || (prefix !== undefined && prefix !== found))
    throw refuse(`it spells its folder rootfs in several ways (${shown(name)})`, "Pack it with GNU tar in one go.");
  return found;
}

/** The tree that the archive has built up so far. */
class Seen {
  readonly #types = new Map<string, TarType>();

  add(parts: readonly string[], entry: TarEntry, target: readonly string[] | undefined): void {
    const remedy = "Pack the image from a real folder in one go.";
    this.#requireFolders(parts, entry.name, "the entry");
    const path = parts.join("/");
    const before = this.#types.get(path);
    if (before !== undefined && (before === "directory") !== (entry.type === "directory"))
      throw refuse(`the entry ${shown(entry.name)} comes twice, once as a folder`, remedy);
    if (target !== undefined) {
      this.#requireFolders(target, entry.linkName, "the target of the hard link");
      const type = this.#types.get(target.join("/"));
      if (type === undefined || type === "directory")
        throw refuse(
          `the hard link ${shown(entry.name)} has the target ${shown(entry.linkName)}, which is no earlier file`,
          remedy,
        );
    }
    this.#types.set(path, entry.type);
  }

  /** Every folder above must be one, and not a symlink that the archive carried. */
  #requireFolders(parts: readonly string[], name: string, what: string): void {
    let path = "";
    for (const part of parts.slice(0, -1)) {
      path = path === "" ? part : `${path}/${part}`;
      const type = this.#types.get(path);
      if (type === undefined) this.#types.set(path, "directory");
      else if (type === "symlink")
        throw refuse(
          `${what} ${shown(name)} goes through the symlink ${shown(path)} of the same tarball`,
          "Pack the image from a real folder in one go.",
        );
      else if (type !== "directory")
        throw refuse(
          `${what} ${shown(name)} lies below ${shown(path)}, which is no folder`,
          "Pack it with GNU tar in one go.",
        );
    }
  }
}
