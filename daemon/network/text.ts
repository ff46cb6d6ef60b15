/** Small files of a network, which may be missing. */
import { readFile } from "node:fs/promises";

/** @returns the text, or nothing when there is no such file */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
