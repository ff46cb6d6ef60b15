/** Namespaces of an ordinary user, in which that user's daemon is root (docs/rootless.md): made or found again, and entered. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cellProgram } from "./package";
import { findProgram } from "./program";
import { currentUser, type MapLine, userMap, whatUserLacks } from "./subordinate-ids";

/** Where Debian keeps nft, dnsmasq and others, which are not on an ordinary user's PATH. */
const adminFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Folders of programs for this user, with those that only root's PATH has. */
export const wholePath = (env: NodeJS.ProcessEnv = process.env): string =>
  [...new Set([...(env.PATH ?? "").split(":"), ...adminFolders])].filter(Boolean).join(":");

/** Words of bothy-cell about what it has done. */
interface Answer {
  readonly held?: unknown;
  readonly error?: { readonly message?: string; readonly errno?: string };
}

const inOneWord = (lines: readonly MapLine[]): string => lines.flat().join(" ");

/**
 * Has a process hold the namespaces of a file, unless one does already.
 * @param file locked by the holder for as long as it lives; it tells its pid
 * @param hasGroups whether the control group that this process is in is the user's own, to be divided
 * @returns the holder's pid @throws Error that says what the user lacks
 */
export function holdNamespaces(file: string, hasGroups = false): number {
  const user = currentUser();
  const map = userMap(user);
  const lack = whatUserLacks(user);
  if (map === undefined || lack !== undefined) throw new Error(lack);
  const words = ["hold", file, inOneWord(map.uids), inOneWord(map.gids), ...(hasGroups ? ["groups"] : [])];
  const { stdout, stderr, error } = spawnSync(cellProgram, words, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: wholePath() },
  });
  if (error !== undefined) throw new Error(`${cellProgram} cannot be run: ${error.message}`);
  const answer = JSON.parse(stdout || "{}") as Answer;
  if (typeof answer.held === "number") return answer.held;
  const said = [answer.error?.message, answer.error?.errno, stderr.trim()].filter(Boolean).join(": ");
  throw new Error(`it needs a user namespace with the ids of /etc/subuid and /etc/subgid. ${said}`);
}

/**
 * The words that begin a command as root of the namespaces.
 * @param all the network as well, or the host's @throws Error where the program that enters them is missing
 */
export function entering(holder: number, all: "all" | "but network" = "all"): [program: string, ...words: string[]] {
  const nsenter = findProgram("nsenter");
  if (nsenter === undefined) throw new Error("the program nsenter is not installed (package util-linux)");
  const spaces = ["--user", "--mount", "--ipc", "--cgroup", ...(all === "all" ? ["--net"] : [])];
  return [nsenter, "--target", String(holder), ...spaces, "--setgid", "0", "--setuid", "0", "--"];
}

/**
 * Runs a command to its end as root of namespaces that are made for it and go with it.
 * @param stdio "inherit" for one that talks with the user @throws Error that says what the user lacks
 */
export function runInNamespaces(command: readonly string[], stdio: "inherit" | "pipe"): SpawnSyncReturns<string> {
  const place = mkdtempSync(path.join(tmpdir(), "bothy-namespaces-"));
  try {
    const holder = holdNamespaces(path.join(place, "namespaces.pid"));
    const [program, ...words] = entering(holder);
    const env = { ...process.env, PATH: wholePath() };
    const result = spawnSync(program, [...words, ...command], { encoding: "utf8", stdio, env });
    spawnSync(program, [...words, "kill", String(holder)]);
    return result;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Removes a folder in which a daemon of this user's has left files of its containers' ids, which are not the user's own. @throws Error */
export function removeUserTree(folder: string): void {
  const { status, stderr } = runInNamespaces([cellProgram, "remove", folder], "pipe");
  if (status !== 0) throw new Error(`Cannot remove "${folder}": ${stderr.trim()}`);
}
