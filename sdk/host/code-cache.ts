/** Code cache: what V8 made of a program's source, kept for its next start (node:module, enableCompileCache). */
import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { constants, enableCompileCache, flushCompileCache, getCompileCacheDir } from "node:module";
import { homedir } from "node:os";
import path from "node:path";

/** Root's, whatever the environment says: code that root runs comes from nowhere else. */
const rootFolder = "/var/cache/bothy/code";

const writeOfOthers = 0o022;
const sticky = 0o1000;

/** Where a user's code cache lies. @param home of a user who is not root */
export function codeCacheFolder(uid: number, env: NodeJS.ProcessEnv, home: string): string {
  if (uid === 0) return rootFolder;
  return path.join(env.XDG_CACHE_HOME || path.join(home, ".cache"), "bothy", "code");
}

/**
 * Whether nobody but this user and root can put a file into a folder: it is the user's own, and no folder on the way to it lets
 * others rename what is in it.
 * @param folder without symbolic links
 */
export function isOnlyOurs(folder: string, uid: number): boolean {
  const { uid: owner, mode } = lstatSync(folder);
  return owner === uid && (mode & writeOfOthers) === 0 && isSafeWay(path.dirname(folder), uid);
}

function isSafeWay(folder: string, uid: number): boolean {
  const { uid: owner, mode } = lstatSync(folder);
  const isOpen = (mode & writeOfOthers) !== 0 && (mode & sticky) === 0;
  if (isOpen || (owner !== uid && owner !== 0)) return false;
  return folder === "/" || isSafeWay(path.dirname(folder), uid);
}

/**
 * Has the modules that are loaded from now on come from the cache, and go there. Does nothing where no cache is safe.
 * @returns the folder for code of this very Node; nothing where there is none of ours, as when the environment names another
 */
export function useCodeCache(): string | undefined {
  const uid = process.geteuid?.() ?? 0;
  try {
    const named = codeCacheFolder(uid, process.env, homedir());
    mkdirSync(named, { recursive: true, mode: 0o700 });
    const folder = realpathSync(named);
    if (!isOnlyOurs(folder, uid)) return undefined;
    const { status } = enableCompileCache(folder);
    return status === constants.compileCacheStatus.ENABLED ? getCompileCacheDir() : undefined;
  } catch {
    // No home, a full or read-only disk: the program only starts more slowly.
    return undefined;
  }
}

/** Keeps what was loaded so far at once, for a program that runs for long: by its end the cache would hold far more than a start needs. */
export const keepCode = (): void => flushCompileCache();
