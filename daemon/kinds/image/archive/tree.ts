/** Tree: files below a root file system that is being built, written without ever following a symlink of it. */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { badRequest } from "../../../../sdk/api/errors";
import { run } from "../../../platform/processes/run";

/** The daemon's umask is for its own files: modes inside an image are set as they are meant. */
export function makeFolder(hostPath: string, mode: number): void {
  mkdirSync(hostPath);
  chmodSync(hostPath, mode);
}

/** Makes the folders above an inner path. @returns its host path @throws ApiError BAD_REQUEST when a symlink is in the way */
function placeOf(root: string, innerPath: string): string {
  const parts = innerPath.split("/").filter((part) => part !== "");
  let at = root;
  for (const part of parts.slice(0, -1)) {
    at = path.join(at, part);
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined) makeFolder(at, 0o755);
    else if (!stat.isDirectory())
      throw badRequest(
        `Cannot write "${innerPath}" of the template: "${at.slice(root.length)}" is not a folder. Write to where it leads.`,
      );
  }
  return path.join(at, parts.at(-1) ?? "");
}

/** The same, with what was there removed; a folder stays. */
function freePlaceOf(root: string, innerPath: string): string {
  const place = placeOf(root, innerPath);
  if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true)
    throw badRequest(`Cannot write "${innerPath}" of the template: a folder is there. Remove it in "remove" first.`);
  rmSync(place, { force: true });
  return place;
}

/** Makes or replaces a file. @param mode such as 0o644 */
export function writeInto(root: string, innerPath: string, content: string | Buffer, mode = 0o644): void {
  const place = freePlaceOf(root, innerPath);
  const file = openSync(place, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, mode);
  try {
    writeFileSync(file, content);
    fchmodSync(file, mode);
  } finally {
    closeSync(file);
  }
}

/** Makes or replaces a symlink; its target is stored as it is. */
export function linkInto(root: string, innerPath: string, target: string): void {
  const place = freePlaceOf(root, innerPath);
  symlinkSync(target, place);
}

/** Makes a folder, or gives one that is there the mode. @param mode such as 0o755 */
export function folderInto(root: string, innerPath: string, mode = 0o755): void {
  const place = placeOf(root, innerPath);
  if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true) chmodSync(place, mode);
  else makeFolder(place, mode);
}

/** Removes what is at an inner path; nothing there is no error. */
export function removeInto(root: string, innerPath: string): void {
  rmSync(placeOf(root, innerPath), { recursive: true, force: true });
}

/** Removes a folder, but nothing that is mounted in it: a build that was killed may have left mounts. */
export async function removeTree(folder: string): Promise<void> {
  await run("rm", ["-rf", "--one-file-system", "--", folder]);
}
