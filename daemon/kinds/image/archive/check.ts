/** Check: whether a tarball may be unpacked, decided on its whole entry list before anything of it is on disk. */
import { beyond, type ImageLimits } from "./limits";
import { refuse, shown } from "./refuse";
import type { TarEntry } from "./tar";
import { Tree } from "./tree-check";

/** What the tarball holds beside its root file system, and what unpacking it needs to know. */
export interface TarLayout {
  /** How the archive spells its root folder: "rootfs", "./rootfs", or "" when the whole archive is the root. */
  readonly prefix: string;
  /** All spellings of it, when some names begin with a slash, which tar cuts off: "/rootfs" beside "rootfs". Only the prefix when absent. */
  readonly members?: readonly string[];
  /** Mode and owner of the root folder itself, when the archive tells. */
  readonly root?: { readonly mode: number; readonly uid: number; readonly gid: number };
  /** Whether the root is one file in place of a folder: it gets into the folder by the last part of its name. */
  readonly isFile?: true;
  /** Names, as in the archive, of device nodes and of hard links to them: left out for unprivileged containers. */
  readonly deviceNodes: readonly string[];
}

export interface TarContent {
  readonly layout: TarLayout;
  readonly metadataYaml: string | undefined;
  /** Of an image of OCI (oci-runtime.ts). */
  readonly configJson: string | undefined;
  /** Whether it is no image of LXD's but a layout of OCI: then there is nothing else of it. */
  readonly isOciLayout: boolean;
  /** LXD's file templates by file name. */
  readonly templates: Readonly<Record<string, string>>;
}

/** What an archive is meant to be; a split image has its metadata and its root apart. */
export type Part = "unified" | "metadata" | "rootfs";

const maxMetadataBytes = 1 << 20;
const maxTemplatesBytes = 1 << 20;
const maxTemplates = 1000;
const maxNameBytes = 4095;
const maxPartBytes = 255;
/** They are kept by name; a full /dev of old has some two thousand. */
const maxDeviceNodes = 10_000;
const maxDeviceNameBytes = 1 << 20;

/**
 * Walks the archive.
 * A slash before a name counts for nothing, as tar has it.
 * @throws ApiError BAD_REQUEST for an entry or hard-link target that leaves the root, an entry that writes through a symlink of the
 *   archive, an impossible name, or a missing part
 */
export async function checkTar(entries: AsyncIterable<TarEntry>, part: Part, limits: ImageLimits): Promise<TarContent> {
  const tree = new Tree(limits);
  const names = new Names(limits);
  const templates: Record<string, string> = Object.create(null);
  const devices = new Devices();
  const members = new Set<string>();
  let templateBytes = 0;
  let metadataYaml: string | undefined;
  let configJson: string | undefined;
  const ociFiles = new Set<string>();
  let prefix = part === "rootfs" ? "" : undefined;
  let root: TarLayout["root"];

  for await (const entry of entries) {
    names.add(entry.name.length + entry.linkName.length);
    const path = pathOf(entry.name, "the entry");
    const target = entry.type === "hardlink" ? pathOf(entry.linkName, `the target of the hard link`) : undefined;
    if (entry.type === "symlink" && entry.linkName === "")
      throw refuse(`the symlink ${shown(entry.name)} has no target`, "Remove it.");
    tree.add(path, entry, target);

    const top = path[0];
    if (part === "rootfs" || top === "rootfs") {
      if (part !== "rootfs") {
        prefix = requirePrefix(entry.name, prefix);
        members.add(entry.name.startsWith("/") ? `/${prefix}` : prefix);
      }
      if (target !== undefined && part !== "rootfs") {
        if (target[0] !== "rootfs")
          throw refuse(`the hard link ${shown(entry.name)} leads out of the root file system`, "Remove it.");
        requirePrefix(entry.linkName, prefix);
      }
      if (path.length === (part === "rootfs" ? 0 : 1)) {
        if (entry.type !== "directory") throw refuse("its rootfs is not a folder", "Make it a folder.");
        root = { mode: entry.mode, uid: entry.uid, gid: entry.gid };
      }
      const isDevice = entry.type === "character" || entry.type === "block";
      if (isDevice || (target !== undefined && devices.has(target))) devices.add(entry.name, path);
    } else if (top === "metadata.yaml" && path.length === 1) {
      if (entry.type !== "file") throw refuse("its metadata.yaml is not a regular file", "Make it one.");
      metadataYaml = (await entry.read(maxMetadataBytes)).toString("utf8");
    } else if ((top === "oci-layout" || top === "index.json") && path.length === 1 && entry.type === "file") {
      ociFiles.add(top);
    } else if (top === "config.json" && path.length === 1 && entry.type === "file") {
      configJson = (await entry.read(maxMetadataBytes)).toString("utf8");
    } else if (top === "templates" && path.length === 2 && entry.type === "file") {
      const content = await entry.read(maxTemplatesBytes);
      templateBytes += content.length;
      if (templateBytes > maxTemplatesBytes)
        throw refuse(`its templates are longer than ${maxTemplatesBytes} bytes`, "Make them shorter.");
      templates[Buffer.from(path[1]!, "latin1").toString("utf8")] = content.toString("utf8");
      if (Object.keys(templates).length > maxTemplates)
        throw refuse(`it has more than ${maxTemplates} templates`, "Leave out some.");
    }
  }
  const isOciLayout = part === "unified" && metadataYaml === undefined && prefix === undefined && ociFiles.size === 2;
  if (isOciLayout)
    return { layout: { prefix: "", deviceNodes: [] }, metadataYaml, configJson: undefined, isOciLayout, templates: {} };
  if (part !== "rootfs" && metadataYaml === undefined)
    throw refuse("it holds no metadata.yaml", "Put one at its top, beside the folder rootfs.");
  if (prefix === undefined && part === "unified")
    throw refuse("it holds no folder rootfs", "Put the root file system into one at its top, beside metadata.yaml.");
  const spelled = [...members].some((member) => member !== prefix) ? { members: [...members] } : {};
  return {
    layout: { prefix: prefix ?? "", ...spelled, root, deviceNodes: devices.names },
    metadataYaml,
    configJson,
    isOciLayout,
    templates,
  };
}

