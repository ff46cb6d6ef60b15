/** State folder: where the daemon of this user keeps its state when it was told nothing else. */
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** Of the daemon that root runs. */
export const rootStateDir = "/var/lib/bothy";

function mayUse(socket: string): boolean {
  try {
    accessSync(socket, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** An ordinary user's own; below XDG_DATA_HOME (XDG Base Directory Specification). */
export const userStateDir = (env: NodeJS.ProcessEnv): string =>
  path.join(env.XDG_DATA_HOME || path.join(homedir(), ".local", "share"), "bothy");

/** Where a daemon of this user keeps its state: BOTHY_DIR, else by who the user is. */
export const ownStateDir = (env: NodeJS.ProcessEnv): string =>
  env.BOTHY_DIR || (process.geteuid?.() === 0 ? rootStateDir : userStateDir(env));

/** State folder of the daemon that programs of this user ask: that of root, where it runs and lets this user in, else their own. */
export function localStateDir(env: NodeJS.ProcessEnv): string {
  if (!env.BOTHY_DIR && mayUse(path.join(rootStateDir, "unix.socket"))) return rootStateDir;
  return ownStateDir(env);
}
