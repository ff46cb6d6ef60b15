/** Package: where this package is installed, and the parts of it that are not JavaScript. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { architectureOf } from "./architecture";

function find(from: string): string {
  if (existsSync(path.join(from, "package.json"))) return from;
  return find(path.dirname(from));
}

/** Folder that holds package.json: the nearest one above this file. */
export const packageRoot = find(__dirname);

interface Manifest {
  readonly version?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifest = (): Manifest => JSON.parse(readFileSync(path.join(packageRoot, "package.json"), "utf8")) as Manifest;

let version: string | undefined;

/** The version that package.json named when it was first asked for: that of the code that runs. */
export function packageVersion(): string {
  version ??= String(manifest().version);
  return version;
}

/** Versions of the packages that this one was built and tested with, by name. */
export function testedVersions(): Readonly<Record<string, string>> {
  const { dependencies, devDependencies } = manifest();
  return { ...devDependencies, ...dependencies };
}

/** How a program's package.json names this package: by version, or by folder where it runs from a checkout. */
export const packageReference = (): string =>
  packageRoot.split(path.sep).includes("node_modules") ? packageVersion() : `file:${packageRoot}`;

/** Folder of an npm package that is installed for this one, or undefined: a bundle holds the code of those that it needs. */
export function packageFolder(name: string): string | undefined {
  try {
    return path.dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

export const bothyProgram = path.join(packageRoot, "bin", "bothy");
export const bothydProgram = path.join(packageRoot, "bin", "bothyd");

/**
 * Where bothy-cell and its seccomp programs lie for a machine. A release holds those of some architectures, a build those of its own.
 * @param node Node's name of the architecture, as in process.arch
 */
export function nativeFiles(node: string): { readonly cellProgram: string; readonly seccompDir: string } {
  const folder = path.join(packageRoot, "native", "build", architectureOf(node));
  return { cellProgram: path.join(folder, "bothy-cell"), seccompDir: path.join(folder, "seccomp") };
}

export const { cellProgram, seccompDir } = nativeFiles(process.arch);
/** Folder of the shipped image templates. */
export const templatesDir = path.join(packageRoot, "templates");
