/** Rename across: the same as rename(2), also where the other folder lies in another file system. */
import { copyFile, rename, rm } from "node:fs/promises";
import { errnoOf, syncToDisk } from "./files";

/** Whoever reads sees the file whole or not at all. @param to replaced when it is there */
export async function renameAcross(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoOf(error) !== "EXDEV") throw error;
    await copyWhole(from, to);
    await rm(from);
  }
}

/** Copies a file under a name of its own, and gives it the right one when all of it is on disk. */
export async function copyWhole(from: string, to: string): Promise<void> {
  const coming = `${to}.coming`;
  try {
    await copyFile(from, coming);
    await syncToDisk(coming);
    await rename(coming, to);
  } catch (error) {
    await rm(coming, { force: true });
    throw error;
  }
}
