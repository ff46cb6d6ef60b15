/** Folder: where this user's settings lie: the client certificate and the remotes. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { ApiError } from "../api/errors";

/** BOTHY_CONFIG, else bothy in XDG_CONFIG_HOME, else ~/.config/bothy. */
export function configFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.BOTHY_CONFIG) return path.resolve(env.BOTHY_CONFIG);
  // A relative one is to be ignored (XDG Base Directory Specification).
  const base = env.XDG_CONFIG_HOME && path.isAbsolute(env.XDG_CONFIG_HOME) ? env.XDG_CONFIG_HOME : undefined;
  return path.join(base ?? path.join(env.HOME || homedir(), ".config"), "bothy");
}

/** Reads a file of the folder; nothing when it is not there. @throws ApiError that names the file */
export function readSetting(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new ApiError("BAD_REQUEST", `Cannot read "${file}": ${(error as Error).message}. Mend or remove it.`, {
      cause: error,
    });
  }
}

/** Puts a whole file in the place of another. @throws ApiError that names the file */
export const replaceSetting = (file: string, text: string, mode: number): void =>
  written(file, text, mode, (made) => renameSync(made, file));

/** Makes a file unless it is there: whoever comes second reads what the first one made. @throws ApiError that names the file */
export const makeSetting = (file: string, text: string, mode: number): void =>
  written(file, text, mode, (made) => {
    try {
      linkSync(made, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  });

function written(file: string, text: string, mode: number, place: (made: string) => void): void {
  const made = `${file}.${process.pid}-${Date.now()}.new`;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    try {
      writeFileSync(made, text, { mode, flag: "wx" });
      place(made);
    } finally {
      rmSync(made, { force: true });
    }
  } catch (error) {
    throw new ApiError(
      "BAD_REQUEST",
      `Cannot write "${file}": ${(error as Error).message}. Name a folder that you may write to with BOTHY_CONFIG.`,
      { cause: error },
    );
  }
}
