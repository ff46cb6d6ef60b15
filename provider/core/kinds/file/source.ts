/** Source: files of the machine that runs the program, as Pulumi's assets and archives name them. */
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink, stat } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { isMap, type Props } from "../../engine/values";

/** Pulumi's marks of assets and archives among plain values (sdk/nodejs/runtime/rpc.ts). */
const signatureKey = "4dabf18193072939515e22adb298388d";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";

/** In the program itself they are objects that carry these. */
const isAsset = (value: Props): boolean => value[signatureKey] === assetSignature || value.__pulumiAsset === true;
const isArchive = (value: Props): boolean => value[signatureKey] === archiveSignature || value.__pulumiArchive === true;

export const isSource = (value: unknown): boolean =>
  typeof value === "string" ? value !== "" : isMap(value) && (isAsset(value) || isArchive(value));

/** Something that a source puts into a container. */
export type Item =
  | { readonly type: "file"; readonly open: () => Readable; readonly isExecutable: boolean }
  | { readonly type: "directory" }
  | { readonly type: "symlink"; readonly target: string };

/** Items by their path below the file's own; "" is the file itself. */
export type Items = ReadonlyMap<string, Item>;

const executable = 0o100;

export const ofBytes = (bytes: Buffer): Item => ({
  type: "file",
  open: () => Readable.from([bytes], { objectMode: false }),
  isExecutable: false,
});

const below = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

async function readFolder(folder: string, at: string, items: Map<string, Item>): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    const file = path.join(folder, name);
    const place = below(at, name);
    const info = await lstat(file);
    if (info.isDirectory()) {
      items.set(place, { type: "directory" });
      await readFolder(file, place, items);
    } else if (info.isSymbolicLink()) items.set(place, { type: "symlink", target: await readlink(file) });
    else if (info.isFile()) items.set(place, fileAt(file, info.mode));
    else throw new Error(`"${file}" is neither a file nor a folder nor a symlink`);
  }
}

const fileAt = (file: string, mode: number): Item => ({
  type: "file",
  open: () => createReadStream(file),
  isExecutable: (mode & executable) !== 0,
});

const isPacked = (file: string): boolean => /\.(zip|jar|tar|tgz|tar\.\w+)$/i.test(file);

async function readPath(file: string, at: string, isFolderWanted: boolean, items: Map<string, Item>): Promise<void> {
  const info = await stat(file);
  if (info.isDirectory()) return readFolder(file, at, items);
  if (isFolderWanted)
    throw new Error(
      `"${file}" is ${isPacked(file) ? "a packed archive: unpack it, and name the folder" : "no folder"}`,
    );
  items.set(at, fileAt(file, info.mode));
}

async function read(source: unknown, at: string, items: Map<string, Item>): Promise<void> {
  if (typeof source === "string") return readPath(source, at, false, items);
  if (!isMap(source)) throw new Error("it is neither an asset nor an archive");
  if (typeof source.uri === "string")
    throw new Error("an asset of another machine is not fetched: have it in a file here");
  if (typeof source.text === "string") {
    items.set(at, ofBytes(Buffer.from(source.text)));
    return;
  }
  if (typeof source.path === "string") return readPath(source.path, at, isArchive(source), items);
  for (const [name, member] of Object.entries(isMap(source.assets) ? source.assets : {}).sort()) {
    const parts = name.split("/");
    if (parts.some((part) => part === "" || part === "." || part === ".."))
      throw new Error(`"${name}" is no path within an archive`);
    for (const [depth] of parts.slice(1).entries())
      items.set(below(at, parts.slice(0, depth + 1).join("/")), { type: "directory" });
    if (isMap(member) && isArchive(member)) items.set(below(at, name), { type: "directory" });
    await read(member, below(at, name), items);
  }
}

/**
 * Reads what a source names; contents are read later. Relative paths begin at the program's folder.
 * @throws Error for what cannot be read
 */
export async function itemsOf(source: unknown): Promise<Items> {
  const items = new Map<string, Item>();
  await read(source, "", items);
  return items;
}
