/** Package: where this package is installed, and the parts of it that are not JavaScript. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

function find(from: string): string {
  if (existsSync(path.join(from, "package.json"))) return from;
  return find(path.dirname(from));
}

/** Folder that holds package.json: the nearest one above this file. */
export const packageRoot = find(__dirname);

/** The version that package.json names. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(packageRoot, "package.json"), "utf8"));
  return String((manifest as { version?: unknown }).version);
}

export const bothyProgram = path.join(packageRoot, "bin", "bothy");
export const bothydProgram = path.join(packageRoot, "bin", "bothyd");
export const cellProgram = path.join(packageRoot, "native", "build", "bothy-cell");
/** Folder of the seccomp programs that the build made. */
export const seccompDir = path.join(packageRoot, "native", "build", "seccomp");
/** Folder of the shipped image templates. */
export const templatesDir = path.join(packageRoot, "templates");
