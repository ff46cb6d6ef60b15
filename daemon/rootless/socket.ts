/** Socket: that of an ordinary user's daemon is below XDG_RUNTIME_DIR, which is made for sockets and the user's alone; the state folder has a link to it. */
import { mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import path from "node:path";
import { userStateDir } from "../../sdk/host/state-folder";
import type { Dirs } from "../platform/folders/dirs";

/** By which the daemon within hears of the folder. */
export const socketVariable = "BOTHY_SOCKET_FOLDER";

/**
 * Makes the folder of the socket. A state folder that somebody has named keeps its own.
 * @returns nothing where the socket is in the state folder
 */
export function makeSocketFolder(dir: string, env: NodeJS.ProcessEnv): string | undefined {
  const runtime = env.XDG_RUNTIME_DIR;
  if (!runtime || path.resolve(dir) !== path.resolve(userStateDir(env)) || !isOurs(runtime)) return undefined;
  const folder = path.join(runtime, "bothy");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** One that is left from another user's session, as after su(1), is not ours. */
const isOurs = (runtime: string): boolean => statSync(runtime, { throwIfNoEntry: false })?.uid === process.getuid?.();

/** Has the state folder's name for the socket lead to where it is. */
export function linkSocket({ socket }: Dirs, folder: string): void {
  rmSync(socket, { force: true });
  symlinkSync(path.join(folder, path.basename(socket)), socket);
}
