/** Checkout: what git says of the tree that a release is made from, and a copy of it without anything that is not the tree. */
import { copyFileSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import path from "node:path";
import { execute } from "../vm/execute";
import { repository } from "./setup";

const git = (...args: string[]): Promise<string> => execute("git", args, { cwd: repository });

/** The commit that is checked out, and whether the tree is another one than its. */
export async function checkedOut(): Promise<{ readonly commit: string; readonly isDirty: boolean }> {
  const commit = (await git("rev-parse", "--short=12", "HEAD")).trim();
  return { commit, isDirty: (await git("status", "--porcelain")) !== "" };
}

export const hasTag = async (tag: string): Promise<boolean> => (await git("tag", "--list", tag)) !== "";

/**
 * Copies the tree into an empty folder, with the packages of this checkout linked. Nothing of an earlier build is in it: neither
 * the output of sources that are gone nor objects of other flags.
 */
export async function copyTree(folder: string): Promise<void> {
  const names = (await git("ls-files", "-z", "--cached", "--others", "--exclude-standard")).split("\0");
  for (const name of new Set(names)) {
    const [from, to] = [path.join(repository, name), path.join(folder, name)];
    const entry = lstatSync(from, { throwIfNoEntry: false });
    if (name === "" || entry === undefined) continue;
    mkdirSync(path.dirname(to), { recursive: true });
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else copyFileSync(from, to);
  }
  symlinkSync(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
}
