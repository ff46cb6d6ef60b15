/** Files: looking at what may be missing. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { chmod, chown, lstat, open, readdir, stat } from "node:fs/promises";
import path from "node:path";

/** @returns the errno's name, such as "ENOENT"; "" when the error has none */
export const errnoOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? "";

/** Whether an error says that a file system, or a quota on it, is used up; Node has no name for EDQUOT (122) and says UNKNOWN. */
export const isNoSpace = (error: unknown): boolean =>
  /^(ENOSPC|EDQUOT|UNKNOWN)$|-122$/.test(errnoOf(error)) ||
  /No space left on device|out of space|quota exceeded|database or disk is full|system error -122/i.test(
    (error as Error | undefined)?.message ?? "",
  );

/** Whether an error says that a file system is read-only. */
export const isReadonly = (error: unknown): boolean =>
  errnoOf(error) === "EROFS" ||
  /Read-only file system|file system is read-only/i.test((error as Error | undefined)?.message ?? "");

/** Whether an error says that a device failed, as an image file does when the disk below it is full. */
export const isDeviceError = (error: unknown): boolean =>
  errnoOf(error) === "EIO" || /Input\/output error/i.test((error as Error | undefined)?.message ?? "");

/** Waits for the work; the named errors count as "nothing there". */
export async function ignoring<T>(codes: string | readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ([codes].flat().includes(errnoOf(error))) return undefined;
    throw error;
  }
}

/** Whether something is there, be it a symlink that leads nowhere. */
export async function isThere(file: string): Promise<boolean> {
  return (await ignoring(["ENOENT", "ENOTDIR"], lstat(file))) !== undefined;
}

/**
 * Removes a folder and all in it at once, also while others take files out of it: where one vanishes before its turn, rmSync stops there and says
 * nothing. Whoever puts files in must have ended.
 */
export function removeFolderNow(folder: string): void {
  do rmSync(folder, { recursive: true, force: true });
  while (existsSync(folder));
}

/** Names in a folder; none when it is missing. */
export const entries = async (folder: string): Promise<string[]> =>
  (await ignoring(["ENOENT", "ENOTDIR"], readdir(folder))) ?? [];

/** A fifo would keep the reader for ever. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/** What means that there is no file of that name: nothing at all, a socket, or a link that leads nowhere. */
const noFile = ["ENOENT", "ENXIO", "ELOOP"];

/** @returns the text, or nothing when there is no such file, or what is there is none */
export const readText = (file: string): Promise<string | undefined> => ignoring(noFile, readIfFile(file));

async function readIfFile(file: string): Promise<string | undefined> {
  await using opened = await open(file, readFlags);
  return (await opened.stat()).isFile() ? await opened.readFile("utf8") : undefined;
}

/** What a name leads to; of a link that leads to itself the link. @returns nothing when there is nothing */
export function aboutFile(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) !== "ELOOP") throw error;
    return lstatSync(file, { throwIfNoEntry: false });
  }
}

/** As readText, at once. */
export function readTextNow(file: string): string | undefined {
  let opened: number | undefined;
  try {
    opened = openSync(file, readFlags);
    return fstatSync(opened).isFile() ? readFileSync(opened, "utf8") : undefined;
  } catch (error) {
    if (noFile.includes(errnoOf(error))) return undefined;
    throw error;
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** Gives a file owner, group and mode where it has others: even a change to the same asks for space, which a full disk or quota has not. */
export async function setOwner(file: string, uid: number, gid: number, mode: number): Promise<void> {
  const found = await stat(file);
  if (found.uid !== uid || found.gid !== gid) await chown(file, uid, gid);
  // A change of owner may have taken bits away.
  if (((await stat(file)).mode & 0o7777) !== mode) await chmod(file, mode);
}

/** Brings a file or folder to the disk itself, before a database row may name it. */
export async function syncToDisk(...paths: string[]): Promise<void> {
  for (const each of new Set(paths.flatMap((file) => [file, path.dirname(file)]))) {
    await using handle = await open(each, "r");
    await handle.sync();
  }
}
