/** Manifest: what a file or a folder in a container is, item by item, so that plans and refreshes compare it without its contents. */
import { createHash } from "node:crypto";
import { posix as path } from "node:path";
import type { Readable } from "node:stream";
import { isMap, type Props } from "../../engine/values";
import type { FileInputs } from "./inputs";
import { type Item, type Items, itemsOf, ofBytes } from "./source";

/** Hidden property: each item by its path below the file's own, as a line. It tells of secrets by their hash, so it is kept as one. */
export const manifestProperty = "__manifest";

/** Lines such as `file 0644 0:0 <sha256>`, `directory`, `symlink <target>`. */
export type Manifest = Readonly<Record<string, string>>;

export const manifestIn = (props: Props): Manifest | undefined =>
  isMap(props[manifestProperty]) ? (props[manifestProperty] as Manifest) : undefined;

export async function hashOf(content: Readable): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of content) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

export const modeText = (mode: number): string => mode.toString(8).padStart(4, "0");

export const fileLine = (mode: number, uid: number, gid: number, hash: string): string =>
  `file ${modeText(mode)} ${uid}:${gid} ${hash}`;
/** Servers tell of a target from the root on, also of one that was written otherwise. @param file where the symlink is */
export const symlinkLine = (file: string, target: string): string =>
  `symlink ${path.resolve(path.dirname(file), target)}`;
export const directoryLine = "directory";

type Said = Pick<FileInputs, "path" | "content" | "contentBase64" | "source" | "mode" | "uid" | "gid">;

/** What a program puts into the container. @throws Error for a source that cannot be read */
export async function wantedItems({ content, contentBase64, source }: Said): Promise<Items> {
  if (source !== undefined) return itemsOf(source);
  const bytes = content === undefined ? Buffer.from(contentBase64 ?? "", "base64") : Buffer.from(content);
  return new Map([["", ofBytes(bytes)]]);
}

/** @returns the permission bits of a file */
export const modeOf = ({ mode }: Said, isExecutable: boolean): number =>
  mode === undefined ? (isExecutable ? 0o755 : 0o644) : Number.parseInt(mode, 8);

async function lineOf(item: Item, file: string, said: Said): Promise<string> {
  if (item.type === "directory") return directoryLine;
  if (item.type === "symlink") return symlinkLine(file, item.target);
  return fileLine(modeOf(said, item.isExecutable), said.uid, said.gid, await hashOf(item.open()));
}

export async function manifestOf(items: Items, said: Said): Promise<Manifest> {
  const lines: Record<string, string> = {};
  for (const [place, item] of items)
    lines[place] = await lineOf(item, place === "" ? said.path : `${said.path}/${place}`, said);
  return lines;
}

/** One hash for all of a manifest. */
export const digestOf = (manifest: Manifest): string =>
  createHash("sha256")
    .update(JSON.stringify(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest("hex");