/** The parts of a name; throws for one that could lead elsewhere. */
function pathOf(name: string, what: string): string[] {
  const remedy = "Pack the image from inside its folder, with relative names.";
  if (name === "" || name.includes("\0")) throw refuse(`${what} ${shown(name)} has an impossible name`, remedy);
  if (name.length > maxNameBytes) throw refuse(`${what} ${shown(name)} has a name that is too long`, remedy);
  // Programs that pack an image by themselves leave one in (pylxd's tests do); several are nobody's.
  if (name.startsWith("//")) throw refuse(`${what} ${shown(name)} is absolute`, remedy);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse(`${what} ${shown(name)} leaves the root file system`, remedy);
  if (parts.some((part) => part.length > maxPartBytes))
    throw refuse(`${what} ${shown(name)} has a name that is too long`, remedy);
  return parts;
}

/** One spelling of the root folder in the whole archive, since a fixed number of leading parts is cut off each name. */
function requirePrefix(given: string, prefix: string | undefined): string {
  const name = given.replace(/^\//, "");
  const found = name.startsWith("./rootfs") ? "./rootfs" : "rootfs";
  const next = name.charAt(found.length);
  if (!name.startsWith(found) || (next !== "" && next !== "/") || (prefix !== undefined && prefix !== found))
    throw refuse(`it spells its folder rootfs in several ways (${shown(name)})`, "Pack it with GNU tar in one go.");
  return found;
}

/** Counts the bytes of names. */
export class Names {
  #bytes = 0;

  constructor(private readonly limits: ImageLimits) {}

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.limits.names.value) throw beyond(this.limits, "names", "its names have more bytes");
  }
}

/** Device nodes and the hard links to them, by name. */
export class Devices {
  readonly names: string[] = [];
  readonly #paths = new Set<string>();
  #bytes = 0;

  has(path: readonly string[]): boolean {
    return this.#paths.size > 0 && this.#paths.has(path.join("/"));
  }

  /** @param name as the archive has it */
  add(name: string, path: readonly string[]): void {
    if (name.includes("\n")) throw refuse(`the device node ${shown(name)} has a line break in its name`, "Rename it.");
    this.#bytes += name.length;
    if (this.names.length === maxDeviceNodes || this.#bytes > maxDeviceNameBytes)
      throw refuse(`it has more than ${maxDeviceNodes} device nodes, or too long names of them`, "Leave them out.");
    this.names.push(name);
    this.#paths.add(path.join("/"));
  }
}
