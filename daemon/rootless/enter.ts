/**
 * Enter: an ordinary user's daemon takes its own place in namespaces of its own, in which it is root; all that follows is as for root
 * (docs/rootless.md). A process of bothy-cell holds them, for as long as containers are in them, so that a later daemon finds them again.
 */
import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import { unavailable } from "../../sdk/api/errors";
import { entering, holdNamespaces, wholePath } from "../../sdk/host/namespaces";
import { cellProgram } from "../../sdk/host/package";
import { currentUser, whatUserLacks } from "../../sdk/host/subordinate-ids";
import type { Options } from "../options";
import { Dirs } from "../platform/folders/dirs";
import { enterScope, isInScope, joinLeaf } from "./groups";
import { makeSocketFolder, socketVariable } from "./socket";
import { connectNetwork, uplinkVariable } from "./uplink";

/** File of the state folder that the holder has locked; it tells its pid. */
export const holderFile = (dir: string): string => path.join(dir, "namespaces.pid");

/**
 * Starts this program anew, with the same process id, as root of the user's namespaces. Does not return.
 * @throws ApiError UNAVAILABLE that says what the user lacks
 */
export function enterNamespaces(options: Options, args: readonly string[]): never {
  const { dir, group, log } = options;
  try {
    const lack = whatUserLacks(currentUser());
    if (lack !== undefined) throw new Error(lack);
    if (group !== undefined) throw new Error("only root can give the socket to a group. Leave out --group");
    // Of the user, who starts daemons in it, and may remove it.
    if (mkdirSync(dir, { recursive: true, mode: 0o711 }) !== undefined) chmodSync(dir, 0o711);
    // What was said by paths means the same from another folder; the last of two options counts.
    const own = ["--dir", dir, ...(log.path === undefined ? [] : ["--logfile", path.resolve(log.path)])];
    const program = [process.execPath, ...process.execArgv, process.argv[1] ?? ""];
    enterScope([...program, ...args, ...own], process.env);
    const hasGroups = isInScope(process.env);
    const holder = holdNamespaces(holderFile(dir), hasGroups);
    if (hasGroups) joinLeaf(holder);
    const uplink = connectNetwork(dir, holder);
    const socketFolder = makeSocketFolder(dir, process.env);
    const [nsenter, ...words] = entering(holder, "but network");
    const inside = [cellProgram, "enter", String(holder), new Dirs(dir).outerSpawner, "--"];
    process.execve?.(nsenter, [nsenter, ...words, ...inside, ...program, ...args, ...own], {
      ...process.env,
      PATH: wholePath(),
      ...(socketFolder === undefined ? {} : { [socketVariable]: socketFolder }),
      ...(uplink === undefined ? {} : { [uplinkVariable]: uplink }),
    });
    throw new Error("this Node has no execve. Use Node 24 or newer");
  } catch (error) {
    throw unavailable(`Cannot start the daemon: ${(error as Error).message}. See "bothy doctor".`, { cause: error });
  }
}
