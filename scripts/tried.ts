/** Tried: the commit of which something is shown, as it was when the trial began: what is noted of a trial changes the tree. */
import { execFileSync } from "node:child_process";

/** By which the processes of a trial know it. */
export const triedVariable = "BOTHY_TRIED_COMMIT";

/** @returns the commit that is checked out in the folder at the first call, with a "+" behind it when the tree has changes; later calls, and those of processes that this one starts, say the same */
export function triedCommit(folder: string): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" }).trim();
  process.env[triedVariable] ??=
    git("rev-parse", "--short=10", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  return process.env[triedVariable];
}
