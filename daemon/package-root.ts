/** Package root: where this package is installed, with its native parts and its version. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

function find(from: string): string {
  if (existsSync(path.join(from, "package.json"))) return from;
  return find(path.dirname(from));
}

/** Folder that holds package.json. */
export const packageRoot = find(__dirname);

export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(packageRoot, "package.json"), "utf8"));
  return String((manifest as { version?: unknown }).version);
}

export const cellExecutable = path.join(packageRoot, "native", "build", "bothy-cell");
export const seccompDir = path.join(packageRoot, "native", "build", "seccomp");
