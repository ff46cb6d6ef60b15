/** Declared folders: what an image's configuration names and its layers may lack, as volumes and the working folder. They are made as other engines make them. */
import { lstat, readlink } from "node:fs/promises";
import path from "node:path";
import { ignoring } from "../../../platform/folders/files";
import { makeFolder } from "../archive/tree";

/** As many as the kernel follows in one path. */
const mostLinks = 40;

/**
 * Makes folders of root's where there is nothing. What is there stays as it is, be it no folder.
 * @param root of an image that is put together, which nobody else writes @param folders absolute, inside; a link of the image leads to inside of it
 */
export async function makeDeclared(root: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders) await makeOne(root, folder);
}

async function makeOne(root: string, folder: string): Promise<void> {
  const rest = partsOf(folder);
  const at: string[] = [];
  let links = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === "..") {
      at.pop();
      continue;
    }
    const place = path.join(root, ...at, part);
    const found = await ignoring("ENOENT", lstat(place));
    if (found?.isSymbolicLink()) {
      links += 1;
      if (links > mostLinks) return;
      const target = await readlink(place);
      if (target.startsWith("/")) at.length = 0;
      rest.unshift(...partsOf(target));
      continue;
    }
    if (found === undefined) makeFolder(place, 0o755);
    else if (!found.isDirectory()) return;
    at.push(part);
  }
}

const partsOf = (inner: string): string[] => inner.split("/").filter((part) => part !== "" && part !== ".");
